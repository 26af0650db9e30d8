"""Moments as a person reads them: local time, and how long ago."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

_UNITS = (
    ("year", 365 * 86_400), ("month", 30 * 86_400), ("day", 86_400),
    ("hour", 3600), ("minute", 60),
)  # fmt: skip


class _Here(tzinfo):
    """This machine's zone, where summer has another offset than winter."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """Return the offset of a moment that is in this zone."""
        if moment is None:
            return None
        return moment.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, _: datetime | None) -> None:
        """Return None: the offset has it already."""

    def tzname(self, _: datetime | None) -> str:
        """Return what the zone is called."""
        return "here"

    def fromutc(self, moment: datetime) -> datetime:
        """Return a moment, given in UTC, in this zone."""
        local = moment.replace(tzinfo=UTC).astimezone()
        naive = local.replace(tzinfo=None)
        # An hour that comes twice is the second one where the first is not it.
        fold = int(naive.astimezone().utcoffset() != local.utcoffset())
        return naive.replace(tzinfo=self, fold=fold)


def now() -> datetime:
    """Return the time by the person's own calendar."""
    return datetime.now(_Here())


def local(moment: datetime, at: datetime) -> str:
    """Return a moment in local time with its age."""
    here = moment.astimezone(at.tzinfo)
    return f"{here:%Y-%m-%d %H:%M}, {ago(moment, at)}"


def when(text: str, at: datetime) -> str:
    """Return a file's moment as `local` does; what is none, as it stands."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return local(moment, at)
    except (ValueError, OverflowError):
        return text


def ago(moment: datetime, at: datetime) -> str:
    """Return how long ago a moment was, or in how long it will be."""
    seconds = (at - moment).total_seconds()
    span = _span(abs(int(seconds)))
    if not span:
        return "just now"
    return f"{span} ago" if seconds > 0 else f"in {span}"


def day(moment: date, at: datetime) -> str:
    """Return a day with how far it is from today."""
    days = (moment - at.date()).days
    if days in _NEAR:
        return f"{moment.isoformat()}, {_NEAR[days]}"
    span = _span(abs(days) * 86_400)
    return f"{moment.isoformat()}, " + (
        f"in {span}" if days > 0 else f"{span} ago"
    )


_NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}


_SHORT = {"d": "day", "h": "hour", "min": "minute"}


def in_full(text: str) -> str:
    """Return a text whose times have their units as words: "5 days"."""
    text = re.sub(r"\bin 0 d\b", "today", text)

    def word(found: re.Match[str]) -> str:
        return f"{found[1]} {_SHORT[found[2]]}" + "s" * (found[1] != "1")

    return re.sub(r"\b(\d+) (d|h|min)\b", word, text)


def _span(seconds: int) -> str:
    for unit, size in _UNITS:
        count = seconds // size
        if count:
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return ""
