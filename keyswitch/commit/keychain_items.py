"""Items of the macOS keychain within a change: compared, put, and the note.

The files of a change are in place when its items follow; a note says which,
for the next command if this one is killed.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from keyswitch.commit.login_note import note_file
from keyswitch.errors import CleanupLeftError, KeyswitchError
from keyswitch.model import ITEM_PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.model import FileChange
    from keyswitch.profiles.paths import Paths
    from keyswitch.targets.target import Keychain


BRIEF = 2.0  # seconds for one call while other programs' locks are held


def service_of(change: FileChange) -> str:
    """Return the name of the item that a change is of."""
    return change.path.removeprefix(ITEM_PREFIX)


def is_overtaken(keychain: Keychain, item: FileChange) -> bool:
    """Tell whether another program wrote an item since the plan was made."""
    return keychain.read(service_of(item), BRIEF) != item.before


def put(keychain: Keychain, items: Sequence[FileChange]) -> None:
    """Bring the items to their new state; the change itself is committed.

    Raises CleanupLeftError when that fails: the note stays.
    """
    try:
        for item in items:
            put_item(keychain, service_of(item), item.after)
    except KeyswitchError as e:
        raise CleanupLeftError(
            f"the change is made, but the login is not in place: {e.message}",
            f"{e.hint}; the next keyswitch command finishes it",
        ) from e


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
