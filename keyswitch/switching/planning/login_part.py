"""What a change does to the login of one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.switching.logins import moves
from keyswitch.switching.logins.book import Logins

if TYPE_CHECKING:
    from keyswitch.changes.draft import Draft
    from keyswitch.switching.planning.switch import Switch
    from keyswitch.targets.target import Places
    from keyswitch.workspace import Workspace


def plan(
    workspace: Workspace, draft: Draft, switch: Switch, places: Places
) -> None:
    """Plan the login of a folder.

    It becomes what was there before one move, what was there before any
    switch, or a profile's.
    """
    logins = Logins(workspace, places, draft)
    if switch.back is not None:
        moves.take_back(logins, switch.back)
    elif switch.profile is None:
        moves.give_back(logins)
    else:
        moves.switch_to(logins, switch.profile)
