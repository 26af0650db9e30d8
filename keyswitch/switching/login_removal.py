"""Take a login's tokens off this machine: stored ones, and the live one."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from keyswitch.errors import InputError
from keyswitch.model import FileChange
from keyswitch.profiles import files
from keyswitch.profiles.atomic import read_regular
from keyswitch.switching import login_ledger, login_owners
from keyswitch.switching.change import Change, commit
from keyswitch.switching.login_storing import FIELD
from keyswitch.switching.login_target import locks, merged
from keyswitch.switching.logins import Logins
from keyswitch.targets.claude_code.files import FILE_LIMIT

if TYPE_CHECKING:
    from keyswitch.switching.login_ledger import Generation
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.files import Locations


def _open(workspace: Workspace) -> tuple[Locations, bytes | None, Logins]:
    places = workspace.places
    config = read_regular(places.global_config, FILE_LIMIT)
    return places, config, Logins(workspace, places, config)


def look(workspace: Workspace, name: str) -> list[str]:
    """Return what `remove` would take away, one line each."""
    profile, _ = workspace.load(name)
    if profile.provider != "claude-login":
        raise InputError(
            f"'{name}' is no login", f"keyswitch revoke-local {name}"
        )
    places, _, logins = _open(workspace)
    found = [
        f"{g.store}: generation {g.generation} of '{name}', kept {g.at}"
        for g in logins.ledger.generations.get(name, ())
    ]
    found += [
        f"{g.store}: an earlier state of '{name}', kept {g.at}"
        for g in _orphans_of(logins, name)
    ]
    if not found and FIELD in profile.secrets:
        found.append(f"{profile.secrets[FIELD].store}: '{name}'")
    own = workspace.paths.folder_of(name) + "/.credentials.json"
    if os.path.exists(own):
        found.append(f"{own}: claudeAiOauth")
    if _is_live(logins, name):
        found.append(f"{logins.place.where}: claudeAiOauth")
        found.append(f"{places.global_config}: oauthAccount")
    return found


def _is_live(logins: Logins, name: str) -> bool:
    live = logins.live()
    return live.usable and logins.owner_of(live) == name


def remove(workspace: Workspace, name: str) -> None:
    """Remove the tokens; the profile stays, without a login."""
    if os.path.isdir(workspace.paths.folder_of(name)):
        from keyswitch.switching import isolation

        isolation.move_out(workspace, name)

    def plan() -> Change:
        places, config, logins = _open(workspace)
        if _is_live(logins, name):
            _take_out(logins, name)
        for orphan in _orphans_of(logins, name):
            logins.forget_orphan(orphan)
        logins.ledger, gone = login_ledger.without_profile(logins.ledger, name)
        profile, data = workspace.load(name)
        refs = {g.ref.item: g.ref for g in gone}
        if FIELD in profile.secrets:
            refs[profile.secrets[FIELD].item] = profile.secrets[FIELD]
        kept = {k: v for k, v in profile.secrets.items() if k != FIELD}
        text = files.edited(
            data.decode("utf-8"), replace(profile, secrets=kept)
        )
        done = logins.finished()
        foreign = [*done.files, *merged(places, config, logins.config)]
        return Change(
            command="logout",
            profile=name,
            own=(
                FileChange(workspace.paths.profile(name), data, text.encode()),
            ),
            foreign=tuple(foreign),
            locks=locks(places, foreign),
            harvested=tuple(done.created),
            dropped=(*refs.values(), *done.dropped),
            undoable=False,
        )

    commit(workspace, plan)


def _take_out(logins: Logins, name: str) -> None:
    """Take the login out of Claude Code's files, and nobody else's with it."""
    live = logins.live()
    own = login_owners.own_parts(logins, live, name)
    logins.put_in_place(login_owners.left_over(live, own))


def _orphans_of(logins: Logins, name: str) -> list[Generation]:
    """Return what was kept beside the profile's login as earlier states."""
    return [
        orphan
        for orphan in logins.ledger.orphans
        if orphan.tokens
        and login_owners.owner_of_orphan(logins, orphan) == name
    ]
