"""Whether the running sessions follow a switch, and waiting for their turns.

Observed, Claude Code 2.1.330, between two turns of one session: it takes a
new login, a value of settings.json that was added or changed, and an
`apiKeyHelper` that came, changed or went. It keeps a value that was removed
from the settings' `env`, a managed key, and what its shell exported. The
answer of a helper whose command stays the same is kept for five minutes and
one turn, and AWS credentials until they are refused.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from keyswitch.disk.atomic import read_regular
from keyswitch.targets.claude_code import sessions
from keyswitch.targets.claude_code.files import FILE_LIMIT
from keyswitch.targets.claude_code.login.parts import MANAGED_KEY, OAUTH
from keyswitch.targets.claude_code.login.stored import global_config
from keyswitch.targets.claude_code.settings.settings_file import loads
from keyswitch.targets.claude_code.settings.wanted import ENV, HELPER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keyswitch.model import FileChange, Profile
    from keyswitch.targets.claude_code.sessions import RunningSession
    from keyswitch.workspace import Workspace

# When a session uses the new account.
NEXT_TURN = "next turn"
MINUTES = "minutes"
RESTART = "restart"

_POLL = 0.5  # seconds; a look costs some milliseconds


class Followed(NamedTuple):
    """A running session after a switch."""

    session: RunningSession
    follows: str
    # The login was exchanged while it may have been renewing it.
    in_turn: bool


def look(
    workspace: Workspace, profile: Profile | None, files: Sequence[FileChange]
) -> list[Followed]:
    """Return the sessions that a switch concerns, and when each follows.

    `files` are the changes that the switch made.
    """
    found = sessions.find(workspace.places.config_dir)
    follows = found and _when(workspace, profile, {c.path: c for c in files})
    if not follows:
        return []
    moved = _is_login(workspace, profile) or any(
        change.path == workspace.places.credentials for change in files
    )
    return [
        Followed(session, follows, moved and session.in_turn)
        for session in found
    ]


def _when(
    workspace: Workspace,
    profile: Profile | None,
    changed: dict[str, FileChange],
) -> str:
    """Return when sessions follow; "": nothing of theirs was moved."""
    places = workspace.places
    before, after = _settings(workspace, changed)
    if profile is not None and _by_variables(workspace, profile):
        return RESTART
    env, new_env = _env(before), _env(after)
    if any(value and name not in new_env for name, value in env.items()):
        return RESTART
    # Both use AWS, so the credentials of the former one are still there.
    if env.get("AWS_PROFILE") and new_env.get("AWS_PROFILE"):
        return RESTART
    helper = after.get(HELPER)
    login = _has_login(changed.get(places.credentials))
    key, new_key = _managed_keys(changed.get(places.global_config))
    if key != new_key and (new_key or not (helper or login)):
        return RESTART
    if before != after or places.credentials in changed or key != new_key:
        return NEXT_TURN
    if _is_login(workspace, profile):
        return NEXT_TURN  # it lies in a keychain
    return MINUTES if helper and profile is not None else ""


def _is_login(workspace: Workspace, profile: Profile | None) -> bool:
    if profile is None:
        return False
    taken = workspace.provider_of(profile).claude_code_for(profile)
    return taken.how == "login"


def _by_variables(workspace: Workspace, profile: Profile) -> bool:
    """Tell whether a session gets this account from its start only."""
    taken = workspace.provider_of(profile).claude_code_for(profile)
    if profile.isolated:
        return True
    if taken.how in ("none", "login") or not profile.secrets:
        return False
    return not (taken.helper_field or taken.aws_export)


def _settings(
    workspace: Workspace, changed: dict[str, FileChange]
) -> tuple[dict[str, Any], dict[str, Any]]:
    path = workspace.places.settings
    if path in changed:
        change = changed[path]
        return _object(change.before), _object(change.after)
    present = _object(read_regular(path, FILE_LIMIT))
    return present, present


def _env(settings: dict[str, Any]) -> dict[str, Any]:
    found = settings.get(ENV)
    return found if isinstance(found, dict) else {}


def _has_login(change: FileChange | None) -> bool:
    login = _object(change.after if change else None).get(OAUTH)
    return isinstance(login, dict) and bool(login.get("accessToken"))


def _managed_keys(change: FileChange | None) -> tuple[str, str]:
    if change is None:
        return "", ""
    before, after = (
        # Often a file of megabytes, and seldom one with a key.
        global_config(data).managed_key
        if data and MANAGED_KEY.encode() in data
        else ""
        for data in (change.before, change.after)
    )
    return before, after


def _object(data: bytes | None) -> dict[str, Any]:
    try:
        found = loads(data.decode("utf-8-sig")) if data else None
    except (ValueError, RecursionError):
        return {}  # Claude Code ignores such a file as well
    return found if isinstance(found, dict) else {}


def wait_for_turns(
    workspace: Workspace,
    tell: Callable[[Sequence[RunningSession]], None],
    timeout: float | None = None,
) -> list[RunningSession]:
    """Wait until no session of the folder is in a turn.

    Returns those that still are when the time is over. A session that this
    command runs in is not waited for: its turn ends after the command.
    """
    own = sessions.ancestors()
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        found = sessions.find(workspace.places.config_dir)
        busy = [s for s in found if s.in_turn and s.pid not in own]
        left = _POLL if end is None else end - time.monotonic()
        if not busy or left <= 0:
            return busy
        tell(busy)
        time.sleep(min(_POLL, left))
