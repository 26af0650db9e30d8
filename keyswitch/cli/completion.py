"""completion SHELL: a static script of shells/completions/.

Completing a word starts no Python: the scripts know the commands, and list the
profile folder themselves.
"""

from __future__ import annotations

from importlib import resources

import click

from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode

# What a person types -> the last part of the file's name.
SHELLS = {
    "bash": "bash",
    "fish": "fish",
    "pwsh": "ps1",
    "zsh": "zsh",
}


def script(shell: str) -> str:
    """Return the completion script for a shell."""
    folder = resources.files("keyswitch.shells") / "completions"
    return (folder / f"completion.{SHELLS[shell]}").read_text(encoding="utf-8")


@click.command(
    epilog='\b\nExamples:\n  eval "$(keyswitch completion bash)"\n'
    "  keyswitch completion fish > "
    "~/.config/fish/completions/keyswitch.fish\n"
    "'keyswitch hook' has it, too."
)
@click.argument("shell", type=click.Choice(tuple(SHELLS)))
@global_options
@click.pass_obj
def completion(session: Session, shell: str) -> int:
    """Print a completion script for a shell."""
    from keyswitch.express import write_out

    del session
    write_out(script(shell))
    return ExitCode.OK
