"""revoke-local: remove tokens from this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from keyswitch.cli.command import (
    YES,
    Session,
    at_most_one,
    command,
    flag,
    rehearsed,
)
from keyswitch.cli.session import attributes
from keyswitch.cli.style import DIM, ERROR, NAME, WARNING, Cell, Styled
from keyswitch.errors import ExitCode
from keyswitch.switching.revoking import revoke
from keyswitch.switching.revoking.kept_tokens import FoundToken
from keyswitch.targets.values import MAIN


@command(
    "keyswitch revoke-local --dry-run     show stale tokens",
    "keyswitch revoke-local               remove stale tokens, after asking",
    "keyswitch revoke-local work --yes    every trace of one profile",
    "keyswitch revoke-local --all         everything on this machine",
    name="revoke-local",
    dry_run=True,
)
@click.argument("name", required=False, default="")
@flag("--all", "all_", help="Every token on this machine.")
@flag("--claude-code", help="Tokens in Claude Code's files.")
@flag("--stale", help="Expired, empty and orphaned tokens (the default).")
@YES
def revoke_local(  # noqa: PLR0913
    session: Session,
    name: str,
    *,
    all_: bool,
    claude_code: bool,
    stale: bool,
    yes: bool,
) -> int | None:
    """Remove tokens from this machine.

    It does not contact the service: a copy of a removed token still works until
    you revoke it on the page that is printed at the end.
    """
    options = {"--all": all_, "--claude-code": claude_code, "--stale": stale}
    at_most_one({"NAME": name, **options})
    scope = MAIN if claude_code else revoke.STALE
    scope = revoke.ALL if all_ else scope
    workspace = session.workspace()
    if name:
        workspace.load(name)
    found = revoke.look(workspace, scope, name)
    ends_here = not found or rehearsed(
        session, lambda: revoke.remove(workspace, scope, name, found)
    )
    if ends_here or not session.json:
        row = _row_of_person if session.for_person else _row
        headers = ("WHAT", "WHOSE", "ACTION", "WHERE")
        session.show({"found": _documents(found)}, map(row, found), headers)
    if not found:
        session.say("nothing to remove")
    if ends_here:
        return None
    session.confirm(f"remove these {len(found)} from this machine?", yes=yes)
    return _carry_out(session, scope, name, found)


def _row(found: FoundToken) -> tuple[Cell, ...]:
    return (
        found.source,
        found.masked or "-",
        found.profile or "-",
        found.stale or ("edit by hand" if found.by_hand else "-"),
    )


def _row_of_person(found: FoundToken) -> tuple[Cell, ...]:
    """Return the same with the longest last, where it is not cut."""
    action = Styled("remove", ERROR)
    if found.by_hand:
        action = Styled("edit by hand", WARNING)
    whose = Styled(found.profile or "-", NAME if found.profile else DIM)
    why = f" ({found.stale})" if found.stale else ""
    return found.masked or "-", whose, action, f"{found.source}{why}"


def _carry_out(
    session: Session, scope: str, name: str, seen: list[FoundToken]
) -> int:
    """Remove, look again, and say where to revoke at the service."""
    workspace = session.workspace()
    found = revoke.remove(workspace, scope, name, seen)
    removed = [f for f in found if not f.by_hand]
    left = revoke.look(workspace, scope, name)
    # Once its last record is gone, nobody knows whose secret it was.
    known = {f.source for f in left}
    left += [f for f in found if f.by_hand and f.source not in known]
    pages = revoke.pages(workspace, removed)
    if session.json:
        session.document(
            {
                "removed": _documents(removed),
                "left": _documents(left),
                "revoke_at": pages,
            }
        )
    session.say(f"removed {len(removed)}; checked again: {len(left)} left")
    for entry in left:
        how = " (edit it by hand)" if entry.by_hand else ""
        session.warn(f"still there: {entry.source}{how}")
    session.say(*(f"now revoke it at the service: {page}" for page in pages))
    return ExitCode.NOT_IN_EFFECT if left else ExitCode.OK


def _documents(found: Sequence[FoundToken]) -> list[dict[str, Any]]:
    shown, or_null = ("source", "masked", "by_hand"), ("profile", "stale")
    return [attributes(f, *shown, or_null=or_null) for f in found]
