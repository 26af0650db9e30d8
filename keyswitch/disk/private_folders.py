"""Make folders that only their owner may enter."""

from __future__ import annotations

import os
import stat

from keyswitch.disk.ownership import require_own_way
from keyswitch.disk.permissions import change_mode
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
            f"cannot make the directory {path}: {e.strerror}",
            "check that you may write there and that the disk has room",
        ) from e
    # mkdir obeys the umask, which may take the owner's own rights away.
    if stat.S_IMODE(os.stat(path).st_mode) != 0o700:
        change_mode(path, 0o700)
