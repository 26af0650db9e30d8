"""What a killed command left: its change, and stages of keyswitch's files."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from keyswitch.errors import FileStateError
from keyswitch.profiles import odd_files

if TYPE_CHECKING:
    from keyswitch.profiles.paths import Paths
    from keyswitch.workspace import Workspace


def finish(workspace: Workspace, wait: float | None = None) -> list[str]:
    """Finish it or take it back; say what was done.

    Another command may be at work for the usual time before this raises
    FileStateError; with `wait`, for that many seconds before it is passed by.
    """
    paths, said = workspace.paths, []
    if _is_pending(paths):
        from keyswitch.changes.change import recover
        from keyswitch.disk.file_systems import LOCK_WAIT

        try:
            said = recover(workspace, LOCK_WAIT if wait is None else wait)
        except FileStateError:
            if wait is None:
                raise
    if any(odd_files.of_the_vault(paths)):
        from keyswitch.secrets.vault import writing

        writing.sweep(paths)
    if any(odd_files.of_the_rest(paths)):
        from keyswitch.commit.transaction import Transaction

        with contextlib.suppress(FileStateError), Transaction(paths, wait=0):
            odd_files.sweep(paths)
    return said


def _is_pending(paths: Paths) -> bool:
    for folder in (paths.journal_dir, paths.intents_dir):
        try:
            if os.listdir(folder):
                return True
        except OSError:
            continue
    return False
