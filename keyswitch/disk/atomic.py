"""Read and write single files so that no reader ever sees half of one.

Light on imports, since the express lane reads files too. Everything is
checked on descriptors, not on paths that somebody may exchange in between.
"""

from __future__ import annotations

import errno
import os
import stat

from keyswitch.disk.opening import MAX_LINKS, is_planted, open_flags, upwards
from keyswitch.errors import FileStateError, OddFileError, ReadOnlyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL  # flags of a file to be made
if os.name == "posix":
    _NEW |= os.O_NOFOLLOW | os.O_CLOEXEC
STAGE_PREFIX = ".keyswitch-"  # of every file that is staged beside another

LARGE = 8 << 20  # bytes of a file that is worth a word to who waits


def _tell(action: str, path: str, size: int) -> None:
    if size > LARGE:
        from keyswitch import progress

        progress.note(f"{action} {path} ({size / 1e6:.0f} MB)")


def read_regular(path: str, limit: int, *, ours: bool = False) -> bytes | None:
    """Return a file's bytes, or None if there is none.

    Symbolic links are followed. Anything but a regular file, and a file of
    more than `limit` bytes, is a FileStateError that names the path. `ours`:
    so is a file that another user has put there.
    """
    try:
        return b"".join(read_parts(path, limit, ours=ours))
    except FileNotFoundError:
        return None


def read_parts(
    path: str, limit: int, *, ours: bool = False, step: int = 0
) -> Iterator[bytes]:
    """Yield a file's bytes in steps, or at once; raises FileNotFoundError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | open_flags())
    except FileNotFoundError:
        if os.path.islink(path):
            raise _link(path, _TO_NOTHING) from None
        raise
    except OSError as e:
        raise unusable(path, e) from e
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise _no_file(path, found.st_mode)
        if ours and is_planted(found):
            raise FileStateError(
                f"{path} belongs to another user",
                "check it, then delete it or take ownership of it",
            )
        if found.st_size > limit:
            raise _too_large(path, limit)
        _tell("reading", path, found.st_size)
        left = limit + 1
        step = step or max(found.st_size + 1, 1 << 16)
        while left > 0 and (part := os.read(descriptor, min(left, step))):
            left -= len(part)
            yield part
            if limit + 1 - left == found.st_size:
                return
        if left <= 0:
            raise _too_large(path, limit)
    except OSError as e:
        raise unusable(path, e) from e
    finally:
        os.close(descriptor)


def unusable(path: str, error: OSError) -> FileStateError:
    """Return the error for a file that the system does not let us use."""
    if error.errno == errno.ENOTDIR:
        above = filter(os.path.lexists, upwards(os.path.dirname(path)))
        return OddFileError(
            next(above, ""),
            f"a parent of {path} is not a directory",
            "move that file out of the way",
        )
    if error.errno == errno.ELOOP:
        return _link(path, _LOOP)
    if error.errno in (errno.EISDIR, errno.ENXIO):
        is_folder = error.errno == errno.EISDIR
        return _no_file(path, stat.S_IFDIR if is_folder else stat.S_IFSOCK)
    if error.errno in (errno.EACCES, errno.EPERM):
        hint = "check the owner and mode of it and its directory"
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        hint = "free some disk space and try again; nothing changed"
    elif error.errno == errno.EROFS:
        return ReadOnlyError(path, path, "is on a read-only file system")
    else:
        hint = "check that file and its directory"
    reason = (error.strerror or "system error").lower()
    return FileStateError(f"cannot use {path}: {reason}", hint)


_TO_NOTHING, _LOOP = "a dangling symbolic link", "a loop of symbolic links"


def _link(path: str, what: str) -> OddFileError:
    return OddFileError(path, f"{path} is {what}", "fix or remove that link")


def _too_large(path: str, limit: int) -> OddFileError:
    size = f"{limit // 1024} KiB" if limit >= 1024 else f"{limit} bytes"
    return OddFileError(
        path,
        f"{path} is larger than {size}",
        f"remove what does not belong in {path}",
    )


def _no_file(path: str, mode: int) -> OddFileError:
    kinds = {stat.S_IFDIR: "directory", stat.S_IFIFO: "FIFO"}
    kinds[stat.S_IFSOCK] = "socket"
    what = kinds.get(stat.S_IFMT(mode), "device")
    return OddFileError(
        path, f"{path} is a {what}, not a file", "move it out of the way"
    )


def is_link_to_file(path: str) -> bool:
    """Tell whether a file lies elsewhere, which a removal would not reach."""
    return os.path.islink(path) and os.path.isfile(path)


def resolve_target(path: str) -> str:
    """Return the file that a path stands for, through symbolic links.

    The last component may be absent, but a link to nothing is refused: it may
    be meant for a place that is not mounted now. Whether it may be rewritten
    is for `rewriting` to say.
    """
    seen = os.path.abspath(path)
    for _ in range(MAX_LINKS):
        folder = os.path.realpath(os.path.dirname(seen))
        seen = os.path.join(folder, os.path.basename(seen))
        try:
            found = os.lstat(seen)
        except FileNotFoundError:
            if seen != os.path.abspath(path) and os.path.islink(path):
                raise _link(path, _TO_NOTHING) from None
            return seen
        except OSError as e:
            raise unusable(path, e) from e
        if not stat.S_ISLNK(found.st_mode):
            if not stat.S_ISREG(found.st_mode):
                raise _no_file(path, found.st_mode)
            return seen
        seen = os.path.join(folder, os.readlink(seen))
    raise _link(path, _LOOP)


def stage_name(target: str) -> str:
    """Return a fresh name beside `target` for its next version."""
    folder, name = os.path.split(target)
    stage = f"{STAGE_PREFIX}{os.urandom(8).hex()}-{name[:100]}"
    return os.path.join(folder, stage)


def is_stage_of(name: str, target: str) -> bool:
    """Tell whether a file's name is that of a stage for another file."""
    return (
        name.startswith(STAGE_PREFIX)
        and name[len(STAGE_PREFIX) + 16 :] == f"-{target[:100]}"
    )


