"""What follows a profile's edit, its new name, its removal, and an undo.

The programs' files, the ledger of logins, and a configuration folder of its
own.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence

from keyswitch.changes import login_ledger
from keyswitch.changes.draft import Draft
from keyswitch.commit.journal import Folder
from keyswitch.errors import InputError, KeyswitchError
from keyswitch.model import MovedLogin, Profile, SecretRef
from keyswitch.profiles import state
from keyswitch.switching.planning.all_folders import (
    plan_elsewhere,
    plan_targets,
)
from keyswitch.switching.planning.planned import Switch, plan_keys
from keyswitch.workspace import Workspace


def plan_follow(
    draft: Draft,
    altered: Mapping[str, Profile | None],
    gone: Sequence[SecretRef] = (),
) -> None:
    """Plan the programs' files after profiles were written or removed.

    `altered` are the profiles, by their former names; None: it was removed. A
    program may have to be told of their keys, also while another profile is
    active.
    """
    workspace = draft.workspace
    active = state.read(workspace.paths).active
    if active in altered:
        # Without taking sides.
        profile = altered[active]
        keeps = profile is not None
        switch = Switch(profile, gone, moves_login=False, keep_changed=keeps)
        plan_targets(draft, switch)
        plan_elsewhere(draft, profile)
    elif active:
        try:
            profile, _ = workspace.load(active)
        except KeyswitchError:
            return
        written = {name: p for name, p in altered.items() if p is not None}
        switch = Switch(profile, gone, altered=written)
        plan_keys(draft, switch, workspace.places)


def plan_back(
    draft: Draft, moved: MovedLogin | None, *, keeps_own: bool = False
) -> Profile | None:
    """Plan the target for an undo; return the profile that is active then.

    The login moves only if the change had moved it. `keeps_own`: a profile's
    own folder gets its former name, and is planned with that.
    """
    workspace = draft.workspace
    pointer = draft.pointer
    active = (pointer or state.read(workspace.paths)).active
    path = workspace.paths.profile(active) if active else ""
    comes_back = bool(path) and draft.names(path)
    profile = None
    if active and not (comes_back and draft.read(path) is None):
        profile, _ = draft.load(active)
    if pointer is None and not comes_back:
        return profile
    if not (keeps_own and profile is not None and profile.isolated):
        switch = Switch(
            profile, moves_login=False, back=moved, keep_changed=True
        )
        plan_targets(draft, switch)
    switches = pointer is not None and not keeps_own
    if draft.conflicts and switches:  # after an edit they are left, and named
        raise KeyswitchError(
            f"{draft.conflicts[0]} has changed since",
            "switch yourself: keyswitch use NAME, or keyswitch off",
        )
    return profile


def remove_logins(draft: Draft, profile: Profile) -> None:
    """Take a removed profile out of the ledger.

    The newest generation waits for `undo` like any secret; the older ones
    have been superseded, but for those that may be another account's. A login
    that is live stays where it is.
    """
    before = draft.ledger()
    ledger = login_ledger.with_unsure_apart(before, profile.name)
    if apart := len(ledger.orphans) - len(before.orphans):
        logins = "1 older login" if apart == 1 else f"{apart} older logins"
        draft.notes.append(
            f"{logins} of '{profile.name}' may belong to another account and "
            "stay in the store; to make the newest one a profile: keyswitch "
            "login NAME --orphan"
        )
    ledger, gone = login_ledger.without_profile(ledger, profile.name)
    draft.write_ledger(ledger)
    kept = {ref.item for ref in profile.secrets.values()}
    draft.dropped += [g.ref for g in gone if g.item not in kept]


def update_logins(
    draft: Draft,
    names: tuple[str, str] | None,
    gone: Collection[str] = (),
) -> None:
    """Bring the ledger in step with a profile's new name, or with an undo.

    `names`: what it was, and what it is from now on. `gone` are store items
    that an undone change had made: what only they hold is not stored any more.
    """
    ledger = draft.ledger()
    if gone:
        ledger = login_ledger.without_items(ledger, gone)
    if names is not None:
        ledger = login_ledger.renamed(ledger, *names)
        before, after = map(draft.workspace.paths.folder_of, names)
        folders = {
            after if path == before else path: found
            for path, found in ledger.folders.items()
        }
        ledger = ledger._replace(folders=folders)
    draft.write_ledger(ledger)


def renamed_folder(
    workspace: Workspace, old: str, new: str
) -> tuple[Folder, ...]:
    """Return what gives a profile's folder, if it has one, the new name."""
    source = workspace.paths.folder_of(old)
    if not os.path.isdir(source):
        return ()
    target = workspace.paths.folder_of(new)
    if not _is_free(target):
        raise InputError(
            f"a former profile '{new}' left {target}",
            "move what you want to keep, then delete it",
        )
    return (Folder(source, target),)


def _is_free(folder: str) -> bool:
    """Tell whether a folder can get that name: there is nothing in it."""
    if os.path.islink(folder):
        return False
    try:
        return not os.listdir(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
