"""Which file systems are mounted, and the error of one that has no locks."""

from __future__ import annotations

import errno
import os
import re
from typing import NamedTuple

from keyswitch.disk.atomic import unusable
from keyswitch.disk.opening import is_below
from keyswitch.errors import FileStateError

# What `flock` says where there are no locks, on NFS without lockd for one.
_NO_LOCKS = (
    errno.EINVAL,
    errno.ENOLCK,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
)
_ESCAPED = re.compile(rb"\\([0-3][0-7]{2})")  # bytes in octal


class Mount(NamedTuple):
    """A row of the kernel's table of mounts, see proc(5)."""

    device: str
    root: str  # the folder of that device which is mounted
    point: str  # the folder where it can be seen
    kind: str  # of the file system


def cannot_lock(path: str, error: OSError) -> FileStateError:
    """Return the error for a file on which no lock can be taken."""
    if error.errno not in _NO_LOCKS:
        return unusable(path, error)
    mount = mount_of(os.path.realpath(path))
    kind = f" ({mount.kind})" if mount else ""
    return FileStateError(
        f"{path} cannot be locked: its file system{kind} has no locks",
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


def mounts() -> list[Mount]:
    """Return the mounts that this process sees; none outside Linux."""
    found = []
    try:
        with open("/proc/self/mountinfo", "rb") as table:
            for line in table:
                place, _, source = line.partition(b" - ")
                words = [*place.split(b" ")[2:5], source.split(b" ")[0]]
                found.append(Mount(*map(_text, words)))
    except (OSError, TypeError):
        return []
    return found


def _text(word: bytes) -> str:
    plain = _ESCAPED.sub(lambda match: bytes([int(match[1], 8)]), word)
    return os.fsdecode(plain)
