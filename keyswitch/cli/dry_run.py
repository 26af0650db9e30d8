"""`--dry-run`: plan and check a command, print the plan, change nothing."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli.session import Session
from keyswitch.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable


def dry_run_option(function: Callable[..., int]) -> Callable[..., Any]:
    """Give a command `--dry-run`.

    It runs up to its commit with the same checks. What that would write is
    printed then, and nothing after it happens.
    """

    @functools.wraps(function)
    def run(session: Session, /, *args: Any, **options: Any) -> int:
        from keyswitch.changes.change import DryRun

        try:
            code = function(session, *args, **options)
        except DryRun as plan:
            from keyswitch.switching.activation.preview import describe

            for note in plan.messages:
                session.output.say(note)
            return _show(session, describe(session.workspace(), plan.draft))
        if session.dry_run and code == ExitCode.OK and not session.plan_shown:
            return _show(session, [])
        return code

    return click.option(
        "--dry-run",
        is_flag=True,
        expose_value=False,
        callback=_set,
        help="Show what would be changed.",
    )(run)


def _set(ctx: click.Context, _: click.Parameter, value: Any) -> None:
    session = ctx.find_object(Session)
    if value and session is not None:
        session.dry_run = True


def rehearse(session: Session, change: Callable[[], object]) -> None:
    """Check a change as far as its commit, for a command that shows its own.

    What the change itself would refuse, this refuses.
    """
    from keyswitch.changes.change import DryRun

    session.workspace().dry_run = True
    with contextlib.suppress(DryRun):
        change()


def _show(session: Session, lines: list[str]) -> int:
    session.plan_shown = True
    if session.output.json:
        session.output.document({"changes": lines})
    else:
        for line in lines or ["nothing to change"]:
            session.output.data(line)
    return ExitCode.OK
