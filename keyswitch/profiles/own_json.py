"""Read keyswitch's own JSON files: damaged, newer, or as they should be."""

from __future__ import annotations

import json
from typing import Any

from keyswitch.errors import DamagedFileError, NewerFileError

VERSION = 1  # of every file that this keyswitch writes

_NO_VERSION = 1000  # and what is beyond: damage

# What reading the values of a damaged document may raise.
DAMAGE = (
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def document(
    path: str, data: bytes, what_is_lost: str, *, unmarked: bool = False
) -> dict[str, Any]:
    """Return the object that a file holds.

    Raises NewerFileError for a later version than the one this keyswitch
    writes, and DamagedFileError for anything else that is no such object.
    `unmarked`: 0.1.0 wrote no version into this file.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as e:
        raise DamagedFileError(path, what_is_lost) from e
    if not isinstance(found, dict):
        raise DamagedFileError(path, what_is_lost)
    written = found.get("version", VERSION if unmarked else None)
    if type(written) is int and VERSION < written < _NO_VERSION:
        raise NewerFileError(path)
    if written != VERSION or type(written) is not int:
        raise DamagedFileError(path, what_is_lost)
    return found
