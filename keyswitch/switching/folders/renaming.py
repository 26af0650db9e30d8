"""A profile's own configuration folder follows the profile's name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.commit.journal import Folder
from keyswitch.errors import InputError

if TYPE_CHECKING:
    from keyswitch.workspace import Workspace


def renamed(workspace: Workspace, old: str, new: str) -> tuple[Folder, ...]:
    """Return what gives a profile's folder, if it has one, the new name."""
    source = workspace.paths.folder_of(old)
    if not os.path.isdir(source):
        return ()
    target = workspace.paths.folder_of(new)
    if not _is_free(target):
        raise InputError(
            f"there is something of a former profile '{new}': {target}",
            "move away what you want of it, then delete it",
        )
    return (Folder(source, target),)


def _is_free(folder: str) -> bool:
    """Tell whether a folder can get that name: there is nothing in it."""
    if os.path.islink(folder):
        return False
    try:
        return not os.listdir(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
