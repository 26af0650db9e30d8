"""The note of a login's keychain items that are not in place yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from keyswitch.errors import DamagedFileError
from keyswitch.profiles import own_json

if TYPE_CHECKING:
    from keyswitch.profiles.paths import Paths


class Wanted(NamedTuple):
    """One item of a note; hashes are None where there is no item."""

    service: str
    old: str | None
    new: str | None


def note_file(paths: Paths) -> str:
    """Return the file that says which items are not in place yet."""
    return paths.state + "/login-items.json"


_LOST = "an interrupted change of a login is not finished: make it again"


def decoded(path: str, data: bytes | None) -> list[dict[str, Any]]:
    """Return the folders' changes of a note."""
    if data is None:
        return []
    note = own_json.document(path, data, _LOST, unmarked=True)
    changes = note.get("changes", [note])  # a note of 0.1.0 is one change
    if not isinstance(changes, list) or not all(map(_is_sound, changes)):
        raise DamagedFileError(path, _LOST)
    return changes


def _is_sound(change: Any) -> bool:
    """Tell whether every value of a change is of its type."""
    if not isinstance(change, dict):
        return False
    items, tokens = change.get("items"), change.get("tokens")
    if not isinstance(items, list) or not isinstance(tokens, list):
        return False
    words = [change.get("folder"), *tokens]
    for item in items:
        if not isinstance(item, dict) or set(item) != set(Wanted._fields):
            return False
        words.append(item["service"])
        words += [item[k] for k in ("old", "new") if item[k] is not None]
    return all(isinstance(word, str) for word in words)
