"""A configuration folder of its own for a profile: two accounts at a time.

A program keeps login, settings and history below the folder that a variable
names. An isolated profile has a folder that no other profile uses; what it
shares with the usual one is linked. A login is in one folder only
(`one_copy.py`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.changes.change import commit
from keyswitch.changes.compiling import compiled_active
from keyswitch.changes.draft import Draft
from keyswitch.commit.journal import missing_folders
from keyswitch.disk.atomic import sync_dir, unusable
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import CleanupLeftError, KeyswitchError
from keyswitch.model import LOGIN_PROVIDER
from keyswitch.switching.planning import one_copy
from keyswitch.switching.planning.known_folders import own_folder
from keyswitch.switching.planning.planned import Switch, plan_folder, reading
from keyswitch.targets import table

if TYPE_CHECKING:
    from keyswitch.compiled import Compiled
    from keyswitch.model import Profile
    from keyswitch.workspace import Workspace


def shared_of(profile: Profile) -> tuple[str, ...]:
    """Return what a profile's folder shares with the usual one."""
    return (
        table.main().folders.USUAL if profile.shared is None else profile.shared
    )


def prepare(workspace: Workspace, draft: Draft, profile: Profile) -> None:
    """Plan a profile's folder: its links, and its first files."""
    table.main().folders.check(shared_of(profile))
    own = own_folder(workspace, profile.name)
    usual = workspace.places.config_dir
    links, in_the_way = table.main().folders.planned(
        own.config_dir, usual, shared_of(profile)
    )
    draft.link(links)
    draft.notes += [
        f"{path} is not shared: it is a file of its own" for path in in_the_way
    ]
    read = reading(draft)
    draft.add(table.main().folders.first_files(own, workspace.places, read))


def plan_both(
    workspace: Workspace, draft: Draft, switch: Switch, profile: Profile
) -> None:
    """Plan a profile's own folder for it, and the usual one for none."""
    none = Switch(None, moves_login=False)
    plan_folder(workspace, draft, none, workspace.places)
    prepare(workspace, draft, profile)
    own = own_folder(workspace, profile.name)
    plan_folder(workspace, draft, switch, own)


def in_usual_folder(workspace: Workspace, name: str) -> bool:
    """Tell whether a profile's login is the one of the usual folder."""
    return one_copy.is_live_in(workspace, Draft(), workspace.places, name)


def wants_folder(workspace: Workspace, compiled: Compiled) -> bool:
    """Tell whether a terminal's own choice needs a folder beside the usual.

    A login does, and what Claude Code's usual files would lead elsewhere.
    """
    from keyswitch.terminal.active_settings import come_first

    folder = workspace.paths.folder_of(compiled.name)
    own = (table.main().folder_variable, folder)
    return (
        compiled.provider == LOGIN_PROVIDER
        or own in compiled.literals
        or os.path.isdir(folder)
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
        places = own_folder(workspace, profile.name)
        one_copy.leave_others(workspace, draft, profile, places)
        prepare(workspace, draft, profile)
        plan_folder(workspace, draft, Switch(profile), places)
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
        one_copy.take_out(workspace, draft, name, own_folder(workspace, name))


def move_along(workspace: Workspace, draft: Draft, name: str, new: str) -> None:
    """Plan to store the login of a folder that gets another name.

    It stays in the folder's files; a keychain knows the folder by its name.
    """
    own = own_folder(workspace, name)
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
            made = missing_folders(os.path.join(folder, "settings.json"))
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
        if profile.provider == LOGIN_PROVIDER:
            draft.notes.append(
                "its login moves to its folder with 'keyswitch use "
                f"{profile.name}'"
            )
    elif os.path.isdir(folder):
        own = own_folder(workspace, profile.name)
        if one_copy.is_live_in(workspace, draft, own, profile.name):
            draft.notes.append(_kept_apart(profile.name))
        move_out(workspace, draft, profile.name)
        links, _ = table.main().folders.planned(
            folder, workspace.places.config_dir, ()
        )
        draft.link(links)
