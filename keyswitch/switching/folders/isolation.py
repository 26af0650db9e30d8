"""A configuration folder of its own for a profile: two accounts at a time.

Claude Code keeps login, settings and history below `CLAUDE_CONFIG_DIR`. An
isolated profile has a folder there that no other profile uses; what it shares
with the usual one is linked. A login is in one folder only (`one_copy.py`).
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from keyswitch.changes.change import commit
from keyswitch.changes.compiling import compiled_active
from keyswitch.changes.draft import Draft
from keyswitch.commit.made_folders import missing
from keyswitch.disk.atomic import sync_dir, unusable
from keyswitch.disk.private_folders import ensure_private_dir
from keyswitch.errors import CleanupLeftError, KeyswitchError
from keyswitch.switching.folders import one_copy
from keyswitch.switching.logins.names import PROVIDER
from keyswitch.switching.planning.one_folder import plan_folder
from keyswitch.targets.claude_code import sharing
from keyswitch.targets.claude_code.files import (
    CONFIG_VARIABLE,
    FILE_LIMIT,
    locations,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.compiled import Compiled
    from keyswitch.model import Profile, SecretRef
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.workspace import Workspace

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


def prepare(workspace: Workspace, draft: Draft, profile: Profile) -> None:
    """Plan a profile's folder: its links, and a first `.claude.json`."""
    sharing.check(shared_of(profile))
    own = places_of(workspace, profile.name)
    usual = workspace.places.config_dir
    links, in_the_way = sharing.planned(
        own.config_dir, usual, shared_of(profile)
    )
    draft.link(links)
    draft.notes += [
        f"{path} is not shared: it is a file of its own" for path in in_the_way
    ]
    if draft.read(own.global_config, FILE_LIMIT) is None:
        first = _first_config(workspace, draft)
        draft.write(own.global_config, first, limit=FILE_LIMIT)


def _first_config(workspace: Workspace, draft: Draft) -> bytes | None:
    """Spare the person the questions that were answered already."""
    data = draft.read(workspace.places.global_config, FILE_LIMIT)
    try:
        document = json.loads(data) if data else {}
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    kept = {k: document[k] for k in _ASKED_ONCE if k in document}
    return json.dumps(kept, indent=2).encode() if kept else None


def plan_both(  # noqa: PLR0913
    workspace: Workspace,
    draft: Draft,
    profile: Profile,
    without: Sequence[SecretRef],
    *,
    moves_login: bool,
    keep_changed: bool,
) -> None:
    """Plan the own folder for a profile, and the usual one for none."""
    plan_folder(workspace, draft, None, moves_login=False)
    prepare(workspace, draft, profile)
    plan_folder(
        workspace,
        draft,
        profile,
        without,
        moves_login=moves_login,
        keep_changed=keep_changed,
        places=places_of(workspace, profile.name),
    )


def in_usual_folder(workspace: Workspace, name: str) -> bool:
    """Tell whether a profile's login is the one of the usual folder."""
    return one_copy.is_live_in(workspace, Draft(), workspace.places, name)


def wants_folder(workspace: Workspace, compiled: Compiled) -> bool:
    """Tell whether a terminal's own choice needs a folder beside the usual.

    A login does, and what Claude Code's usual files would lead elsewhere.
    """
    from keyswitch.terminal.active_settings import come_first

    own = (CONFIG_VARIABLE, workspace.paths.folder_of(compiled.name))
    return (
        compiled.provider == PROVIDER
        or own in compiled.literals
        or os.path.isdir(own[1])
        or come_first(
            workspace.paths,
            compiled,
            compiled_active(workspace),
            workspace.environ,
        )
    )


def move_in(workspace: Workspace, profile: Profile) -> list[str]:
    """Make the own folder ready for this profile, beside what is active.

    Return what there is to say about it.
    """
    said: list[str] = []

    def make(draft: Draft) -> None:
        places = places_of(workspace, profile.name)
        one_copy.leave_others(workspace, draft, profile, places)
        prepare(workspace, draft, profile)
        plan_folder(workspace, draft, profile, places=places)
        if not draft.is_empty:
            draft.command, draft.profile = "use --here", profile.name
            draft.beside = True

    commit(workspace, make, tell=said.append)
    ensure_private_dir(workspace.paths.folder_of(profile.name))
    return said


def move_out(workspace: Workspace, draft: Draft, name: str) -> None:
    """Plan to store the login of a profile's own folder, and take it out.

    Links and history stay.
    """
    if os.path.isdir(workspace.paths.folder_of(name)):
        one_copy.take_out(workspace, draft, name, places_of(workspace, name))


def move_along(workspace: Workspace, draft: Draft, name: str, new: str) -> None:
    """Plan to store the login of a folder that gets another name.

    It stays in the folder's files; a keychain knows the folder by its name.
    """
    own = places_of(workspace, name)
    is_live = one_copy.is_live_in(workspace, draft, own, name)
    if is_live and workspace.keychain is None:
        one_copy.keep(workspace, draft, own)
        return
    if is_live:
        draft.notes.append(_kept_apart(new))
    move_out(workspace, draft, name)


def _kept_apart(name: str) -> str:
    return (
        "the login of its folder is kept, and in place again with "
        f"'keyswitch use {name}'"
    )


def make_folder(workspace: Workspace, profile: Profile) -> None:
    """Make an isolated profile's folder, once its file says so.

    The file is changed by then, so CleanupLeftError is all that is raised.
    """
    folder = workspace.paths.folder_of(profile.name)
    try:
        if profile.isolated:
            made = missing(os.path.join(folder, "settings.json"))
            ensure_private_dir(folder)
            for path in made:
                sync_dir(os.path.dirname(path))  # or a power cut undoes it
    except (KeyswitchError, OSError) as e:
        error = unusable(folder, e) if isinstance(e, OSError) else e
        raise CleanupLeftError(
            f"'{profile.name}' is changed, but not its folder: {error.message}",
            "the next keyswitch command that uses it tries again: "
            f"keyswitch use {profile.name}",
        ) from e


def follow(workspace: Workspace, draft: Draft, profile: Profile) -> None:
    """Plan a profile's folder as its file wants it after an edit."""
    folder = workspace.paths.folder_of(profile.name)
    if profile.isolated:
        prepare(workspace, draft, profile)
        if profile.provider == PROVIDER:
            draft.notes.append(
                "its login moves to its folder with 'keyswitch use "
                f"{profile.name}'"
            )
    elif os.path.isdir(folder):
        own = places_of(workspace, profile.name)
        if one_copy.is_live_in(workspace, draft, own, profile.name):
            draft.notes.append(_kept_apart(profile.name))
        move_out(workspace, draft, profile.name)
        links, _ = sharing.planned(folder, workspace.places.config_dir, ())
        draft.link(links)
