"""What a profile file tells: when its secret or login ends, whose it is.

Pure, and no secret store is asked. The file says how the login was when it
was last stored; Claude Code may have renewed it since.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from keyswitch.model import LOGIN_PROVIDER, Frozen, Profile

# Fields of a login that stand in its status, in words.
TOLD = ("token_expires", "refreshable")

_NOTHING_SHOWN = ("", "…")  # the hint of a login without token or key
# Milliseconds at the beginning of the year 9999, the last one that has a date.
_LAST = 253_370_764_800_000
_SOON = 14  # days before an expiry date that it is worth a word
_UNITS = (("d", 86_400), ("h", 3600), ("min", 60))  # in seconds


class LoginStatus(Frozen):
    """A login's state in words, and as what programs compare."""

    text: str
    expires_at: str | None = None  # ISO 8601
    refreshable: bool = False


def status_of(profile: Profile, now: datetime) -> LoginStatus | None:
    """Return the status of a profile's login; None: it is of another kind.

    `now` has a time zone, whose calendar the dates are of.
    """
    if profile.provider == "claude-token":
        return _of_setup_token(profile, now)
    if profile.provider != LOGIN_PROVIDER:
        return None
    ref = profile.secrets.get("login")
    if ref is None:
        return LoginStatus("no login stored")
    refreshable = profile.fields.get("refreshable") == "yes"
    end = end_of(profile.fields.get("token_expires", ""))
    if end is None:
        if not refreshable and ref.hint in _NOTHING_SHOWN:
            return LoginStatus("blanked")
        text = "refreshable" if refreshable else "expiry unknown"
        return LoginStatus(text, None, refreshable)
    return LoginStatus(
        _ends(end, now, refreshable=refreshable),
        end.isoformat(timespec="seconds"),
        refreshable,
    )


def end_of(field: str) -> datetime | None:
    """Return the moment that `token_expires` names; None: it names none."""
    if not (field.isascii() and field.isdigit() and len(field) <= 15):
        return None
    milliseconds = int(field)
    if not 0 < milliseconds <= _LAST:
        return None
    return datetime.fromtimestamp(milliseconds // 1000, UTC)


def who(profile: Profile) -> str:
    """Return whose login it is: e-mail and plan, as far as they are known."""
    if profile.provider != LOGIN_PROVIDER:
        return ""
    email, plan = (profile.fields.get(k, "") for k in ("email", "plan"))
    return f"{email} ({plan})" if email and plan else email or plan


def notes(profile: Profile, at: datetime) -> tuple[str, str]:
    """Return when a profile ends, if that is worth a word, and whose it is."""
    ends = _expiry(profile, at.date())
    login = status_of(profile, at)
    if login is None:
        return ends, profile.label
    return ends or login.text, profile.label or who(profile)


def _expiry(profile: Profile, today: date) -> str:
    if profile.expires is None:
        return ""
    days = (profile.expires - today).days
    if profile.expires_expected:
        return _about(profile.expires, today) if days <= _SOON else ""
    if days < 0:
        return f"expired {profile.expires.isoformat()}"
    return f"expires in {days} d" if days <= _SOON else ""


def _about(day: date, today: date) -> str:
    """Say when a secret ends as its kind does; nobody gave the day."""
    verb = "expired" if day < today else "expires"
    return f"{verb} about {day.isoformat()}, expected"


def _of_setup_token(profile: Profile, now: datetime) -> LoginStatus:
    """Tell by the day in its file: such a token is not renewed."""
    if not profile.secrets:
        return LoginStatus("no login stored")
    if profile.expires is None:
        return LoginStatus("expiry unknown")
    day = profile.expires.isoformat()
    if profile.expires_expected:
        return LoginStatus(_about(profile.expires, now.date()), day)
    if profile.expires < now.date():
        return LoginStatus("expired", day)
    return LoginStatus(f"valid until {day}", day)


def _ends(end: datetime, now: datetime, *, refreshable: bool) -> str:
    left = end - now
    if left.total_seconds() <= 0:
        text = "expired"
    elif left.days < 1 or refreshable:
        text = f"expires in {_span(left)}"
    else:
        text = f"valid until {end.astimezone(now.tzinfo).date().isoformat()}"
    return f"{text}, refreshable" if refreshable else text


def _span(left: timedelta) -> str:
    seconds = int(left.total_seconds())
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 1)} s"
