"""What follows a profile's edit, its new name, its removal, and an undo.

The programs' files, the ledger of logins, and a configuration folder of its
own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.changes import login_ledger
from keyswitch.commit.journal import Folder
from keyswitch.errors import InputError, KeyswitchError
from keyswitch.model import LOGIN_PROVIDER
from keyswitch.profiles import profile_files as files
from keyswitch.profiles import state
from keyswitch.switching.planning.all_folders import plan_targets
from keyswitch.switching.planning.planned import Switch, plan_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.changes.draft import Draft
    from keyswitch.changes.login_ledger import Ledger
    from keyswitch.model import MovedLogin, Profile, SecretRef
    from keyswitch.workspace import Workspace


def plan_follow(
    workspace: Workspace, draft: Draft, old: Profile, new: Profile
) -> None:
    """Plan the target after a profile's edit, if it concerns the target."""
    kept = {ref.item for ref in new.secrets.values()}
    gone = [ref for ref in old.secrets.values() if ref.item not in kept]
    # Its former name, if it gets another one, is that of the active profile.
    plan_others(workspace, draft, {old.name: new}, gone)


def plan_leave(workspace: Workspace, draft: Draft, profile: Profile) -> None:
    """Plan the target after a profile was removed."""
    gone = list(profile.secrets.values())
    if state.read(workspace.paths).active == profile.name:
        plan_targets(workspace, draft, Switch(None, gone, moves_login=False))
    else:
        plan_others(workspace, draft, {}, gone)


def plan_others(
    workspace: Workspace,
    draft: Draft,
    altered: Mapping[str, Profile],
    gone: Sequence[SecretRef],
) -> None:
    """Plan the target after profiles were written at once.

    A program may have to be told of their keys, also while another profile
    is active.
    """
    active = state.read(workspace.paths).active
    if active in altered:
        # Without taking sides.
        switch = Switch(
            altered[active], gone, moves_login=False, keep_changed=True
        )
        plan_targets(workspace, draft, switch)
    elif active:
        try:
            profile, _ = workspace.load(active)
        except KeyswitchError:
            return
        switch = Switch(profile, gone, altered=altered)
        plan_keys(workspace, draft, switch, workspace.places)


def plan_back(
    workspace: Workspace,
    draft: Draft,
    moved: MovedLogin | None,
    *,
    keeps_own: bool = False,
) -> Profile | None:
    """Plan the target for an undo; return the profile that is active then.

    The login moves only if the change had moved it. `keeps_own`: a profile's
    own folder gets its former name, and is planned with that.
    """
    pointer = draft.pointer
    active = (pointer or state.read(workspace.paths)).active
    path = workspace.paths.profile(active) if active else ""
    comes_back = bool(path) and draft.names(path)
    profile = None
    if pointer is None and not comes_back:
        return workspace.load(active)[0] if active else None
    if comes_back:
        text = draft.read(path, files.PROFILE_LIMIT)
        profile = None if text is None else files.parse(text.decode(), path)
    elif active:
        profile, _ = workspace.load(active)
    if not (keeps_own and profile is not None and profile.isolated):
        switch = Switch(
            profile, moves_login=False, back=moved, keep_changed=True
        )
        plan_targets(workspace, draft, switch)
    switches = pointer is not None and not keeps_own
    if draft.conflicts and switches:  # after an edit they are left, and named
        raise KeyswitchError(
            f"{draft.conflicts[0]} was changed since by somebody else",
            "switch yourself: keyswitch use NAME, or keyswitch off",
        )
    return profile


def rename_logins(
    workspace: Workspace, draft: Draft, old: str, new: str
) -> None:
    """Let the ledger follow a profile's new name."""
    ledger = _renamed(workspace, draft.ledger(workspace.paths), old, new)
    draft.write_ledger(workspace.paths, ledger)


def _renamed(
    workspace: Workspace, ledger: Ledger, old: str, new: str
) -> Ledger:
    """Return the ledger with a profile's name, and its folder's, changed."""
    ledger = login_ledger.renamed(ledger, old, new)
    before = workspace.paths.folder_of(old)
    after = workspace.paths.folder_of(new)
    folders = {
        after if path == before else path: found
        for path, found in ledger.folders.items()
    }
    return ledger._replace(folders=folders)


def remove_logins(workspace: Workspace, draft: Draft, profile: Profile) -> None:
    """Take a removed profile out of the ledger.

    The newest generation waits for `undo` like any secret; the older ones
    have been superseded, but for those that may be another account's. A login
    that is live stays where it is.
    """
    before = draft.ledger(workspace.paths)
    ledger = login_ledger.with_unsure_apart(before, profile.name)
    if apart := len(ledger.orphans) - len(before.orphans):
        draft.notes.append(_kept_apart(profile.name, apart))
    ledger, gone = login_ledger.without_profile(ledger, profile.name)
    draft.write_ledger(workspace.paths, ledger)
    kept = {ref.item for ref in profile.secrets.values()}
    draft.dropped += [g.ref for g in gone if g.item not in kept]


def _kept_apart(name: str, count: int) -> str:
    logins = "1 older login" if count == 1 else f"{count} older logins"
    return (
        f"{logins} of '{name}' may be another account's and stay in the "
        "store: 'keyswitch login NAME --orphan' gives the newest one to a "
        "profile"
    )


def take_back_logins(
    workspace: Workspace,
    draft: Draft,
    gone: set[str],
    names: tuple[str, str] | None,
) -> None:
    """Bring the ledger in step with an undo.

    `gone` are store items that the undone change had made: a login that only
    they hold is not stored any more. `names`: the present and former name of
    a profile whose new name is taken back.
    """
    ledger = draft.ledger(workspace.paths)
    ledger = login_ledger.without_items(ledger, gone)
    if names is not None:
        ledger = _renamed(workspace, ledger, *names)
    draft.write_ledger(workspace.paths, ledger)


def refuse_second_owner(profile: Profile) -> None:
    """Raise if a profile is a login, of which there can be one copy only."""
    if profile.provider == LOGIN_PROVIDER:
        raise InputError(
            f"'{profile.name}' is a login, and a second copy of one stops "
            "working when the first is renewed",
            "log in once more under another name: keyswitch login NAME",
        )


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
            f"there is something of a former profile '{new}': {target}",
            "move away what you want of it, then delete it",
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
