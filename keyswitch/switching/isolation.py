"""A configuration folder of its own for a profile: two accounts at a time.

Claude Code keeps login, settings and history below `CLAUDE_CONFIG_DIR`. An
isolated profile has a folder there that no other profile uses; what it shares
with the usual one is linked. A login is in one folder only, because the first
renewal of one copy ends the other.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from keyswitch.errors import CleanupLeftError, InputError, KeyswitchError
from keyswitch.profiles import atomic
from keyswitch.profiles.atomic import read_regular, unusable, write_private
from keyswitch.profiles.paths import ensure_private_dir
from keyswitch.switching import login_moves, login_target
from keyswitch.switching.change import Change, commit
from keyswitch.switching.login_names import PROVIDER
from keyswitch.switching.logins import Logins
from keyswitch.switching.target import TargetPlan, plan_target
from keyswitch.targets.claude_code import sharing
from keyswitch.targets.claude_code.files import (
    CONFIG_VARIABLE,
    FILE_LIMIT,
    locations,
)
from keyswitch.targets.claude_code.login_parts import Parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.model import Profile, SecretRef
    from keyswitch.switching.compiled import Compiled
    from keyswitch.switching.profile_changes import NewSecret
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.files import Locations

# Of `.claude.json`: what would otherwise be asked again in every folder.
_ASKED_ONCE = (
    "hasCompletedOnboarding",
    "lastOnboardingVersion",
    "theme",
    "editorMode",
)


def places_of(workspace: Workspace, name: str) -> Locations:
    """Return where Claude Code's files are in a profile's own folder."""
    given = {CONFIG_VARIABLE: workspace.paths.folder_of(name)}
    return locations(given, workspace.home, workspace.cwd)


def shared_of(profile: Profile) -> tuple[str, ...]:
    """Return what a profile's folder shares with the usual one."""
    return sharing.USUAL if profile.shared is None else profile.shared


def prepare(workspace: Workspace, profile: Profile) -> list[str]:
    """Make a profile's folder and its links; return what is to be said."""
    sharing.check(shared_of(profile))
    folder = _make_folder(workspace, profile.name)
    usual = workspace.places.config_dir
    stays = sharing.settle(folder, usual, shared_of(profile))
    _first_config(workspace, places_of(workspace, profile.name))
    return [f"{path} is not shared: it is a file of its own" for path in stays]


def _make_folder(workspace: Workspace, name: str) -> str:
    parent = workspace.paths.folders_dir
    ensure_private_dir(parent)
    folder = workspace.paths.folder_of(name)
    made = not os.path.isdir(folder)
    ensure_private_dir(folder)
    if made:
        atomic.sync_dir(parent)
        atomic.sync_dir(os.path.dirname(parent))
    return folder


def _first_config(workspace: Workspace, own: Locations) -> None:
    """Spare the person the questions that were answered already."""
    if os.path.exists(own.global_config):
        return
    data = read_regular(workspace.places.global_config, FILE_LIMIT)
    try:
        document = json.loads(data) if data else {}
    except (ValueError, RecursionError):
        return
    if not isinstance(document, dict):
        return
    kept = {k: document[k] for k in _ASKED_ONCE if k in document}
    if kept:
        text = json.dumps(kept, indent=2)
        write_private(
            own.global_config, text.encode(), stage_in=workspace.paths.data
        )


def plan_both(
    workspace: Workspace,
    profile: Profile,
    fresh: Mapping[str, NewSecret] | None,
    without: Sequence[SecretRef],
    *,
    moves_login: bool,
) -> TargetPlan:
    """Plan the own folder for a profile, and the usual one for none."""
    _make_folder(workspace, profile.name)
    usual = plan_target(workspace, None, moves_login=False)
    own = plan_target(
        workspace,
        profile,
        fresh,
        without,
        moves_login=moves_login,
        places=places_of(workspace, profile.name),
    )
    # The one file that both speak of is for the profile to say.
    shared = workspace.paths.aws_config_file
    files = [c for c in usual.files if c.path != shared]
    return TargetPlan(
        (*files, *own.files),
        (*usual.locks, *own.locks),
        (*usual.created, *own.created),
        (*usual.dropped, *own.dropped),
        usual.conflicts + own.conflicts,
        own.harvested,
        usual.notes + own.notes,
    )


def leave_others(
    workspace: Workspace, profile: Profile, target: Locations
) -> list[str]:
    """See that a login that moves to a folder is in no other one.

    Raises InputError where that would end what somebody uses by choice: the
    usual folder's login, for a profile that is not isolated.
    """
    if profile.provider != PROVIDER:
        return []
    usual, said = workspace.places, []
    for places in _known_folders(workspace, profile.name):
        if places.config_dir == target.config_dir or not _is_live_in(
            workspace, places, profile.name
        ):
            continue
        if places == usual and not profile.isolated:
            raise InputError(
                f"the login of '{profile.name}' is in use in "
                f"{usual.config_dir}, and a second copy would stop working",
                "switch that one first: keyswitch use OTHER, or keyswitch off",
            )
        _take_out(workspace, profile.name, places)
        said.append(
            f"its login moved from {places.config_dir} to {target.config_dir}"
        )
    return said


