"""Every configuration folder that keyswitch wrote to, not only this one."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from keyswitch.changes.draft import Draft
from keyswitch.errors import KeyswitchError
from keyswitch.model import FILE_LIMIT
from keyswitch.profiles.odd_files import baseline_files
from keyswitch.switching.planning.records import (
    folders,
    login_places,
    record_path,
)
from keyswitch.targets import table

if TYPE_CHECKING:
    from keyswitch.changes.login_ledger import Ledger
    from keyswitch.targets.target import Places
    from keyswitch.workspace import Workspace


def names(workspace: Workspace) -> list[str]:
    """Return the other folders that keyswitch is used in, to be shown."""
    return [places.config_dir for places in known(workspace)]


def known(workspace: Workspace) -> list[Places]:
    """Return the same, none where the records cannot be read."""
    try:
        return others(workspace)
    except KeyswitchError:
        return []


def others(workspace: Workspace) -> list[Places]:
    """Return the other folders whose files keyswitch changed.

    Of profiles' own folders those whose profile is gone.
    """
    paths = workspace.paths
    usual = record_path(workspace, workspace.places)
    known = {usual, paths.logins_file, paths.made_file}
    if known.issuperset(baseline_files(workspace.paths)):
        return []
    return [
        places
        for places, _ in recorded(workspace)
        if places.config_dir != workspace.places.config_dir
        and os.path.isdir(places.config_dir)
        and os.path.exists(record_path(workspace, places))
        and (
            not is_own(workspace, places)
            or not os.path.lexists(
                workspace.paths.profile(os.path.basename(places.config_dir))
            )
        )
    ]


def way_out(places: Places) -> str:
    """Return the command that switches keyswitch off in a folder."""
    given = table.main().folders.variables_of(places)
    words = [f"{name}={shlex.quote(value)}" for name, value in given.items()]
    return " ".join([*words, "keyswitch off"])


def is_own(workspace: Workspace, places: Places) -> bool:
    """Tell whether a folder is a profile's own."""
    return places.config_dir.startswith(workspace.paths.folders_dir + os.sep)


def ledger_of(workspace: Workspace, draft: Draft) -> Ledger:
    """Return the ledger of logins as a draft leaves it."""
    # Loaded here, since a switch between keys has no use for it.
    from keyswitch.changes import login_ledger

    path = login_ledger.path_of(workspace.paths)
    return login_ledger.decode(path, draft.read(path, FILE_LIMIT))


def recorded(workspace: Workspace) -> list[tuple[Places, bool]]:
    """Return the folders that have something of keyswitch's.

    And whether `off` gives a login back there: a profile's own folder keeps
    its login, which is in no other place.
    """
    found: dict[Places, bool] = {}
    for places, _ in folders(workspace, Draft()):
        found[places] = False
    for places in login_places(workspace, ledger_of(workspace, Draft())):
        if not is_own(workspace, places):
            found[places] = True
    return list(found.items())
