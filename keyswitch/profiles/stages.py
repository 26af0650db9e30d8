"""Files that a kill left beside what they were going to replace.

Only where keyswitch's own files are; a change of other programs' files has a
journal that names its stages.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.disk.atomic import STAGE_PREFIX, is_stage_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.profiles.paths import Paths


def of_the_vault(paths: Paths) -> Iterator[str]:
    """Yield such files of the vault, which has a lock of its own."""
    for path in _under_its_lock(paths):
        folder, last = os.path.split(os.path.realpath(path))
        for name in _names(folder):
            if is_stage_of(name, last):
                yield os.path.join(folder, name)


def of_the_rest(paths: Paths) -> Iterator[str]:
    """Yield such files of all else, which keyswitch's lock guards."""
    others = [
        os.path.basename(os.path.realpath(path))
        for path in _under_its_lock(paths)
    ]
    for folder in paths.own_folders:
        for name in _names(folder):
            if name.startswith(STAGE_PREFIX) and not any(
                is_stage_of(name, other) for other in others
            ):
                yield os.path.join(folder, name)


def _under_its_lock(paths: Paths) -> tuple[str, ...]:
    return paths.vault_file, paths.vault_seen_file, paths.machine_key_file


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
