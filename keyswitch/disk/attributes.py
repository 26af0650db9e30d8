"""Attributes beside the mode that keep a file or directory as it is.

`os.access` notices `chattr +i`. It does not notice `chattr +a`, with which a
file may only grow and a directory may only get new entries: a rename fails
there, and what was staged in such a directory could not even be removed.
"""

from __future__ import annotations

import os
import stat
import struct
import sys

# include/uapi/linux/fs.h: FS_IMMUTABLE_FL and FS_APPEND_FL.
_FIXED = 0x10 | 0x20
_FIXING_FLAGS = (  # of macOS and the BSDs
    stat.UF_IMMUTABLE | stat.UF_APPEND | stat.SF_IMMUTABLE | stat.SF_APPEND
)
# FS_IOC_GETFLAGS, _IOR('f', 1, long), as most architectures number it. Where
# it has another number it fails, and the attributes count as absent.
_GET_FLAGS = 0x80006601 | struct.calcsize("l") << 16


def is_fixed(path: str) -> bool:
    """Tell whether a file or directory may not be replaced or emptied.

    False as well where that cannot be told: not there, not readable, or a
    file system without attributes.
    """
    if sys.platform != "linux":
        return _has_fixing_flag(path)
    import fcntl

    try:
        # A FIFO that took the file's place must not be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        found = fcntl.ioctl(descriptor, _GET_FLAGS, bytes(struct.calcsize("l")))
    except OSError:
        return False
    finally:
        os.close(descriptor)
    # The kernel fills in an int, whatever the request says.
    return bool(int.from_bytes(found[:4], sys.byteorder) & _FIXED)


def _has_fixing_flag(path: str) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False
    return bool(getattr(found, "st_flags", 0) & _FIXING_FLAGS)
