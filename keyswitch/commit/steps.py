"""One file of a transaction: checks before the change, side effects after it.

Whatever could keep a file from its new state past the commit point has to be
found here, while there is a way back.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.commit import journal, recovery
from keyswitch.commit.journal import Step
from keyswitch.commit.made_folders import missing
from keyswitch.directories.links import FILE as LINK_FILE
from keyswitch.disk import atomic, rewriting
from keyswitch.disk.file_systems import is_mount_point
from keyswitch.disk.ownership import require_own_way
from keyswitch.disk.private_folders import ensure_private_dir
from keyswitch.errors import FileStateError

if TYPE_CHECKING:
    from keyswitch.model import FileChange


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
        old=journal.digest(change.before),
        new=journal.digest(change.after),
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
        raise FileStateError(
            f"{path} is a mount of its own that others may read",
            f"let its owner take that right away: chmod go= {path}",
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
    folder = os.path.dirname(target)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileStateError(
            f"{path} cannot be removed: nobody may write in {folder}",
            "look at that directory's mode and mount",
        )
    if is_mount_point(target):
        raise FileStateError(
            f"{path} is a mount of its own and cannot be removed",
            "unmount it first",
        )
    return target


def staged(change: FileChange, step: Step, made: list[str]) -> None:
    """Write a file's next version beside it; `made` gets new folders."""
    if change.after is None:
        return
    folder = os.path.dirname(step.target)
    if not os.path.isdir(folder):
        made += missing(step.target)
        ensure_private_dir(folder)
    elif not goes_anywhere(change):
        # It may have come only now, or not be what it was.
        require_own_way(folder, change.path, present=True)
    atomic.stage(
        step.target,
        step.stage,
        change.after,
        mode=change.mode,
        private=change.private,
    )


def is_as_read(change: FileChange, step: Step) -> bool:
    """Tell whether a file is what the plan saw; it is never read at once."""
    data, at = change.before, 0
    try:
        for part in atomic.read_parts(
            step.target, recovery.FILE_LIMIT, step=1 << 16
        ):
            if data is None or data[at : at + len(part)] != part:
                return False
            at += len(part)
    except FileNotFoundError:
        return data is None
    return data is not None and at == len(data)


def installed(step: Step) -> list[str]:
    """Bring a file to its new state; say what that did beside."""
    names = _names_of(step.target)
    if recovery.install(step):
        return [recovery.said_in_place(step.target)]
    if step.stage and names > 1:
        said = f"{step.target} was one of {names} hard links to a file"
        return [f"{said}; the others keep the old content"]
    return []


def _names_of(path: str) -> int:
    try:
        return os.lstat(path).st_nlink
    except FileNotFoundError:
        return 0
