"""revoke-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli.dry_run import rehearse
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.switching.revoking.stored import Found


def _document(found: Sequence[Found]) -> list[dict[str, Any]]:
    return [
        {
            "source": f.source,
            "masked": f.masked,
            "profile": f.profile or None,
            "stale": f.stale or None,
            "by_hand": f.by_hand,
        }
        for f in found
    ]


@click.command(
    "revoke-local",
    epilog="\b\nExamples:\n"
    "  keyswitch revoke-local --dry-run     stale tokens, only shown\n"
    "  keyswitch revoke-local               stale tokens, after a yes\n"
    "  keyswitch revoke-local work --yes    every trace of one profile\n"
    "  keyswitch revoke-local --all         everything on this machine",
)
@click.argument("name", required=False, default="")
@click.option("--all", "all_", is_flag=True, help="Every token there is.")
@click.option(
    "--claude-code", is_flag=True, help="What lies in Claude Code's files."
)
@click.option(
    "--stale",
    is_flag=True,
    help="Expired, blanked and orphaned ones (the default).",
)
@click.option("--dry-run", is_flag=True, help="Show, remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@global_options
@click.pass_obj
def revoke_local(  # noqa: PLR0913
    session: Session,
    name: str,
    *,
    all_: bool,
    claude_code: bool,
    stale: bool,
    dry_run: bool,
    yes: bool,
) -> int:
    """Remove tokens from this machine.

    The service is not asked: a removed token still works for whoever has a
    copy, until it is revoked on the page that is printed at the end.
    """
    from keyswitch.switching.revoking import revoke
    from keyswitch.targets.target import MAIN

    if sum((bool(name), all_, claude_code, stale)) > 1:
        raise UsageError(
            "NAME, --all, --claude-code and --stale exclude each other",
            "choose one",
        )
    scope = revoke.STALE
    if all_ or claude_code:
        scope = revoke.ALL if all_ else MAIN
    workspace = session.workspace()
    if name:
        workspace.load(name)
    found = revoke.look(workspace, scope, name)
    if dry_run:
        rehearse(session, lambda: revoke.remove(workspace, scope, name, found))
    if dry_run or not found:
        _show(session, found, "found")
        if not found:
            session.output.say("nothing to remove")
        return ExitCode.OK
    if not session.output.json:
        _show(session, found, "found")
    session.confirm(f"remove these {len(found)} from this machine?", yes=yes)
    return _carry_out(session, scope, name, found)


def _carry_out(
    session: Session, scope: str, name: str, seen: list[Found]
) -> int:
    """Remove, look again, and say where to revoke at the service."""
    from keyswitch.switching.revoking import revoke

    workspace = session.workspace()
    found = revoke.remove(workspace, scope, name, seen)
    removed = [f for f in found if not f.by_hand]
    left = revoke.look(workspace, scope, name)
    # Of a secret whose last record went nobody knows whose it is.
    known = {f.source for f in left}
    left += [f for f in found if f.by_hand and f.source not in known]
    pages = revoke.pages(workspace, removed)
    if session.output.json:
        session.output.document(
            {
                "removed": _document(removed),
                "left": _document(left),
                "revoke_at": pages,
            }
        )
    session.output.say(
        f"removed {len(removed)}; looked again: {len(left)} left"
    )
    for entry in left:
        how = " (edit it by hand)" if entry.by_hand else ""
        session.output.warn(f"still there: {entry.source}{how}")
    for page in pages:
        session.output.say(f"now revoke at the service: {page}")
    return ExitCode.NOT_IN_EFFECT if left else ExitCode.OK


def _note(found: Found) -> str:
    return "to edit by hand" if found.by_hand else "-"


def _show(session: Session, found: Sequence[Found], key: str) -> None:
    if session.output.json:
        session.output.document({key: _document(found)})
        return
    session.output.table(
        (f.source, f.masked or "-", f.profile or "-", f.stale or _note(f))
        for f in found
    )
