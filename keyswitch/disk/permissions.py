"""Permission bits: folders that only their owner may enter, and other modes.

Bits are changed through a descriptor of what was looked at: by the time of a
second call, a path could mean another file.
"""

from __future__ import annotations

import errno
import os
import stat

from keyswitch.disk.opening import open_flags
from keyswitch.disk.ownership import require_own_way
from keyswitch.errors import FileStateError, OddFileError


def ensure_private_dir(path: str) -> None:
    """Make a directory that only its owner may enter, and its parents.

    Parents that exist are left as they are. Raises when the directory belongs
    to somebody else, and when others could exchange a part of its path.
    """
    if os.path.isdir(path):
        require_own_way(path, present=True)
        _ensure(path)
        return
    require_own_way(path)
    _ensure(path)
    # Another user may have made meanwhile what was absent. What is there now
    # and passes can be exchanged by nobody else any more.
    require_own_way(path, present=True)


def _ensure(path: str) -> None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        parent = os.path.dirname(path)
        if parent and parent != path:
            if not os.path.isdir(parent):
                _ensure(parent)
            require_own_way(parent, present=True)
        _make(path)
        return
    except OSError as e:
        raise FileStateError(
            f"cannot use {path}: {e.strerror}", "check its parent directories"
        ) from e
    if not stat.S_ISDIR(found.st_mode):
        raise OddFileError(
            path,
            f"{path} is not a directory",
            "move that file out of the way",
        )
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        raise FileStateError(
            f"{path} belongs to another user",
            "run keyswitch as that user, or set KEYSWITCH_HOME",
        )


def _make(path: str) -> None:
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return  # the caller looks whose it is
    except OSError as e:
        raise FileStateError(
            f"cannot create the directory {path}: {e.strerror}",
            "check that you can write there and that the disk has space",
        ) from e
    # mkdir obeys the umask, which may take the owner's own rights away.
    if stat.S_IMODE(os.stat(path).st_mode) != 0o700:
        change_mode(path, 0o700)


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
