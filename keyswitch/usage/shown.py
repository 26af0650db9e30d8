"""An account's windows in words, for programs, and against each other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from keyswitch.model import Frozen, Profile
from keyswitch.profiles.paths import Paths
from keyswitch.usage import records
from keyswitch.usage.limits import NAMES, UsageWindow
from keyswitch.usage.records import Usage

_UNITS = (("d", 86_400), ("h", 3600), ("min", 60))  # in seconds
_WEEK = 6  # days in which a weekday's name is clear


def of_profile(paths: Paths, profile: Profile) -> Usage | None:
    """Return what was seen of a profile's account."""
    return records.read(paths, records.account_of(profile))


def short(windows: dict[str, UsageWindow], now: datetime) -> str:
    """Return the windows on a line that has little room."""
    parts = [
        f"{NAMES[name]} {_percent(windows[name], now)}"
        for name in NAMES
        if name in windows
    ]
    return "  ".join(parts)


def in_words(usage: Usage | None, now: datetime) -> str:
    """Return the windows with their ends and the age of the values."""
    if usage is None or not usage.windows:
        return ""
    parts = []
    for name in NAMES:
        window = usage.windows.get(name)
        if window is not None:
            is_open = window.resets_at and not window.is_over(now.timestamp())
            end = f" until {_until(window, now)}" if is_open else ""
            parts.append(f"{NAMES[name]} {_percent(window, now)}{end}")
    return f"{', '.join(parts)}; {age(usage, now)}"


def words_of(paths: Paths, profile: Profile, now: datetime) -> str:
    """Return the same for a profile; "" where nothing is known."""
    return in_words(of_profile(paths, profile), now)


def entry(paths: Paths, profile: Profile, now: datetime) -> dict[str, Any]:
    """Return what `--json` shows of a profile beside its file's entries."""
    shown = document(of_profile(paths, profile), now)
    return {"usage": shown} if shown else {}


def age(usage: Usage, now: datetime) -> str:
    """Return how long ago the values were seen."""
    seconds = int(now.timestamp()) - usage.at
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


def document(usage: Usage | None, now: datetime) -> dict[str, Any] | None:
    """Return the same for `--json`; null as the use of a window that ended."""
    if usage is None:
        return None
    shown: dict[str, Any] = {"seen_at": _iso(usage.at, now)}
    for name, window in sorted(usage.windows.items()):
        if name in NAMES:
            over = window.is_over(now.timestamp())
            shown[name] = {
                "used_percentage": None if over else window.used,
                "resets_at": _iso(window.resets_at, now),
                "has_reset": over,
            }
    return shown


def _percent(window: UsageWindow, now: datetime) -> str:
    if window.is_over(now.timestamp()):
        return "free"
    return f"{window.used:.0f} %"


def _until(window: UsageWindow, now: datetime) -> str:
    end = datetime.fromtimestamp(window.resets_at, now.tzinfo)
    days = (end.date() - now.date()).days
    if days == 0:
        return end.strftime("%H:%M")
    return end.strftime("%a" if days <= _WEEK else "%Y-%m-%d")


def _iso(seconds: int, now: datetime) -> str | None:
    if not 0 < seconds < 253_370_764_800:
        return None
    return datetime.fromtimestamp(seconds, now.tzinfo).isoformat()


class Left(Frozen):
    """What a profile has left of its tightest window; None: not known."""

    profile: str
    percent: float | None
    usage: Usage | None


def left_of(paths: Paths, profile: Profile, now: datetime) -> Left:
    """Return what is left of a profile's tightest window.

    A window that has ended is free. Where one of the two was never seen,
    nothing is known.
    """
    usage = of_profile(paths, profile)
    windows = usage.windows if usage else {}
    if not all(name in windows for name in NAMES):
        return Left(profile.name, None, usage)
    at = now.timestamp()
    used = [
        0.0 if windows[name].is_over(at) else windows[name].used
        for name in NAMES
    ]
    return Left(profile.name, max(0.0, 100 - max(used)), usage)


def ranked(found: list[Left]) -> list[Left]:
    """Return them with the one that has most left first, unknown ones last.

    Of equal ones the value that was seen last is the surer one.
    """

    def rank(one: Left) -> tuple[bool, float, int, str]:
        seen = one.usage.at if one.usage else 0
        return one.percent is None, -(one.percent or 0), -seen, one.profile

    return sorted(found, key=rank)
