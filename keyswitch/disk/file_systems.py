"""Say which file system it is that cannot do what keyswitch needs."""

from __future__ import annotations

import errno
import os

from keyswitch.disk.atomic import unusable
from keyswitch.errors import FileStateError

# What `flock` says where there are no locks, on NFS without lockd for one.
_NO_LOCKS = (
    errno.EINVAL,
    errno.ENOLCK,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
)


def cannot_lock(path: str, error: OSError) -> FileStateError:
    """Return the error for a file on which no lock can be taken."""
    if error.errno not in _NO_LOCKS:
        return unusable(path, error)
    kind = file_system_of(path)
    return FileStateError(
        f"{path} cannot be locked: its file system{kind and f' ({kind})'} "
        "has no locks",
        "keep keyswitch's files on a local disk: set KEYSWITCH_HOME, or "
        "XDG_STATE_HOME and XDG_DATA_HOME",
    )


def file_system_of(path: str) -> str:
    """Return the kind of file system that a path is on; "": not known."""
    path = os.path.realpath(path)
    found, longest = "", -1
    try:
        with open("/proc/self/mountinfo", "rb") as table:
            for line in table:
                fields, _, rest = line.partition(b" - ")
                point = os.fsdecode(_plain(fields.split(b" ")[4]))
                inside = path == point or path.startswith(
                    point.rstrip("/") + "/"
                )
                if inside and len(point) >= longest:
                    longest = len(point)
                    found = os.fsdecode(rest.split(b" ")[0])
    except (OSError, IndexError):
        return ""
    return found


def _plain(point: bytes) -> bytes:
    """Return a mount point as it is; the table has some bytes in octal."""
    for byte in b" \t\n\\":
        point = point.replace(b"\\%03o" % byte, bytes([byte]))
    return point
