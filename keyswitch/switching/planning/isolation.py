"""A configuration folder of its own for a profile: two accounts at a time.

A program keeps login, settings and history below the folder that a variable
names. An isolated profile has a folder that no other profile uses; what it
shares with the usual one is linked. A login is in one folder only
(`one_copy.py`).
"""

from __future__ import annotations

import os

from keyswitch.changes.change import commit
from keyswitch.changes.compiling import compiled_active
from keyswitch.changes.draft import Draft
from keyswitch.commit.journal import missing_folders
from keyswitch.compiled import Compiled
from keyswitch.disk.atomic import sync_dir, unusable
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import CleanupLeftError, KeyswitchError
from keyswitch.model import LOGIN_PROVIDER, Profile
from keyswitch.outcome import so_far
from keyswitch.switching.planning import one_copy
from keyswitch.switching.planning.known_folders import own_folder
from keyswitch.switching.planning.planned import Switch, plan_folder
from keyswitch.targets import table
from keyswitch.workspace import Workspace


def shared_of(profile: Profile) -> tuple[str, ...]:
    """Return what a profile's folder shares with the usual one."""
    return (
        table.main().folders.USUAL if profile.shared is None else profile.shared
    )


def prepare(draft: Draft, profile: Profile) -> None:
    """Plan a profile's folder: its links, and its first files."""
    workspace = draft.workspace
    table.main().folders.check(shared_of(profile))
    own = own_folder(workspace, profile.name)
    usual = workspace.places.config_dir
    links, in_the_way = table.main().folders.planned(
        own.config_dir, usual, shared_of(profile)
    )
    draft.link(links)
    draft.notes += [
        f"{path} is not shared: it is a separate file" for path in in_the_way
    ]
    draft.add(
        table.main().folders.first_files(own, workspace.places, draft.settled)
    )


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

    def make(draft: Draft) -> None:
        places = own_folder(workspace, profile.name)
        one_copy.leave_others(draft, profile, places)
        prepare(draft, profile)
        plan_folder(draft, Switch(profile), places)
        if not draft.is_empty:
            draft.command, draft.profile = "use --here", profile.name
            draft.beside = True

    with so_far.aside(f"the folder of '{profile.name}'"):
        _, draft = commit(workspace, make, quiet=True)
    ensure_private_dir(workspace.paths.folder_of(profile.name))
    return draft.told


def move_out(draft: Draft, name: str, told: str = "") -> None:
    """Plan to store the login of a profile's own folder, and take it out.

    Links and history stay. `told` is the name with which the person gets it
    back into place, where that has to be said.
    """
    if not os.path.isdir(draft.workspace.paths.folder_of(name)):
        return
    own = own_folder(draft.workspace, name)
    if told and one_copy.is_live_in(draft, own, name):
        draft.notes.append(
            "the login of its folder was saved; to use it again: keyswitch "
            f"use {told}"
        )
    one_copy.take_out(draft, name, own)


def move_along(draft: Draft, name: str, new: str) -> None:
    """Plan to store the login of a folder that gets another name.

    It stays in the folder's files; a keychain knows the folder by its name.
    """
    own = own_folder(draft.workspace, name)
    in_files = draft.workspace.keychain is None
    if in_files and one_copy.is_live_in(draft, own, name):
        one_copy.keep(draft, own)
    else:
        move_out(draft, name, new)


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
            f"'{profile.name}' was changed, but not its folder: "
            f"{error.message}",
            "the next keyswitch command that uses it makes the folder: "
            f"keyswitch use {profile.name}",
        ) from e


def follow(draft: Draft, profile: Profile) -> None:
    """Plan a profile's folder as its file wants it after an edit."""
    workspace = draft.workspace
    folder = workspace.paths.folder_of(profile.name)
    if profile.isolated:
        prepare(draft, profile)
        if profile.provider == LOGIN_PROVIDER:
            draft.notes.append(
                f"to move its login to its folder: keyswitch use {profile.name}"
            )
    elif os.path.isdir(folder):
        move_out(draft, profile.name, profile.name)
        links, _ = table.main().folders.planned(
            folder, workspace.places.config_dir, ()
        )
        draft.link(links)
