"""Whether the running sessions follow a switch, and waiting for their turns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from keyswitch.targets import table
from keyswitch.targets.values import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keyswitch.model import FileChange, Profile
    from keyswitch.targets.values import RunningSession
    from keyswitch.workspace import Workspace

_POLL = 0.5  # seconds; a look costs some milliseconds


class Followed(NamedTuple):
    """A running session after a switch."""

    session: RunningSession
    follows: str  # NEXT_TURN, MINUTES or RESTART
    # The login was exchanged while it may have been renewing it.
    in_turn: bool


def look(
    workspace: Workspace, profile: Profile | None, files: Sequence[FileChange]
) -> list[Followed]:
    """Return the sessions that a switch concerns, and when each follows.

    `files` are the changes that the switch made.
    """
    part, places = table.main().sessions, workspace.places
    sessions = part.find(places.config_dir)
    if not sessions:
        return []
    account = None
    if profile is not None:
        account = Account(profile, workspace.provider_of(profile))
    found = part.follows(account, places, {c.path: c for c in files})
    if not found.when:
        return []
    return [
        Followed(session, found.when, found.login_moved and session.in_turn)
        for session in sessions
    ]


def wait_for_turns(
    workspace: Workspace,
    tell: Callable[[Sequence[RunningSession]], None],
    timeout: float | None = None,
) -> list[RunningSession]:
    """Wait until no session of the folder is in a turn.

    Returns those that still are when the time is over. A session that this
    command runs in is not waited for: its turn ends after the command.
    """
    part = table.main().sessions
    own = part.ancestors()
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        found = part.find(workspace.places.config_dir)
        busy = [s for s in found if s.in_turn and s.pid not in own]
        left = _POLL if end is None else end - time.monotonic()
        if not busy or left <= 0:
            return busy
        tell(busy)
        time.sleep(min(_POLL, left))
