"""What `show` says of a profile's own configuration folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keyswitch.model import Profile
    from keyswitch.workspace import Workspace


def document_of(profile: Profile) -> dict[str, Any]:
    """Return the same as `--json` shows it; nothing where there is none."""
    if not profile.isolated:
        return {}
    from keyswitch.switching.folders import isolation

    return {"isolated": True, "shared": list(isolation.shared_of(profile))}


def rows_of(workspace: Workspace, profile: Profile) -> list[tuple[str, str]]:
    """Return what `show` says of the folder and its links."""
    folder = workspace.paths.folder_of(profile.name)
    if not (profile.isolated or os.path.isdir(folder)):
        return []
    from keyswitch.targets import table

    usual = workspace.places.config_dir
    rows = [("folder", folder)]
    return rows + [
        ("shared", f"{link.path} -> {link.source}")
        for link in table.main().folders.present(folder, usual)
    ]
