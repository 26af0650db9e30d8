"""Items of the macOS keychain within a change: compared, put, and the note.

The files of a change are in place when its items follow; a note says which,
for the next command if this one is killed.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from keyswitch.commit.steps import overtaken
from keyswitch.errors import CleanupLeftError, KeyswitchError
from keyswitch.model import ITEM_PREFIX, FileChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.profiles.paths import Paths
    from keyswitch.targets.target import Keychain

BRIEF = 2.0  # seconds for one call while other programs' locks are held


def require_as_read(keychain: Keychain, items: Sequence[FileChange]) -> None:
    """Raise ChangedUnderneathError unless the items are what the plan saw."""
    for item in items:
        service = item.path.removeprefix(ITEM_PREFIX)
        if keychain.read(service, BRIEF) != item.before:
            raise overtaken(item.path)


def put(
    keychain: Keychain, items: Sequence[FileChange]
) -> CleanupLeftError | None:
    """Bring the items to their new state; return what kept them from it.

    The change itself is committed, and the note stays.
    """
    try:
        for item in items:
            service = item.path.removeprefix(ITEM_PREFIX)
            put_item(keychain, service, item.after)
    except KeyswitchError as e:
        return CleanupLeftError(
            f"the change is made, but the login is not in place: {e.message}",
            f"{e.hint}; the next keyswitch command finishes it",
        )
    return None


def put_item(keychain: Keychain, service: str, value: bytes | None) -> None:
    """Write one item, or delete it."""
    if value is None:
        keychain.delete(service, BRIEF)
    else:
        keychain.write(service, value, BRIEF)


def forget(paths: Paths) -> None:
    """Remove the note: its items are in place."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(note_file(paths))


def note_file(paths: Paths) -> str:
    """Return the file that says which items are not in place yet."""
    return paths.state + "/login-items.json"
