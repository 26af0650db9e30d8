"""A login's part of a change: which files, under which locks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.switching.logins import moves
from keyswitch.switching.logins.book import Logins
from keyswitch.targets.claude_code.files import ITEM_PREFIX
from keyswitch.targets.claude_code.locks import config_lock, login_locks

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.changes.draft import Draft
    from keyswitch.changes.login_ledger import Moved
    from keyswitch.model import Profile
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.claude_code.locks import LockSpec
    from keyswitch.workspace import Workspace

    Move = Callable[[Logins], None]


def move_of(profile: Profile | None, back: Moved | None = None) -> Move:
    """Return what a change does to the login.

    To a profile's, back to what was there before any switch, or to what was
    there before one move.
    """
    if back is not None:
        return lambda logins: moves.take_back(logins, back)
    if profile is None:
        return moves.give_back
    return lambda logins: moves.switch_to(logins, profile)


def add(
    workspace: Workspace, draft: Draft, places: Locations, move: Move
) -> None:
    """Plan a move of the login in one configuration folder, and its locks."""
    move(Logins(workspace, places, draft))
    draft.lock(locks(places, draft))


def locks(places: Locations, draft: Draft) -> list[LockSpec]:
    """Return Claude Code's own locks for a folder's files, in its order."""
    found: list[LockSpec] = []
    folder = os.path.dirname(places.credentials)
    if draft.changes_of(places.credentials) or (
        any(c.path.startswith(ITEM_PREFIX) for c in draft.changes())
        and os.path.isdir(folder)  # without it there is nobody to lock out
    ):
        found += login_locks(folder)
    if draft.changes_of(places.global_config):
        found.append(config_lock(places.global_config))
    return found
