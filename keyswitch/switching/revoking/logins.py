"""Logins in a revocation: whose a live one is, and what the ledger forgets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.changes import login_ledger
from keyswitch.changes.draft import Draft
from keyswitch.errors import KeyswitchError
from keyswitch.model import Frozen
from keyswitch.switching.logins import keeping, owners
from keyswitch.switching.logins.book import Logins
from keyswitch.switching.planning import known_folders
from keyswitch.switching.planning.known_folders import named
from keyswitch.targets import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from keyswitch.switching.revoking.stored import Found
    from keyswitch.targets.target import Login, Places
    from keyswitch.workspace import Workspace

    Read = Callable[[str], bytes | None]


class Live(Frozen):
    """The login of one configuration folder, and the profile it is of."""

    parts: Login | None = None
    owner: str = ""


class LiveLogins:
    """Finds out whose the logins in Claude Code's files are.

    By lineage, then by account, as every switch does. Files that cannot be
    read are no evidence.
    """

    def __init__(self, workspace: Workspace, read: Read) -> None:
        self._read = read
        self._logins: Logins | None = None
        try:
            self._logins = Logins(workspace, workspace.places, Draft())
        except KeyswitchError:
            return

    def of(self, places: Places) -> Live:
        """Return the login of a folder."""
        try:
            place = table.main().logins.place(places, self._read, None)
            parts = place.live(self._read(places.global_config))
        except KeyswitchError:
            return Live()
        if self._logins is None or not parts.usable:
            return Live(parts)
        return Live(parts, owners.owner_of(self._logins, parts))


def folders_of(workspace: Workspace) -> dict[str, Places]:
    """Return the main program's configuration folders, by their names.

    The one of this environment, the usual one, those that keyswitch changed or
    put a login into, and those of profiles.
    """
    places = workspace.places
    usual = table.main().places({}, workspace.home, workspace.cwd)
    found = {
        places.login_dir: places,
        places.config_dir: places.with_login_in(places.config_dir),
    }
    found.setdefault(usual.config_dir, usual)
    for used, _ in _recorded(workspace):
        found.setdefault(used.login_dir, used)
    own = workspace.paths.folders_dir
    for name in sorted(os.listdir(own)) if os.path.isdir(own) else ():
        folder = os.path.join(own, name)
        found.setdefault(folder, named(workspace, folder))
    return found


def _recorded(workspace: Workspace) -> list[tuple[Places, bool]]:
    try:
        return known_folders.recorded(workspace)
    except KeyswitchError:
        return []


def plan(
    workspace: Workspace,
    draft: Draft,
    found: Sequence[Found],
    kept: Iterable[Live],
    *,
    leaves_folders: bool,
) -> None:
    """Plan the ledger without what was found.

    `kept` are logins that leave Claude Code's files and stay with their
    profiles: their newest tokens are nowhere else. With `leaves_folders`
    there is nothing left that `off` would have to give back.
    """
    logins = Logins(workspace, workspace.places, draft)
    for live in kept:
        if live.owner and live.parts is not None:
            keeping.keep_live(logins, live.parts, "")
    gone = {f.ref.item for f in found if f.ref is not None}
    logins.ledger = login_ledger.without_items(logins.ledger, gone)
    if leaves_folders:
        logins.ledger = logins.ledger._replace(folders={})
    logins.finish()
