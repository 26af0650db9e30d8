"""Change permission bits of what was looked at, through a descriptor.

A path could mean another file by the time of a second call.
"""

from __future__ import annotations

import errno
import os
import stat

from keyswitch.disk.opening import open_flags


def change_mode(path: str, after: int, *, before: int | None = None) -> None:
    """Set the permission bits of what has this name, not of a link's target.

    `before`: only if these are the present ones.
    """
    if os.name != "posix":
        os.chmod(path, after)
        return
    try:
        descriptor, by_path = _open_to_change(path)
    except OSError as e:
        if e.errno == errno.ELOOP:
            return  # a link
        raise
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISLNK(mode) or before not in (None, stat.S_IMODE(mode)):
            return
        if by_path:
            os.chmod(f"/proc/self/fd/{descriptor}", after)
        else:
            os.fchmod(descriptor, after)
            _sync(descriptor)
    except OSError as e:
        e.filename = path
        raise
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    """Bring the bits to the disk, where the file system can."""
    try:
        os.fsync(descriptor)
    except OSError as e:
        if e.errno != errno.EINVAL:  # as of a FIFO
            raise


def _open_to_change(path: str) -> tuple[int, bool]:
    """Open what has this name; tells whether only a path can change it."""
    flags = os.O_NOFOLLOW | open_flags()
    try:
        return os.open(path, os.O_RDONLY | flags), False
    except OSError as e:
        # It may be that not even its owner may read it; or it is a socket.
        if e.errno not in (errno.EACCES, errno.ENXIO) or not hasattr(
            os, "O_PATH"
        ):
            raise
        return os.open(path, os.O_PATH | flags), True
