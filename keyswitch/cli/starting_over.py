"""Start a command over, once a damaged file of keyswitch's own is set aside.

Input from a pipe can be read only once, so it is kept for the next start.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from keyswitch.display import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.errors import OddFileError

_taken: dict[str, bytes] = {}
_kept: dict[str, bytes] = {}


def take(place: str, read: Callable[[], bytes]) -> bytes:
    """Return the input of a place: kept from before, or read now."""
    data = _kept.pop(place) if place in _kept else read()
    _taken.setdefault(place, data)
    return data


def set_aside(error: OddFileError) -> None:
    """Give the damaged file another name and say so, or raise the error."""
    from keyswitch.profiles import odd_files as files
    from keyswitch.profiles.paths import resolve

    if not files.may_go(resolve(os.environ), error):
        raise error
    try:
        place = files.set_aside(error.path)
    except OSError:
        raise error from None
    sys.stderr.write(
        f"keyswitch: warning: {printable(error.message)}, and is kept as "
        f"{printable(place)}\n"
        f"keyswitch: hint: {error.what_is_lost}\n"
    )
    _kept.update(_taken)
    _taken.clear()
