"""What a directory's .envrc has set in this shell, as direnv notes it.

Part of the express lane; anything is loaded only where direnv is in use. The
format is direnv's own: JSON, compressed, in base64 for file names.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FOLDER = "DIRENV_DIR"  # with a `-` before it
_DIFF = "DIRENV_DIFF"
_LIMIT = 1 << 20  # bytes; an environment is no larger


def holds(environ: Mapping[str, str], names: Iterable[str]) -> set[str]:
    """Return those of the variables that have the value of an .envrc."""
    present = [name for name in names if name in environ]
    if not (present and environ.get(FOLDER)):
        return set()
    given = _given(environ.get(_DIFF, ""))
    return {name for name in present if given.get(name) == environ[name]}


def file_of(environ: Mapping[str, str]) -> str:
    """Return the path that a person knows the settings by."""
    folder = environ.get(FOLDER, "").removeprefix("-")
    return os.path.join(folder, ".envrc")


def _given(text: str) -> dict[str, object]:
    """Return what the .envrc set; nothing where this is not direnv's."""
    import json
    import zlib
    from binascii import a2b_base64

    try:
        packed = a2b_base64(text.replace("-", "+").replace("_", "/"))
        found = json.loads(zlib.decompressobj().decompress(packed, _LIMIT))
    except (ValueError, zlib.error, RecursionError):
        return {}
    after = found.get("n") if isinstance(found, dict) else None
    return after if isinstance(after, dict) else {}
