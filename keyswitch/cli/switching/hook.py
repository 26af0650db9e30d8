"""hook SHELL: the script that makes every prompt follow a switch."""

from __future__ import annotations

import click

from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode


@click.command(
    epilog="\b\nExamples, at the end of a shell's start file:\n"
    '  eval "$(keyswitch hook bash)"\n'
    '  eval "$(keyswitch hook zsh)"\n'
    "  keyswitch hook fish | source\n"
    "'keyswitch install' puts that there for you."
)
@click.argument("shell")
@global_options
@click.pass_obj
def hook(session: Session, shell: str) -> int:
    """Print what makes every prompt follow.

    A terminal then changes at its next prompt when a profile is switched
    elsewhere, and when you enter a directory that asks for one. Where nothing
    changed, no process is started.
    """
    from keyswitch.express import write_out
    from keyswitch.profiles.paths import resolve
    from keyswitch.shells.hook_scripts import hook_script

    paths = resolve(session.environ)
    write_out(hook_script(shell, paths.state_file, paths.config_file))
    return ExitCode.OK
