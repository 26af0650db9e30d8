"""use --suggest: the account that has most left; nothing is switched."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from keyswitch.cli.listings.moments import in_full, now
from keyswitch.cli.session import Session
from keyswitch.cli.style import NAME, Cell, Styled
from keyswitch.errors import NotFoundError
from keyswitch.profiles import profile_files, state
from keyswitch.usage import records, shown
from keyswitch.usage.shown import Left


def suggest(session: Session) -> None:
    """Say which account has most left of both windows, and how to switch."""
    workspace = session.workspace()
    paths, at = workspace.paths, now()
    profiles, _ = profile_files.load_all(paths)
    found = shown.ranked(
        [shown.left_of(paths, p, at) for p in profiles if records.account_of(p)]
    )
    if not found:
        raise NotFoundError(
            "no profile is a Claude subscription; only those have usage limits",
            "save a login as a profile: keyswitch login NAME --capture",
        )
    best = found[0] if found[0].percent is not None else None
    active = state.read(paths).active
    why = _why(best, at)
    command = None
    if best and best.profile != active:
        command = f"keyswitch use {best.profile}"
    document = {
        "suggested": best and best.profile,
        "active": active or None,
        "why": why,
        "command": command,
        "profiles": [_entry(one, at) for one in found],
    }
    headers = ("NAME", "LEFT", "LIMITS")
    units = in_full if session.for_person else str
    rows = [(*_row(one), units(shown.in_words(one.usage, at))) for one in found]
    session.show(document, rows, headers)
    if session.json:
        return
    session.say(why)
    if command:
        session.say(f"to switch: {command}")
    elif best:
        session.say(f"'{best.profile}' is already active")


def _why(best: Left | None, at: datetime) -> str:
    if best is None or best.usage is None:
        return (
            "no usage recorded for any account yet: run keyswitch install "
            "claude-statusline, then use Claude Code once with each"
        )
    seen = in_full(shown.age(best.usage, at))
    return (
        f"'{best.profile}' has the most left: {best.percent:.0f} % of its "
        f"tighter window, as of {seen}"
    )


def _entry(one: Left, at: datetime) -> dict[str, Any]:
    return {
        "name": one.profile,
        "left_percentage": one.percent,
        "usage": shown.document(one.usage, at),
    }


def _row(one: Left) -> tuple[Cell, Cell]:
    left = "unknown" if one.percent is None else f"{one.percent:.0f} % left"
    return Styled(one.profile, NAME), left
