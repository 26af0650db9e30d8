"""Which file systems are mounted, and locks of files on them."""

from __future__ import annotations

import errno
import math
import os
import re
import sys
import time
from functools import lru_cache

from keyswitch.disk.atomic import open_own, unusable
from keyswitch.disk.opening import is_below
from keyswitch.errors import FileStateError
from keyswitch.model import Frozen
from keyswitch.progress import Progress

LOCK_WAIT = 10.0  # seconds to wait for another keyswitch command
_LOCK_POLL = 0.02  # seconds

# What `flock` says where there are no locks, on NFS without lockd for one.
_NO_LOCKS = (
    errno.EINVAL,
    errno.ENOLCK,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
)
_ESCAPED = rb"\\([0-3][0-7]{2})"  # bytes in octal


class Mount(Frozen):
    """A row of the kernel's table of mounts, see proc(5)."""

    device: str
    root: str  # the folder of that device which is mounted
    point: str  # the folder where it can be seen
    kind: str  # of the file system


def take_lock(path: str, wait: float = LOCK_WAIT) -> int:
    """Take keyswitch's lock. The kernel drops it when the process ends.

    Raises FileStateError after `wait` seconds.
    """
    try:
        descriptor = open_own(path)
    except OSError as e:
        raise unusable(path, e) from e
    if os.name != "posix":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
        return descriptor
    try:
        hold_lock(descriptor, path, wait)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def hold_lock(descriptor: int, path: str, wait: float = math.inf) -> None:
    """Lock an open file, once nobody else holds its lock."""
    if not _is_locked(descriptor, path):
        _wait_for_lock(descriptor, path, wait)


def _is_locked(descriptor: int, path: str) -> bool:
    """Lock a file, unless another process has done so."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as e:
        raise cannot_lock(path, e) from e
    return True


def _wait_for_lock(descriptor: int, path: str, wait: float) -> None:
    from keyswitch.disk.lock_holders import holder_of

    def holder() -> str:
        return holder_of(descriptor, "another keyswitch command")

    begun = time.monotonic()
    with Progress(lambda: f"waiting for {holder()}"):
        while not _is_locked(descriptor, path):
            waited = time.monotonic() - begun
            if waited > wait:
                raise FileStateError(
                    f"another keyswitch command has held {path} for {wait:.0f} "
                    "s",
                    f"wait for it, or answer its question: {holder()}",
                )
            # Who has waited longer asks more often, and so is sooner served.
            time.sleep(_LOCK_POLL if waited < 1 else _LOCK_POLL / 10)


def cannot_lock(path: str, error: OSError) -> FileStateError:
    """Return the error for a file on which no lock can be taken."""
    if error.errno not in _NO_LOCKS:
        return unusable(path, error)
    mount = mount_of(os.path.realpath(path))
    kind = f" ({mount.kind})" if mount else ""
    return FileStateError(
        f"cannot lock {path}: its file system{kind} has no locks",
        "keep keyswitch's files on a local disk: set KEYSWITCH_HOME, or "
        "XDG_STATE_HOME and XDG_DATA_HOME",
    )


def mount_of(path: str) -> Mount | None:
    """Return the mount that a path without links is on; None: not known."""
    around = [mount for mount in mounts() if is_below(path, mount.point)]
    around.sort(key=lambda mount: len(mount.point))  # the last one is on top
    return around[-1] if around else None


def is_mount_point(path: str) -> bool:
    """Tell whether a file is mounted by itself, so that rename says EBUSY."""
    return any(mount.point == path for mount in mounts())


def mounts() -> tuple[Mount, ...]:
    """Return the mounts that this process sees; none outside Linux."""
    try:
        with open("/proc/self/mountinfo", "rb") as table:
            return _mounts_in(table.read())
    except (OSError, TypeError):
        return ()


@lru_cache(maxsize=1)  # a change of thousands of files asks for each
def _mounts_in(table: bytes) -> tuple[Mount, ...]:
    found = []
    for line in table.splitlines():
        place, _, source = line.partition(b" - ")
        words = [*place.split(b" ")[2:5], source.split(b" ")[0]]
        found.append(Mount(*map(_text, words)))
    return tuple(found)


def _text(word: bytes) -> str:
    plain = re.sub(_ESCAPED, lambda match: bytes([int(match[1], 8)]), word)
    return os.fsdecode(plain)


def can_sync_file_systems() -> bool:
    """Tell whether there is `sync_file_system` here."""
    return sys.platform == "linux"


def sync_file_system(folder: str) -> None:
    """Make all that was written to a folder's file system durable.

    syncfs(2): for thousands of files it takes as long as for some. An error
    of any of them is an OSError, as with `fsync` (Linux 5.8).
    """
    import ctypes  # only changes of thousands of files need it

    system = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if system.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), folder)
    finally:
        os.close(descriptor)
