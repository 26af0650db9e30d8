"""hook SHELL: the script that makes every prompt follow a switch."""

from __future__ import annotations

import click

from keyswitch.cli.command import Session, command
from keyswitch.express import write_out
from keyswitch.profiles.paths import resolve
from keyswitch.shells.hook_scripts import hook_script


@command(
    'eval "$(keyswitch hook bash)"     at the end of ~/.bashrc',
    'eval "$(keyswitch hook zsh)"      at the end of ~/.zshrc',
    "keyswitch hook fish | source",
    note="'keyswitch install' puts that there for you.",
)
@click.argument("shell")
def hook(session: Session, shell: str) -> None:
    """Print what makes every prompt follow.

    A terminal then changes at its next prompt when a profile is switched
    elsewhere, and when you enter a directory that asks for one. Where nothing
    changed, no process is started.
    """
    write_out(hook_script(shell, resolve(session.environ).state_file))
