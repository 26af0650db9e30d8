"""Wait while another program is in the middle of writing a file in place.

Such a file is empty or half for a moment, and then whole again. What was read
of it in that moment is no reason to give up, and nothing to build on: an
empty file would be taken for one with nothing in it.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

from keyswitch.changes.draft import Draft
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import UnreadableTextError
from keyswitch.model import FILE_LIMIT
from keyswitch.profiles import clock

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_FRESH = 0.5  # seconds from a write in which the next one may follow
_PAUSES = (0.05, 0.1, 0.2, 0.3)  # together longer than that

_BLANK = b" \t\r\n\xef\xbb\xbf"


def read_settled(draft: Draft, path: str) -> bytes | None:
    """Return a file of a draft; one that was emptied just now is an error."""
    return draft.read(path, FILE_LIMIT, read=_read_settled)


def _read_settled(path: str, limit: int) -> bytes | None:
    data = read_regular(path, limit)
    if data is not None and not data.strip(_BLANK) and _is_fresh(path):
        raise UnreadableTextError(
            f"{path} is being written by another program",
            "try again in a moment",
        )
    return data


def once_settled(make: Callable[[Draft], T]) -> tuple[Draft, T]:
    """Fill a draft, again where it read a file that is being written."""
    for pause in _PAUSES:
        draft = Draft()
        try:
            return draft, make(draft)
        except UnreadableTextError:
            if not any(map(_is_fresh, draft.files_read)):
                raise
            time.sleep(pause)
    draft = Draft()
    return draft, make(draft)


def _is_fresh(path: str) -> bool:
    try:
        return abs(clock.now() - os.stat(path).st_mtime) < _FRESH
    except OSError:
        return False
