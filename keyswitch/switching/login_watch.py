"""Notice when another program put another account's login in place.

An old session of Claude Code keeps its account in memory and may write its
renewed tokens back after a switch. Who Claude Code says it is then still is
the account that was switched to, while the tokens are another's. Both are
kept, and the chosen account is put back. Where the name changed as well,
somebody logged in on purpose: that is kept and left alone.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.errors import KeyswitchError
from keyswitch.profiles import state
from keyswitch.profiles.atomic import read_regular, write_private
from keyswitch.targets.claude_code.files import FILE_LIMIT, locations

if TYPE_CHECKING:
    from keyswitch.profiles.paths import Paths
    from keyswitch.switching.workspace import Workspace


def stamp_file(paths: Paths) -> str:
    """Return the file that says how `.credentials.json` was last seen."""
    return paths.state + "/login-stamp"


def present_stamp(path: str) -> str:
    """Return what changes whenever a file is written."""
    try:
        found = os.stat(path)
    except OSError:
        return f"{path}\nabsent\n"
    return f"{path}\n{found.st_mtime_ns} {found.st_size} {found.st_ino}\n"


def remember(workspace: Workspace) -> None:
    """Note how the login's file looks now; a lost note only costs a look."""
    places = locations(workspace.environ, workspace.home, workspace.cwd)
    text = present_stamp(places.credentials).encode()
    write_private(stamp_file(workspace.paths), text)


def notice(workspace: Workspace) -> list[str]:
    """Repair what an old session wrote; return what was done, one line each.

    Cheap while nothing has changed: one small file and one stat.
    """
    kept = read_regular(stamp_file(workspace.paths), 8192)
    if kept is None:
        return []
    places = locations(workspace.environ, workspace.home, workspace.cwd)
    seen = present_stamp(places.credentials)
    if seen.encode() == kept or not kept.startswith(
        places.credentials.encode() + b"\n"
    ):
        return []
    try:
        return _look(workspace)
    except KeyswitchError:
        return []  # a locked store: the next command looks again


def _look(workspace: Workspace) -> list[str]:
    from keyswitch.switching.logins import Logins

    active = state.read(workspace.paths).active
    places = locations(workspace.environ, workspace.home, workspace.cwd)
    logins = Logins(
        workspace, places, read_regular(places.global_config, FILE_LIMIT)
    )
    if not active or logins.folder().live != active:
        remember(workspace)
        return []
    live = logins.live()
    owner = logins.owner_of(live)
    wanted = logins.profile(active)
    if not live.usable or owner == active or wanted is None:
        remember(workspace)
        return []
    account = wanted.fields.get("account_uuid", "")
    if live.named_for and live.named_for != account:
        remember(workspace)
        who = f"as '{owner}'" if owner else "with another account"
        said = f"somebody logged Claude Code in {who}; '{active}' is not in use"
        return [said]
    from keyswitch.switching.activate import use

    use(workspace, active, configure=True)
    whose = f"'{owner}'" if owner else "an account of no profile"
    said = f"an old session had put the login of {whose} back; both are kept"
    return [f"{said}, and '{active}' is in place again"]
