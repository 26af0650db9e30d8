"""uninstall --all: take keyswitch out of every file of another program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.cli.dry_run import rehearse
from keyswitch.errors import KeyswitchError
from keyswitch.switching.upkeep import removal

if TYPE_CHECKING:
    from keyswitch.cli.session import Session


def uninstall_all(session: Session, *, yes: bool) -> None:
    """Take everything back, and say what stays."""
    workspace = session.workspace()
    steps = removal.steps(workspace)
    stays = removal.what_stays(workspace)
    lines = [f"{step.place}: {step.what}" for step in steps]
    if session.dry_run:
        _rehearse(session, steps)
    elif steps:
        for line in lines:
            session.say(line)
        session.confirm("do it?", yes=yes)
        for line in removal.carry_out(steps):
            session.say(line)
    else:
        session.say("keyswitch is in no file of another program here")
    if session.json:
        changed = bool(steps) and not session.dry_run
        session.document({"changes": lines, "changed": changed, "stays": stays})
        return
    if session.dry_run:
        for line in lines or ["nothing to change"]:
            session.data(line)
    for line in stays:
        session.say(f"stays: {line}")
    if session.dry_run:
        return
    if steps:
        session.say("open terminals keep the hook until they end")
    session.say(
        "now remove the program, as you installed it: pipx uninstall "
        "keyswitch, for one"
    )


def _rehearse(session: Session, steps: list[removal.Step]) -> None:
    """Say of which places a dry run finds that they would stay as they are."""
    for step in steps:
        try:
            rehearse(session, step.carry_out)
        except KeyswitchError as e:
            session.warn(f"{step.place} would stay: {e.message}")
