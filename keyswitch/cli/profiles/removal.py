"""uninstall --all: out of every file of another program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.cli.dry_run import rehearse
from keyswitch.errors import ExitCode, KeyswitchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.cli.session import Session
    from keyswitch.switching.upkeep.removal import Step


def uninstall_all(session: Session, *, dry_run: bool, yes: bool) -> int:
    """Take everything back, and say what stays."""
    from keyswitch.switching.upkeep import removal

    workspace, output = session.workspace(), session.output
    steps = removal.steps(workspace)
    lines = [f"{step.place}: {step.what}" for step in steps]
    stays = removal.what_stays(workspace)
    if dry_run:
        _check(session, steps)
    if dry_run and not output.json:
        for line in lines or ["nothing to change"]:
            output.data(line)
    elif steps and not dry_run:
        for line in lines:
            output.say(line)
        session.confirm("do it?", yes=yes)
        for line in removal.carry_out(steps):
            output.say(line)
    elif not dry_run:
        output.say("keyswitch is in no file of another program here")
    if output.json:
        output.document(
            {
                "changes": lines,
                "changed": bool(steps) and not dry_run,
                "stays": stays,
            }
        )
        return ExitCode.OK
    for line in stays:
        output.say(f"stays: {line}")
    if not dry_run:
        if steps:
            output.say("open terminals keep the hook until they end")
        output.say(
            "now remove the program, as you installed it: "
            "pipx uninstall keyswitch, for one"
        )
    return ExitCode.OK


def _check(session: Session, steps: Sequence[Step]) -> None:
    """Say of which places a dry run finds that they would stay as they are."""
    for step in steps:
        try:
            rehearse(session, step.carry_out)
        except KeyswitchError as e:
            session.output.warn(f"{step.place} would stay: {e.message}")
