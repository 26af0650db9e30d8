"""How a file is opened, and whether what is opened may be taken for ours.

Part of the express lane: it imports nothing.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LINKS = 40  # symbolic links followed on the way to a file


def open_flags() -> int:
    """Return flags that neither hang on a FIFO nor leak into children."""
    return os.O_NONBLOCK | os.O_CLOEXEC if os.name == "posix" else 0


def is_planted(found: os.stat_result) -> bool:
    """Tell whether another user wrote what would be taken for ours.

    Root reads everything: a container has files of whoever started it.
    """
    if os.name != "posix":
        return False
    me = os.getuid()
    return me != 0 and found.st_uid not in (me, 0)


def read_opened(
    path: str, limit: int, *, flags: int = 0
) -> tuple[bytes, os.stat_result]:
    """Return up to `limit` bytes of a file, and what was opened."""
    descriptor = os.open(path, os.O_RDONLY | open_flags() | flags)
    try:
        return os.read(descriptor, limit), os.fstat(descriptor)
    finally:
        os.close(descriptor)


def read_start(path: str, limit: int, *, ours: bool = False) -> bytes | None:
    """Return up to `limit` bytes of a file; None where it cannot be read.

    `ours`: nor where another user has put it there. For files that keyswitch
    can do without; `atomic.read_regular` says what is wrong with one.
    """
    try:
        data, found = read_opened(path, limit)
    except OSError:
        return None
    return None if ours and is_planted(found) else data


def upwards(folder: str) -> Iterator[str]:
    """Yield a folder and those above it, up to the root."""
    while folder:
        yield folder
        parent = os.path.dirname(folder)
        folder = "" if parent == folder else parent


def leads_nowhere(path: str) -> bool:
    """Tell whether a path leads to nothing; a loop of links is something."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def is_below(path: str, folder: str) -> bool:
    """Tell whether a path is a folder or something in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
