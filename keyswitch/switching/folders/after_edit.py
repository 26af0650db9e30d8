"""Plan the programs' files after an edit, a removal, or an undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.errors import KeyswitchError
from keyswitch.profiles import profile_files as files
from keyswitch.profiles import state
from keyswitch.switching.folders.switch import plan_targets
from keyswitch.switching.planning.planned import plan_keys
from keyswitch.switching.planning.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.changes.draft import Draft
    from keyswitch.changes.login_ledger import Moved
    from keyswitch.model import Profile, SecretRef
    from keyswitch.workspace import Workspace


def plan_follow(
    workspace: Workspace, draft: Draft, old: Profile, new: Profile
) -> None:
    """Plan the target after a profile's edit, if it concerns the target."""
    kept = {ref.item for ref in new.secrets.values()}
    gone = [ref for ref in old.secrets.values() if ref.item not in kept]
    active = state.read(workspace.paths).active
    if active == old.name:
        _plan_follow_target(workspace, draft, new, gone)
    else:
        plan_others(workspace, draft, {new.name: new}, gone)


def _plan_follow_target(
    workspace: Workspace,
    draft: Draft,
    profile: Profile,
    gone: Sequence[SecretRef],
) -> None:
    """Plan the active profile's files anew, without taking sides."""
    switch = Switch(profile, gone, moves_login=False, keep_changed=True)
    plan_targets(workspace, draft, switch)


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
        profile = altered[active]
        _plan_follow_target(workspace, draft, profile, gone)
    elif active:
        _plan_keys(workspace, draft, active, altered, gone)


def _plan_keys(
    workspace: Workspace,
    draft: Draft,
    active: str,
    altered: Mapping[str, Profile],
    gone: Sequence[SecretRef],
) -> None:
    try:
        profile, _ = workspace.load(active)
    except KeyswitchError:
        return
    switch = Switch(profile, gone, altered=altered)
    plan_keys(workspace, draft, switch, workspace.places)


def plan_back(
    workspace: Workspace,
    draft: Draft,
    moved: Moved | None,
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
