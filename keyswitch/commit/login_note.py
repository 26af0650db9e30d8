"""The note of a login's keychain items that are not in place yet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from keyswitch.profiles import own_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.profiles.paths import Paths


class Wanted(NamedTuple):
    """One item of a note; hashes are None where there is no item."""

    service: str
    old: str | None
    new: str | None


class Change(NamedTuple):
    """The items of one configuration folder."""

    folder: str
    items: tuple[Wanted, ...]
    tokens: tuple[str, ...]  # fingerprints of the login that is put there


class _File(NamedTuple):
    changes: tuple[Change, ...]


def note_file(paths: Paths) -> str:
    """Return the file that says which items are not in place yet."""
    return paths.state + "/login-items.json"


_LOST = "an interrupted change of a login is not finished: make it again"


def decoded(path: str, data: bytes | None) -> tuple[Change, ...]:
    """Return the folders' changes of a note."""
    if data is None:
        return ()
    note = own_json.document(path, data, _LOST, unmarked=True)
    note.setdefault("changes", [note])  # a note of 0.1.0 is one change
    return own_json.record(_File, note, path, _LOST).changes


def encoded(changes: Sequence[Change]) -> bytes | None:
    """Return the note; None: every item is in place, and there is no file."""
    if not changes:
        return None
    entries = [
        {**c._asdict(), "items": [item._asdict() for item in c.items]}
        for c in changes
    ]
    note = {"version": own_json.VERSION, "changes": entries}
    return (json.dumps(note, indent=1) + "\n").encode()
