"""Give a file that makes no sense another name; nothing of it is lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyswitch.profiles.paths import Paths

MARK = ".damaged-"

# Each entry of these folders counts, so what is set aside leaves them.
_LISTED = ("bound", "compiled", "intents", "journal", "trust")


def set_aside(path: str) -> str:
    """Rename what has this name; return where it is now."""
    folder, name = os.path.split(path)
    parent, last = os.path.split(folder)
    if last in _LISTED:
        folder, name = parent, f"{last}-{name}"
    base = os.path.join(folder, name[:200] + MARK)
    number = 1
    while os.path.lexists(place := f"{base}{number}"):
        number += 1
    os.rename(path, place)
    return place


def is_link_to_key(paths: Paths, path: str) -> bool:
    """Tell whether this is a person's link to the machine key.

    It may lead to a disk that is not there now and comes back.
    """
    return path == paths.machine_key_file and os.path.islink(path)
