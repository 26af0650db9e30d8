"""The next version of each file, beside it and on the disk before it counts."""

from __future__ import annotations

import os
from collections.abc import Sequence

from keyswitch.commit.journal import Step, missing_folders
from keyswitch.commit.steps import goes_anywhere
from keyswitch.disk import atomic
from keyswitch.disk.file_systems import (
    can_sync_file_systems,
    sync_file_system,
)
from keyswitch.disk.ownership import require_own_way
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.model import FileChange

_AT_ONCE = 500  # files, from which on they go to the disk together


def stage_all(
    changes: Sequence[FileChange], steps: Sequence[Step], made: list[str]
) -> None:
    """Write every stage, and bring them and their names to the disk."""
    at_once = len(steps) > _AT_ONCE and can_sync_file_systems()
    for change, step in zip(changes, steps, strict=True):
        _staged(change, step, made, durable=not at_once)
    folders = sorted({os.path.dirname(step.target) for step in steps})
    if at_once:
        for folder in {os.stat(f).st_dev: f for f in folders}.values():
            sync_file_system(folder)
    for folder in folders:
        atomic.sync_dir(folder)


def _staged(
    change: FileChange, step: Step, made: list[str], *, durable: bool = True
) -> None:
    """Write a file's next version beside it; `made` gets new folders."""
    if change.after is None:
        return
    folder = os.path.dirname(step.target)
    if not os.path.isdir(folder):
        made += missing_folders(step.target)
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
        durable=durable,
    )
