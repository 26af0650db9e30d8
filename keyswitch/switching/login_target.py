"""A login's part of a change: which files, under which locks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.model import FileChange
from keyswitch.switching import login_moves
from keyswitch.switching.logins import Logins
from keyswitch.switching.unsettled import read_settled
from keyswitch.targets.claude_code.files import ITEM_PREFIX
from keyswitch.targets.claude_code.locks import config_lock, login_locks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keyswitch.model import Profile
    from keyswitch.switching.login_ledger import Moved
    from keyswitch.switching.logins import LoginPlan
    from keyswitch.switching.target import TargetPlan
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.claude_code.locks import LockSpec

    Move = Callable[[Logins], LoginPlan]


def move_of(profile: Profile | None, back: Moved | None = None) -> Move:
    """Return what a change does to the login.

    To a profile's, back to what was there before any switch, or to what was
    there before one move.
    """
    if back is not None:
        return lambda logins: login_moves.take_back(logins, back)
    if profile is None:
        return login_moves.give_back
    return lambda logins: login_moves.switch_to(logins, profile)


def add(
    workspace: Workspace,
    places: Locations,
    move: Move,
    changes: Sequence[FileChange],
    result: TargetPlan,
) -> None:
    """Complete a plan: these changes, with those of the login merged in.

    `.claude.json` may be in both: the login's edits follow the others. Files
    are put in place in this order: where the old tokens are stored is on
    disk before the new ones replace them, and a kill after that leaves new
    tokens under an old name rather than old ones under a new name.
    """
    others = [c for c in changes if c.path != places.global_config]
    config = [c for c in changes if c.path == places.global_config]
    if config:
        observed, present = config[0].before, config[0].after
    else:
        observed = present = read_settled(places.global_config)
    moved = Logins(workspace, places, present)
    plan = move(moved)
    if places == workspace.places:
        result.moved = plan.moved
    result.harvested = tuple(plan.created)
    result.dropped = (*result.dropped, *plan.dropped)
    result.notes += plan.notes
    every = [
        *plan.profiles,
        *plan.files,
        *others,
        *merged(places, observed, moved.config),
    ]
    result.files = tuple(c for c in every if c.before != c.after)
    result.locks = locks(places, result.files)


def put_back(workspace: Workspace, profile: Profile) -> TargetPlan:
    """Plan the login of a profile into the usual folder, and nothing else."""
    from keyswitch.switching.target import TargetPlan

    places, result = workspace.places, TargetPlan()
    add(workspace, places, move_of(profile), (), result)
    return result


def merged(
    places: Locations, before: bytes | None, after: bytes | None
) -> list[FileChange]:
    """Return the change of `.claude.json`, if there is one."""
    if before == after:
        return []
    return [FileChange(places.global_config, before, after)]


def locks(
    places: Locations, files: Sequence[FileChange]
) -> tuple[LockSpec, ...]:
    """Return Claude Code's own locks for these files, in its order."""
    paths = {change.path for change in files}
    found: list[LockSpec] = []
    folder = os.path.dirname(places.credentials)
    if places.credentials in paths or (
        any(path.startswith(ITEM_PREFIX) for path in paths)
        and os.path.isdir(folder)  # without it there is nobody to lock out
    ):
        found += login_locks(folder)
    if places.global_config in paths:
        found.append(config_lock(places.global_config))
    return tuple(found)