def stage(  # noqa: PLR0913
    target: str,
    path: str,
    data: bytes,
    *,
    mode: int,
    private: bool = False,
    durable: bool = True,
) -> None:
    """Write `data` to the new file `path`, ready to take target's place.

    Mode, owner, extended attributes and access lists of an existing target
    carry over; the mode is never widened. The file is durable on return, or
    `durable` is false and `sync_file_system` makes it so with many others.
    """
    _tell("writing", target, len(data))
    try:
        descriptor = os.open(path, _NEW, 0o600)
        try:
            write_all(descriptor, data)
            if os.name == "posix":
                _set_rights(descriptor, target, mode, private=private)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as e:
        e.filename = target  # calls on descriptors name none
        raise


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, however many calls that takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _set_rights(
    descriptor: int, target: str, mode: int, *, private: bool
) -> None:
    """Give a new file the mode, group and attributes of its target."""
    try:
        old = os.stat(target, follow_symlinks=False)
        ours = stat.S_ISREG(old.st_mode) and not is_planted(old)
    except FileNotFoundError:
        ours = False
    if not ours:
        # The umask may have taken rights away that the owner needs.
        os.fchmod(descriptor, 0o600 if private else mode)
        return
    mode = 0o600 if private else stat.S_IMODE(old.st_mode)
    if os.getuid() == 0:
        os.fchown(descriptor, old.st_uid, old.st_gid)
    elif os.fstat(descriptor).st_gid != old.st_gid:
        try:
            os.fchown(descriptor, -1, old.st_gid)
        except OSError:
            mode &= ~stat.S_IRWXG  # those were rights of the other group
    if hasattr(os, "listxattr"):
        _copy_attributes(descriptor, target)
    os.fchmod(descriptor, mode)


def _copy_attributes(descriptor: int, target: str) -> None:
    try:
        names = os.listxattr(target, follow_symlinks=False)
    except OSError:
        return  # a file system without attributes
    for name in names:
        if not name.startswith(("user.", "system.posix_acl_access")):
            continue  # the system sets its own labels
        value = os.getxattr(target, name, follow_symlinks=False)
        os.setxattr(descriptor, name, value)


def sync_dir(path: str) -> None:
    """Make the names in a directory durable."""
    if os.name != "posix":
        return  # Windows has no such call
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as e:
        # Some file systems of networks and containers know none for folders.
        if e.errno in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            return
        e.filename = path  # a call on a descriptor names none
        raise
    finally:
        os.close(descriptor)


def write_private(path: str, data: bytes) -> None:
    """Give a file of keyswitch's own new content, 0600, all or nothing."""
    temporary = stage_name(path)
    try:
        stage(path, temporary, data, mode=0o600, private=True)
        os.replace(temporary, path)
        sync_dir(os.path.dirname(path))
    except BaseException as e:
        forget(temporary)
        if isinstance(e, OSError):
            raise unusable(path, e) from e
        raise


def write_once(path: str, data: bytes) -> None:
    """Make a small private file of keyswitch's own, without a stage.

    For files whose readers recognise half of one and do without it. Raises
    FileExistsError where another process was faster.
    """
    descriptor = os.open(path, _NEW, 0o600)
    try:
        _allow_owner(descriptor)
        write_all(descriptor, data)
    finally:
        os.close(descriptor)


def make_durable(path: str) -> None:
    """Bring a file that was just made to the disk, and its name."""
    descriptor = os.open(path, os.O_RDONLY | open_flags())
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_dir(os.path.dirname(path))


def open_own(path: str) -> int:
    """Open a lock or a note of keyswitch's own; make it where it is not."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | open_flags(), 0o600)
    try:
        _allow_owner(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _allow_owner(descriptor: int) -> None:
    """Give the owner the rights that a umask took from a new file."""
    if os.name == "posix":
        mode = os.fstat(descriptor).st_mode
        if mode & 0o600 != 0o600:
            os.fchmod(descriptor, stat.S_IMODE(mode) | 0o600)


def names_in(folder: str) -> list[str]:
    """Return the names in a folder; [] where it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def forget(path: str) -> None:
    """Remove a stage, if it is there and can be removed."""
    try:
        os.unlink(path)
    except OSError:
        return
