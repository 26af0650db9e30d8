"""hook and completion: the scripts that a shell reads.

Completing a word starts no Python: the scripts know the commands, and list the
profile folder themselves.
"""

from __future__ import annotations

from importlib import resources

import click

from keyswitch.cli.command import Session, command
from keyswitch.express import write_out
from keyswitch.profiles.paths import resolve
from keyswitch.shells.hook_scripts import hook_script

# What a person types -> the last part of the completion file's name.
SHELLS = {"bash": "bash", "fish": "fish", "pwsh": "ps1", "zsh": "zsh"}


@command(
    'eval "$(keyswitch hook bash)"     at the end of ~/.bashrc',
    'eval "$(keyswitch hook zsh)"      at the end of ~/.zshrc',
    "keyswitch hook fish | source",
    note="'keyswitch install' puts that there for you.",
)
@click.argument("shell")
def hook(session: Session, shell: str) -> None:
    """Print a shell's prompt hook.

    With it a terminal follows a switch at its next prompt, and uses the
    profile of a linked directory. Where nothing changed, no process is
    started.
    """
    paths = resolve(session.environ)
    write_out(hook_script(shell, paths.state_file, paths.config_file))


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