def _known_folders(workspace: Workspace, name: str) -> list[Locations]:
    """Return the folders that keyswitch ever put a login into."""
    usual, own = workspace.places, places_of(workspace, name)
    found = [usual, own]
    default = os.path.join(workspace.home, ".claude")
    for folder in _logins(workspace, usual).ledger.folders:
        given = {} if folder == default else {CONFIG_VARIABLE: folder}
        if folder not in (usual.config_dir, own.config_dir):
            found.append(locations(given, workspace.home, workspace.cwd))
    return found


def in_usual_folder(workspace: Workspace, name: str) -> bool:
    """Tell whether a profile's login is the one of the usual folder."""
    return _is_live_in(workspace, workspace.places, name)


def _is_live_in(workspace: Workspace, places: Locations, name: str) -> bool:
    logins = _logins(workspace, places)
    live = logins.live()
    return live.usable and logins.owner_of(live) == name


def _logins(workspace: Workspace, places: Locations) -> Logins:
    config = read_regular(places.global_config, FILE_LIMIT)
    return Logins(workspace, places, config)


def wants_folder(workspace: Workspace, compiled: Compiled) -> bool:
    """Tell whether a terminal's own choice needs a folder beside the usual.

    A login does, and what Claude Code's usual files would lead elsewhere.
    """
    from keyswitch.switching.other_way import goes_elsewhere

    own = (CONFIG_VARIABLE, workspace.paths.folder_of(compiled.name))
    return (
        compiled.provider == PROVIDER
        or own in compiled.literals
        or os.path.isdir(own[1])
        or goes_elsewhere(
            workspace.paths,
            compiled,
            workspace.compiled_active(),
            workspace.environ,
        )
    )


def move_in(workspace: Workspace, profile: Profile) -> list[str]:
    """Make the own folder ready for this profile, beside what is active."""
    places = places_of(workspace, profile.name)
    notes = prepare(workspace, profile)
    notes += leave_others(workspace, profile, places)
    said: list[str] = []

    def make() -> Change | None:
        target = plan_target(workspace, profile, places=places)
        said[:] = target.notes
        if not target.files:
            return None
        return _beside("use --here", profile.name, target)

    commit(workspace, make)
    return notes + said


def move_out(workspace: Workspace, name: str) -> None:
    """Store the login of a profile's own folder, and take it out of there.

    Links and history stay.
    """
    places = places_of(workspace, name)
    if os.path.exists(places.credentials) or workspace.keychain is not None:
        _take_out(workspace, name, places)


def _take_out(workspace: Workspace, name: str, places: Locations) -> None:
    def make() -> Change | None:
        config = read_regular(places.global_config, FILE_LIMIT)
        logins = Logins(workspace, places, config)
        live = logins.live()
        if not live.usable:
            return None
        folder = logins.folder()
        usual = places == workspace.places
        if usual and folder.before and folder.before_name != name:
            login_moves.give_back(logins)
        else:
            logins.keep_live(live)
            logins.put_in_place(Parts({}))
            logins.set_folder(None)
        done = logins.finished()
        files = [*done.files, *done.profiles]
        files += login_target.merged(places, config, logins.config)
        result = TargetPlan(
            tuple(files),
            locks=login_target.locks(places, files),
            harvested=tuple(done.created),
            dropped=tuple(done.dropped),
        )
        return _beside("move login", name, result)

    commit(workspace, make)


def _beside(command: str, name: str, target: TargetPlan) -> Change:
    return Change(
        command=command,
        profile=name,
        foreign=target.files,
        locks=target.locks,
        created=target.created,
        harvested=target.harvested,
        dropped=target.dropped,
        beside=True,
    )


def follow(workspace: Workspace, profile: Profile) -> list[str]:
    """Bring a profile's folder in line with what its file says now.

    Its file is changed by then, so CleanupLeftError is all that may be raised.
    """
    try:
        return _followed(workspace, profile)
    except CleanupLeftError:
        raise
    except (KeyswitchError, OSError) as e:
        folder = workspace.paths.folder_of(profile.name)
        error = unusable(folder, e) if isinstance(e, OSError) else e
        raise CleanupLeftError(
            f"'{profile.name}' is changed, but not its folder: {error.message}",
            "the next keyswitch command that uses it tries again: "
            f"keyswitch use {profile.name}",
        ) from e


def _followed(workspace: Workspace, profile: Profile) -> list[str]:
    folder = workspace.paths.folder_of(profile.name)
    if profile.isolated:
        said = prepare(workspace, profile)
        if profile.provider == PROVIDER:
            said.append(
                f"its login moves to its folder with 'keyswitch use "
                f"{profile.name}'"
            )
        return said
    if os.path.isdir(folder):
        move_out(workspace, profile.name)
        sharing.settle(folder, workspace.places.config_dir, ())
    return []
