"""undo and history: what was changed, and taking it back."""

from __future__ import annotations

import click

from keyswitch.cli.dry_run import dry_run_option
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode


@click.command(epilog="\b\nExample:\n  keyswitch undo")
@global_options
@click.pass_obj
@dry_run_option
def undo(session: Session) -> int:
    """Take back the last change."""
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.switching.upkeep.undo import undo_last

    refuse_agents(session.workspace())  # a former address may come back
    done = undo_last(session.workspace())
    session.output.say(
        f"took back '{' '.join(p for p in (done.command, done.profile) if p)}'"
    )
    return ExitCode.OK


@click.command(epilog="\b\nExample:\n  keyswitch history --json")
@click.option("-n", "--number", default=20, show_default=True, metavar="N")
@global_options
@click.pass_obj
def history(session: Session, number: int) -> int:
    """List what was changed when."""
    from keyswitch.changes import history as log
    from keyswitch.disk.atomic import read_regular

    workspace = session.workspace()
    entries = log.parse(read_regular(workspace.paths.history_file, 1 << 24))
    entries = entries[-number:] if number > 0 else []
    if session.output.json:
        session.output.document(
            {
                "entries": [
                    {
                        "at": e.at,
                        "command": e.command,
                        "profile": e.profile or None,
                        "fingerprint": e.fingerprint or None,
                    }
                    for e in entries
                ]
            }
        )
    else:
        session.output.table(
            (e.at, e.command, e.profile, e.fingerprint) for e in entries
        )
    return ExitCode.OK
