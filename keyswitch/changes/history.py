"""What was changed when: commands, names and fingerprints, never values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from keyswitch.model import Profile

MAX_LINES = 1000


class Entry(NamedTuple):
    """One line of the history."""

    at: str  # ISO 8601, UTC, seconds
    command: str
    profile: str
    fingerprint: str


def now() -> str:
    """Return the present time as the history writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def main_fingerprint(profile: Profile) -> str:
    """Return the fingerprint that the history shows for a profile."""
    return ",".join(ref.fingerprint for ref in profile.secrets.values())


def appended(
    before: bytes | None, command: str, profile: str, fingerprint: str
) -> bytes:
    """Return the history's bytes with one more line; old ones fall off."""
    lines = (before or b"").splitlines()[-(MAX_LINES - 1) :]
    line = json.dumps(
        {
            "at": now(),
            "command": command,
            "profile": profile,
            "fingerprint": fingerprint,
        }
    )
    return b"".join(part + b"\n" for part in [*lines, line.encode()])


def parse(data: bytes | None) -> list[Entry]:
    """Return the entries, oldest first; damaged lines are left out."""
    entries = []
    for line in (data or b"").splitlines():
        try:
            found = json.loads(line)
            entries.append(
                Entry(
                    *(
                        str(found[key])
                        for key in ("at", "command", "profile", "fingerprint")
                    )
                )
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return entries
