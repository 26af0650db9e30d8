"""Finish or take back a transaction, whoever started it.

Each step can be repeated at any point, so recovery may be killed as well.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING

from keyswitch.commit import journal
from keyswitch.disk import atomic, permissions
from keyswitch.disk.file_systems import is_mount_point
from keyswitch.disk.opening import open_flags
from keyswitch.disk.private_folders import ensure_private_dir
from keyswitch.model import FILE_LIMIT
from keyswitch.profiles import stages
from keyswitch.targets import lock_folders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.commit.journal import Folder, Rights, Step
    from keyswitch.model import LinkChange
    from keyswitch.profiles.paths import Paths


def install(step: Step) -> bool:
    """Bring one target to its new state; harmless when it is there already.

    Tells whether it had to be rewritten in place.
    """
    if not step.stage:
        unlink(step.target)
        return False
    try:
        os.rename(step.stage, step.target)
    except FileNotFoundError:
        return False  # done before the first attempt failed
    except OSError as e:
        if e.errno != errno.EBUSY:
            raise
        return _write_in_place(step)
    return False


def said_in_place(path: str) -> str:
    """Return what a person is told about a file that is a mount point."""
    return f"{path} is a mount of its own, so it was rewritten in place"


def _write_in_place(step: Step) -> bool:
    """Rewrite a file that is a mount point, as containers have them.

    Not atomic by itself; the stage stays until the target is durable, so
    that recovery can do it again.
    """
    data = atomic.read_regular(step.stage, FILE_LIMIT)
    if data is None:
        return False
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
    return True


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
            beside = committed.beside
            if not _are_renamed(beside.folders):
                said = [note for s in committed.steps for note in _redo(s)]
                said += _redo_rights(beside.rights)
                set_links(beside.links)
            # Until now they kept the other program from writing in between.
            lock_folders.remove_orphans(committed.locks, written)
            said += _redo_folders(beside.folders)
            remove_folders(beside.emptied)
            said.append("finished a change that was interrupted")
        elif prepared is not None:
            for step in prepared.steps:
                unlink(step.stage)
            remove_folders(prepared.made)
            said.append("took back a change that was interrupted")
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
    present = journal.digest(atomic.read_regular(step.target, FILE_LIMIT))
    # What was rewritten in place may be whole and not yet durable.
    mounted = is_mount_point(step.target)
    if present == step.new and not mounted:
        unlink(step.stage)
        return []
    if present == step.old or mounted:
        in_place = install(step)
        atomic.sync_dir(os.path.dirname(step.target))
        return [said_in_place(step.target)] if in_place else []
    unlink(step.stage)
    return [f"{step.target} was changed by another program; left as it is"]


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


def sweep(paths: Paths) -> None:
    """Remove stages of single-file writes that a kill left in our folders."""
    for path in stages.of_the_rest(paths):
        with contextlib.suppress(OSError):
            unlink(path)
