"""How a file is opened, and whether what is opened may be taken for ours.

Part of the express lane: it imports nothing.
"""

from __future__ import annotations

import os

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
