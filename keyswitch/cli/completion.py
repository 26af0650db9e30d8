"""completion SHELL: print a script of shells/completions/.

Completing a word starts no Python: the scripts know the commands, and list the
profile folder themselves.
"""

from __future__ import annotations

from importlib import resources

import click

from keyswitch.cli.command import Session, command
from keyswitch.express import write_out

# What a person types -> the last part of the file's name.
SHELLS = {"bash": "bash", "fish": "fish", "pwsh": "ps1", "zsh": "zsh"}


@command(
    'eval "$(keyswitch completion bash)"',
    "keyswitch completion fish > ~/.config/fish/completions/keyswitch.fish",
    note="'keyswitch hook' has it, too.",
)
@click.argument("shell", type=click.Choice(tuple(SHELLS)))
def completion(_: Session, shell: str) -> None:
    """Print a completion script for a shell."""
    folder = resources.files("keyswitch.shells") / "completions"
    script = folder / f"completion.{SHELLS[shell]}"
    write_out(script.read_text(encoding="utf-8"))
