"""The steps of a transaction: checked before its commit point, made after it.

Whatever could keep a file from its new state has to be found by the checks,
while there is a way back. Each step can be repeated at any point, so that the
next command can finish what a kill left, and be killed as well.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Sequence

from keyswitch.commit import journal
from keyswitch.commit.journal import Folder, Step
from keyswitch.disk import atomic, permissions, rewriting
from keyswitch.disk.digests import digest
from keyswitch.disk.file_systems import is_mount_point
from keyswitch.disk.opening import open_flags
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import FileStateError
from keyswitch.model import FILE_LIMIT, FileChange, LinkChange, Rights
from keyswitch.profiles.paths import LINK_FILE, Paths
from keyswitch.targets import lock_folders


class ChangedUnderneathError(FileStateError):
    """Another program wrote a file between the plan and the commit."""


def step_of(change: FileChange) -> Step:
    """Return how a file gets to its new state, or raise: it will not."""
    target = atomic.resolve_target(change.path)
    rewriting.check(change.path, target, anywhere=goes_anywhere(change))
    if change.after is None:
        target = _name_to_remove(change.path, target)
    elif change.private:
        _require_closable(change.path, target)
    return Step(
        target=target,
        stage="" if change.after is None else atomic.stage_name(target),
        old=digest(change.before),
        new=digest(change.after),
    )


def _require_closable(path: str, target: str) -> None:
    """Refuse a file that is rewritten in place, and stays open to others."""
    try:
        found = os.stat(target)
    except FileNotFoundError:
        return
    if (
        os.name == "posix"
        and os.getuid() not in (0, found.st_uid)
        and found.st_mode & 0o077
        and is_mount_point(target)
    ):
        from shlex import quote  # for an error only

        raise FileStateError(
            f"{path} is a mount point that others may read",
            f"ask its owner to remove that permission: chmod go= {quote(path)}",
        )


def goes_anywhere(change: FileChange) -> bool:
    """Tell whether others may write where a file lies.

    A link file says nothing until a person has allowed it, and projects have
    directories that a group shares.
    """
    return change.anywhere or os.path.basename(change.path) == LINK_FILE


def _name_to_remove(path: str, target: str) -> str:
    """Return what a removal unlinks: of a link, the link.

    It would be left as a link to nothing, which the next change refuses.
    """
    if os.path.islink(path):
        folder = os.path.realpath(os.path.dirname(path))
        target = os.path.join(folder, os.path.basename(path))
    rewriting.require_writable(path, target, os.path.dirname(target))
    if is_mount_point(target):
        raise FileStateError(
            f"{path} is a mount point and cannot be removed",
            "unmount it first",
        )
    return target


def require_as_read(
    changes: Sequence[FileChange], steps: Sequence[Step]
) -> None:
    """Raise ChangedUnderneathError unless the files are what the plan saw."""
    for change, step in zip(changes, steps, strict=True):
        if not _is_as_read(change, step):
            raise overtaken(change.path)


def overtaken(path: str) -> ChangedUnderneathError:
    """Return the error for what another program wrote since the plan."""
    return ChangedUnderneathError(
        f"another program is changing {path}", "try again in a moment"
    )


def _is_as_read(change: FileChange, step: Step) -> bool:
    """Compare a file part by part: it may be large."""
    data, at = change.before, 0
    try:
        for part in atomic.read_parts(step.target, FILE_LIMIT, step=1 << 16):
            if data is None or data[at : at + len(part)] != part:
                return False
            at += len(part)
    except FileNotFoundError:
        return data is None
    return data is not None and at == len(data)


def install(step: Step) -> list[str]:
    """Bring one file to its new state; say what that did beside.

    Harmless when it is there already.
    """
    if not step.stage:
        unlink(step.target)
        return []
    try:
        names = os.lstat(step.target).st_nlink
    except FileNotFoundError:
        names = 0
    try:
        os.rename(step.stage, step.target)
    except FileNotFoundError:
        return []  # done before the first attempt failed
    except OSError as e:
        if e.errno != errno.EBUSY:
            raise
        return _write_in_place(step)
    if names > 1:
        said = f"{step.target} was one of {names} hard links to a file"
        return [f"{said}; the others keep the old contents"]
    return []


def _write_in_place(step: Step) -> list[str]:
    """Rewrite a file that is a mount point, as containers have them.

    Not atomic by itself; the stage stays until the target is durable, so
    that recovery can do it again.
    """
    data = atomic.read_regular(step.stage, FILE_LIMIT)
    if data is None:
        return []
    mode = stat.S_IMODE(os.lstat(step.stage).st_mode)
    flags = os.O_WRONLY | os.O_NOFOLLOW | open_flags()
    descriptor = os.open(step.target, flags)
    try:
        _require_same(descriptor, step.target)
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & ~mode:
            os.fchmod(descriptor, mode)  # before there is a secret in it
        atomic.write_all(descriptor, data)
        os.ftruncate(descriptor, len(data))
        os.fsync(descriptor)
    except OSError as e:
        e.filename = step.target  # calls on descriptors name none
        raise
    finally:
        os.close(descriptor)
    os.unlink(step.stage)
    return [f"{step.target} is a mount point, so it was rewritten in place"]


def _require_same(descriptor: int, path: str) -> None:
    """Raise unless an open file is the one that has this name, and a file."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or not os.path.samestat(
        found, os.lstat(path)
    ):
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), path)


