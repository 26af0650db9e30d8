"""run: a profile for one command."""

from __future__ import annotations

import click

from keyswitch.changes.compiling import compiled_profile
from keyswitch.cli.command import HELP, Session, flag
from keyswitch.compiled import Compiled
from keyswitch.directories import guard
from keyswitch.disk.ownership import require_own_home
from keyswitch.errors import InputError


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog="\b\nExamples:\n  keyswitch run work -- claude\n"
    "  keyswitch run client -- aws sts get-caller-identity\n"
    "  keyswitch run ci --redact -- ./deploy.sh",
)
@click.argument("name")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
@flag("--redact", help="Mask the profile's secrets in the output.")
@HELP
@click.pass_obj
def run(
    session: Session, name: str, command: tuple[str, ...], *, redact: bool
) -> int:
    """Run one command with a profile.

    It changes no file and no other shell. The command gets the profile's
    variables, without any that would override them, and its exit status is
    passed on. Claude Code is also told to ignore credentials in files.

    With --redact, each of the profile's secrets in the output, even quoted or
    encoded, becomes [redacted: NAME.FIELD].
    """
    require_own_home()
    workspace = session.workspace()
    session.refuse_agents()
    compiled = compiled_profile(workspace, name)
    guard.require(compiled, workspace.environ)
    warn_of_lacking(session, compiled)
    from keyswitch.cli.secrets.agreements import agree_to_shell

    keep = agree_to_shell(session, compiled)
    if redact:
        from keyswitch.switching.redacting.redacted import execute
    else:
        from keyswitch.switching.running.run import execute
    return execute(workspace, compiled, list(command), keep_headers=keep)


def warn_of_lacking(session: Session, compiled: Compiled) -> None:
    """Say what a profile without secrets lacks, if it has to have any."""
    if compiled.refs:
        return
    workspace = session.workspace()
    profile, _ = workspace.load(compiled.name)
    try:
        workspace.provider_of(profile).check(profile, is_kept=True)
    except InputError as e:
        session.warn(f"{e.message}; {e.hint}")
