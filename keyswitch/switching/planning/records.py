"""The records of what was in Claude Code's folders before keyswitch.

One record a folder, and one folder a file: where a link makes two folders
share their settings, these are recorded for the folder that had them first,
or the second record would take keyswitch's own values for the person's.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from keyswitch.changes.change import baseline_files
from keyswitch.targets.claude_code.files import CONFIG_VARIABLE, locations
from keyswitch.targets.claude_code.settings import baseline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keyswitch.changes.draft import Draft
    from keyswitch.changes.login_ledger import Ledger
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.workspace import Workspace

RECORD_LIMIT = 1 << 24  # bytes


def record_path(workspace: Workspace, places: Locations) -> str:
    """Return the file that records one configuration folder's baseline."""
    name = hashlib.sha256(os.fsencode(places.config_dir)).hexdigest()[:16]
    return os.path.join(workspace.paths.baseline_dir, f"{name}.json")


def is_one_file(path: str, other: str) -> bool:
    """Tell whether two paths lead to one file, be it there or not."""
    return os.path.realpath(path) == os.path.realpath(other)


def holder_of(
    workspace: Workspace, draft: Draft, places: Locations
) -> Locations:
    """Return the folder that a folder's settings are recorded for."""
    paths = workspace.paths
    own = record_path(workspace, places)
    found = []
    for record in baseline_files(workspace):
        if record in (paths.logins_file, paths.made_file, own):
            continue
        if not record.endswith(".json"):
            continue  # a damaged one that was set aside
        records = baseline.decode(record, draft.read(record, RECORD_LIMIT))
        found += [
            other
            for other in candidates(workspace, records)
            if record_path(workspace, other) == record
            and other.settings in records
            and not other.config_dir.startswith(paths.folders_dir + os.sep)
            and is_one_file(other.settings, places.settings)
        ]
    if places.settings in baseline.decode(own, draft.read(own, RECORD_LIMIT)):
        found.append(places)
    # An older keyswitch recorded both; the one that is no link was first.
    return min(found, key=_by_age, default=places)


def _by_age(places: Locations) -> tuple[bool, str]:
    path = places.settings
    return os.path.realpath(path) != path, path


def candidates(
    workspace: Workspace, recorded: Mapping[str, object]
) -> Iterator[Locations]:
    """Yield the folders that a record may be of; its name has a digest only."""
    usual = os.path.join(workspace.home, ".claude")
    folders = [os.path.dirname(path) for path in recorded]
    if os.path.join(workspace.home, ".claude.json") in recorded:
        folders.append(usual)
    for folder in dict.fromkeys(folders):
        places = places_of(workspace, folder)
        yield places
        # The usual folder, named by the variable, has another file.
        other = named(workspace, folder)
        if other.global_config != places.global_config and (
            other.global_config in recorded
        ):
            yield other


def named(workspace: Workspace, folder: str) -> Locations:
    """Return a folder's files as the variable's value names them."""
    given = {CONFIG_VARIABLE: folder}
    return locations(given, workspace.home, workspace.cwd)


def places_of(workspace: Workspace, folder: str) -> Locations:
    """Return a folder's files as Claude Code finds them."""
    if folder == workspace.places.config_dir:
        return workspace.places
    usual = folder == os.path.join(workspace.home, ".claude")
    if not usual:
        return named(workspace, folder)
    return locations({}, workspace.home, workspace.cwd)


def login_places(workspace: Workspace, ledger: Ledger) -> list[Locations]:
    """Return the folders that the ledger has something of, in its order."""
    found = []
    for folder in ledger.folders:
        config = ledger.storage.get(folder, folder)
        places = places_of(workspace, config)
        path = os.path.join(folder, os.path.basename(places.credentials))
        found.append(places._replace(credentials=path))
    return found
