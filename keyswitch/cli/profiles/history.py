"""undo and history: what was changed, and taking it back."""

from __future__ import annotations

from keyswitch.changes import history as log
from keyswitch.cli.command import Session, command, option
from keyswitch.cli.output import attributes
from keyswitch.disk.atomic import read_regular


@command("keyswitch undo", dry_run=True)
def undo(session: Session) -> None:
    """Take back the last change."""
    from keyswitch.switching.upkeep.undo import undo_last

    session.refuse_agents()  # a former address may come back
    done = undo_last(session.workspace())
    what = f"{done.command} {done.profile}".strip()
    session.say(f"took back '{what}'")


@command("keyswitch history --json")
@option("-n", "--number", default=20, show_default=True, metavar="N")
def history(session: Session, number: int) -> None:
    """List what was changed when."""
    path = session.workspace().paths.history_file
    entries = log.parse(read_regular(path, 1 << 24))
    entries = entries[-number:] if number > 0 else []
    shown = [
        attributes(e, "at", "command", or_null=("profile", "fingerprint"))
        for e in entries
    ]
    session.show({"entries": shown}, entries)
