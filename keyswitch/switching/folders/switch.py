"""Plan the programs' files for a profile, whichever folders it has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.switching.planning.planned import plan_folder, plan_others

if TYPE_CHECKING:
    from keyswitch.changes.draft import Draft
    from keyswitch.switching.planning.switch import Switch
    from keyswitch.targets.target import Places
    from keyswitch.workspace import Workspace


def plan_targets(workspace: Workspace, draft: Draft, switch: Switch) -> None:
    """Plan every program's files.

    An isolated profile has a folder of its own; where none is chosen for a
    terminal there is no profile.
    """
    profile = switch.profile
    if profile is not None and profile.isolated:
        # Loaded here, since a switch between keys has no use for it.
        from keyswitch.switching.folders.isolation import plan_both

        plan_both(workspace, draft, switch, profile)
        switch = switch._replace(profile=None)
    else:
        plan_one(workspace, draft, switch, workspace.places)
    plan_others(workspace, draft, switch)


def plan_one(
    workspace: Workspace, draft: Draft, switch: Switch, places: Places
) -> None:
    """Plan one folder of the main program; a login is in no other then."""
    gives_back = switch.back is not None or (
        switch.profile is None and switch.moves_login
    )
    if gives_back and os.path.exists(workspace.paths.logins_file):
        from keyswitch.switching.folders import one_copy

        one_copy.leave_given(workspace, draft, places, switch.back)
    plan_folder(workspace, draft, switch, places)