def give_rights(rights: Sequence[Rights]) -> None:
    """Set permission bits that nobody else has changed meanwhile."""
    for one in rights:
        with contextlib.suppress(FileNotFoundError):
            permissions.change_mode(one.path, one.after, before=one.before)


def rename_folders(folders: Sequence[Folder]) -> None:
    """Give folders their new names; harmless when they have them already."""
    for one in folders:
        with contextlib.suppress(FileNotFoundError):
            os.rename(one.before, one.after)
        atomic.sync_dir(os.path.dirname(one.after))


def set_links(links: Sequence[LinkChange]) -> None:
    """Make and remove links; harmless when it is done already.

    What somebody else has put in a link's place stays.
    """
    for one in links:
        if one.wanted:
            ensure_private_dir(os.path.dirname(one.path))
            with contextlib.suppress(FileExistsError):
                os.symlink(one.source, one.path)
        elif points_to(one.path, one.source):
            unlink(one.path)
    for folder in {os.path.dirname(one.path) for one in links}:
        with contextlib.suppress(FileNotFoundError):
            atomic.sync_dir(folder)


def points_to(path: str, source: str) -> bool:
    """Tell whether there is a symbolic link with exactly this target."""
    try:
        return os.readlink(path) == source
    except OSError:
        return False


def remove_folders(folders: Sequence[str]) -> None:
    """Remove folders, the inner first; one with something in it stays."""
    for folder in sorted(folders, key=len, reverse=True):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
            atomic.sync_dir(os.path.dirname(folder))


def unlink(path: str) -> None:
    """Remove a file if it is there; "" stands for none."""
    if path:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def recover(paths: Paths) -> list[str]:
    """Finish or take back what a killed command left; say what happened."""
    written = journal.written_at(paths)
    prepared = journal.read_prepared(paths)
    committed = journal.read_committed(paths)
    if prepared is None and committed is None:
        return []
    said = []
    try:
        if prepared is not None:
            lock_folders.remove_orphans(prepared.locks, written)
        if committed is not None:
            if not _are_renamed(committed.folders):
                said = [note for s in committed.steps for note in _redo(s)]
                said += _redo_rights(committed.rights)
                set_links(committed.links)
            # Until now they kept the other program from writing in between.
            lock_folders.remove_orphans(committed.locks, written)
            said += _redo_folders(committed.folders)
            remove_folders(committed.emptied)
            said.append("finished an interrupted change")
        elif prepared is not None:
            for step in prepared.steps:
                unlink(step.stage)
            remove_folders(prepared.made)
            said.append("undid an interrupted change")
        journal.discard(paths)
    except OSError as e:
        raise atomic.unusable(e.filename or paths.journal_dir, e) from e
    return said


def _are_renamed(folders: Sequence[Folder]) -> bool:
    """Tell whether folders have their new names, which comes last of all."""
    return any(
        os.path.isdir(one.after) and not os.path.lexists(one.before)
        for one in folders
    )


def _redo(step: Step) -> list[str]:
    """Finish one step, unless somebody else has written the file since."""
    present = digest(atomic.read_regular(step.target, FILE_LIMIT))
    # What was rewritten in place may be whole and not yet durable.
    mounted = is_mount_point(step.target)
    if present == step.new and not mounted:
        unlink(step.stage)
        return []
    if present == step.old or mounted:
        said = install(step)
        atomic.sync_dir(os.path.dirname(step.target))
        return said
    unlink(step.stage)
    return [f"{step.target} was changed by another program; not touched"]


def _redo_rights(rights: Sequence[Rights]) -> list[str]:
    """Set permission bits; a file that is not ours any more stays."""
    try:
        give_rights(rights)
    except PermissionError as e:
        return [f"the mode of {e.filename} could not be changed"]
    return []


def _redo_folders(folders: Sequence[Folder]) -> list[str]:
    """Rename folders; one that somebody else has put in the way stays."""
    try:
        rename_folders(folders)
    except OSError as e:
        return [
            f"{one.before} could not become {one.after}: {e.strerror}"
            for one in folders
            if os.path.isdir(one.before)
        ]
    return []
