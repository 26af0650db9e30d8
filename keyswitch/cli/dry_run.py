"""`--dry-run`: plan and check a change, print the plan, change nothing."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.cli.session import Session


def plan_only(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """Let a dry run of a command end at its commit.

    Up to there it runs with the same checks; then the plan is printed.
    """

    @functools.wraps(function)
    def run(session: Session, /, *args: Any, **options: Any) -> int | None:
        from keyswitch.changes.change import DryRun

        try:
            status = function(session, *args, **options)
        except DryRun as plan:
            from keyswitch.switching.activation.preview import describe

            for note in plan.messages:
                session.say(note)
            _show(session, describe(session.workspace(), plan.draft))
            return None
        if session.dry_run and not status and not session.printed:
            _show(session, [])
        return status

    return run


def _show(session: Session, lines: list[str]) -> None:
    shown = lines or ["nothing to change"]
    session.show({"changes": lines}, [[line] for line in shown])


def rehearse(session: Session, change: Callable[[], object]) -> None:
    """Run a change as far as its commit, for a command that shows its own plan.

    Raises what the change would raise.
    """
    from keyswitch.changes.change import DryRun

    session.workspace().dry_run = True
    with contextlib.suppress(DryRun):
        change()
