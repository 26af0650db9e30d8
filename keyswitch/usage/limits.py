"""The windows of an account's limits, from what services and programs say.

Observed: Claude Code 2.1.330 hands its status line `rate_limits` with percent
of each window, once a login's request was answered. It has them from the
`anthropic-ratelimit-unified-…` headers, which hold fractions. Those of Codex,
`x-codex-primary-…` and `x-codex-secondary-…`, are names in the program of
0.171.0: no answer with them was seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from keyswitch.model import Frozen

FIVE_HOURS, SEVEN_DAYS = "five_hour", "seven_day"
NAMES = {FIVE_HOURS: "5h", SEVEN_DAYS: "7d"}
_MINUTES = {"300": FIVE_HOURS, "10080": SEVEN_DAYS}
_UNIFIED = "anthropic-ratelimit-unified-"
_LAST = 253_370_764_800  # seconds at the beginning of the year 9999
_MOST = 1000.0  # percent; what is more is no use of a limit


class UsageWindow(Frozen):
    """One limit: percent used, and the second of 1970 when that ends."""

    used: float
    resets_at: int = 0  # 0: not known

    @property
    def is_sound(self) -> bool:
        """Tell whether a calendar has its end, and a limit such a use."""
        return 0 <= self.used <= _MOST and 0 <= self.resets_at < _LAST

    def is_over(self, now: float) -> bool:
        """Tell whether the window has ended, and what was used with it."""
        return 0 < self.resets_at <= now


def windows_of_status(document: Any) -> dict[str, UsageWindow]:
    """Return the windows that Claude Code hands its status line."""
    found = document.get("rate_limits") if isinstance(document, dict) else {}
    windows = {}
    for name in NAMES:
        given = found.get(name) if isinstance(found, dict) else None
        if isinstance(given, dict):
            used, reset = given.get("used_percentage"), given.get("resets_at")
            windows[name] = _window(used, reset)
    return _known(windows)


def windows_of_headers(headers: Mapping[str, str]) -> dict[str, UsageWindow]:
    """Return the windows that an answer's headers name."""
    given = {name.lower(): value for name, value in headers.items()}
    windows = {}
    for name, short in NAMES.items():
        used = _number(given.get(f"{_UNIFIED}{short}-utilization"))
        percent = None if used is None else used * 100
        windows[name] = _window(percent, given.get(f"{_UNIFIED}{short}-reset"))
    for place in ("primary", "secondary"):
        start = f"x-codex-{place}-"
        of = _MINUTES.get(given.get(f"{start}window-minutes", "").strip())
        if of is not None:
            used_now = given.get(f"{start}used-percent")
            windows[of] = _window(used_now, given.get(f"{start}reset-at"))
    return _known(windows)


def _known(
    windows: Mapping[str, UsageWindow | None],
) -> dict[str, UsageWindow]:
    return {name: one for name, one in windows.items() if one is not None}


def _window(used: object, resets_at: object) -> UsageWindow | None:
    percent, end = _number(used), _number(resets_at)
    if percent is None or not 0 <= percent <= _MOST:
        return None
    known = end is not None and 0 < end < _LAST
    return UsageWindow(round(percent, 2), int(end or 0) if known else 0)


def _number(given: object) -> float | None:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    try:
        number = float(given)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None
