"""Whether a file may be rewritten: whose it is, and who else may write there.

A rename replaces a file without asking for its permission, so it is asked for
here, before anything is changed.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import sys

from keyswitch.disk import ownership
from keyswitch.disk.atomic import resolve_target
from keyswitch.disk.opening import upwards
from keyswitch.errors import FileStateError, ReadOnlyError

# include/uapi/linux/fs.h: FS_IMMUTABLE_FL and FS_APPEND_FL.
_FIXED = 0x10 | 0x20
_FIXING_FLAGS = (  # of macOS and the BSDs
    stat.UF_IMMUTABLE | stat.UF_APPEND | stat.SF_IMMUTABLE | stat.SF_APPEND
)
# FS_IOC_GETFLAGS, _IOR('f', 1, long), as most architectures number it. Where
# it has another number it fails, and the attributes count as absent.
_GET_FLAGS = 0x80006601 | struct.calcsize("l") << 16


BY_MODE = "is read-only"  # and its owner could change that


def check(path: str, target: str, *, anywhere: bool = False) -> None:
    """Refuse a target that is not ours alone to rewrite; it may be absent.

    `path` is how a person calls it. `anywhere`: others may write in its
    directory as well, since it is handed on to them.
    """
    try:
        found = os.stat(target)
    except FileNotFoundError:
        found = None
    if found is not None:
        _check_owner(path, target, found)
    folder = os.path.dirname(target)
    if not anywhere:
        if os.name == "posix" and os.path.isdir(folder):
            seen = os.stat(folder)
            _check_owner(path, folder, seen)
            _require_own(path, folder, seen)
        ownership.require_way_to(target, path)
    require_writable(path, target, existing(folder))
    if found is not None:
        require_writable(path, target, target)


def refusal(path: str) -> ReadOnlyError | None:
    """Return why nobody may write a file here, if that is so."""
    try:
        check(path, resolve_target(path))
    except ReadOnlyError as e:
        return e
    except FileStateError:
        return None  # that is for others to say
    return None


def existing(folder: str) -> str:
    """Return a folder, or the nearest one above it that is there."""
    return next(filter(os.path.lexists, upwards(folder)), folder)


def check_owner(path: str, target: str) -> None:
    """Refuse a file of another user; it may be absent."""
    with contextlib.suppress(FileNotFoundError):
        _check_owner(path, target, os.stat(target))


def _check_owner(path: str, target: str, found: os.stat_result) -> None:
    """Refuse a file or directory that another user owns."""
    if os.name == "posix" and found.st_uid not in (os.getuid(), 0):
        raise FileStateError(
            f"{path}: {target} belongs to another user",
            "run keyswitch as that user",
        )


def _require_own(path: str, folder: str, found: os.stat_result) -> None:
    """Refuse a directory in which others may exchange our files."""
    mode, who = found.st_mode, ""
    if mode & stat.S_ISVTX:
        return
    if mode & stat.S_IWOTH:
        who, right = "everybody", "o-w"
    elif mode & stat.S_IWGRP and not _is_own_group(found.st_gid):
        who, right = "members of its group", "g-w"
    if who:
        from shlex import quote  # for an error only

        raise FileStateError(
            f"{path}: {who} can write to {folder}",
            f"remove that permission: chmod {right} {quote(folder)}",
        )


def _is_own_group(gid: int) -> bool:
    """Tell whether a group is one that each user has for himself.

    Where those are usual, so is a umask that lets the group write.
    """
    import grp
    import pwd

    me, name, primary = os.getuid(), "", os.getgid()
    try:
        name, primary = pwd.getpwuid(me)[0], pwd.getpwuid(me)[3]
        group = grp.getgrgid(gid)
    except KeyError:
        return gid == primary  # of no name, so nobody was put into it
    if gid != primary or set(group.gr_mem) - {name}:
        return False
    return group.gr_name == name or not any(
        other.pw_gid == gid and other.pw_uid != me for other in pwd.getpwall()
    )


def require_writable(path: str, target: str, at: str) -> None:
    """Refuse a file or its folder that nobody may write.

    A rename would replace a file all the same, but whoever took the right away
    meant it. On a read-only mount it would fail when there is no way back.
    """
    fixed = is_fixed(at)
    if at == target:
        mode = os.stat(at).st_mode
        writable = bool(mode & stat.S_IWUSR) and os.access(at, os.W_OK)
    else:
        writable = os.access(at, os.W_OK | os.X_OK)
    if writable and not fixed:
        return
    why = "is immutable (lsattr)" if fixed else _why_not(at)
    if at != target:
        why = f"cannot be replaced: {at} {why}"
    raise ReadOnlyError(path, target, why)


def _why_not(path: str) -> str:
    try:
        read_only = os.statvfs(path).f_flag & os.ST_RDONLY
        owner = os.stat(path).st_uid
    except (AttributeError, OSError):  # no such call on Windows
        return "is not writable"
    if read_only:
        return "is on a read-only file system"
    return BY_MODE if owner == os.getuid() else "belongs to root"


def is_fixed(path: str) -> bool:
    """Tell whether attributes keep a file or directory as it is.

    `os.access` notices `chattr +i`, and not `chattr +a`: a directory then only
    gets new entries, so not even a stage in it could be removed. False as well
    where that cannot be told: not there, not readable, no attributes.
    """
    if sys.platform != "linux":
        try:
            flags = getattr(os.stat(path), "st_flags", 0)
        except OSError:
            return False
        return bool(flags & _FIXING_FLAGS)
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
