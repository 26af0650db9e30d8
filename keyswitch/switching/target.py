"""What a change means for Claude Code's files and our record of them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyswitch.errors import KeyswitchError
from keyswitch.model import FileChange
from keyswitch.profiles import files, state
from keyswitch.switching import (
    approvals,
    displaced,
)
from keyswitch.targets.claude_code import baseline as records_of
from keyswitch.targets.claude_code import plan as planning
from keyswitch.targets.claude_code import wanted
from keyswitch.targets.claude_code.baseline import Baseline
from keyswitch.targets.claude_code.files import FILE_LIMIT
from keyswitch.targets.claude_code.locks import LockSpec, config_lock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.model import Profile, SecretRef
    from keyswitch.profiles.state import State
    from keyswitch.switching.login_ledger import Moved
    from keyswitch.switching.profile_changes import NewSecret
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.files import Locations


_RECORD_LIMIT = 1 << 24  # bytes


@dataclass(slots=True)
class TargetPlan:
    """What a change does to Claude Code's files, and to our record of them."""

    files: tuple[FileChange, ...] = ()
    locks: tuple[LockSpec, ...] = ()
    created: tuple[SecretRef, ...] = ()
    dropped: tuple[SecretRef, ...] = ()
    conflicts: list[str] = field(default_factory=list)
    # Logins that were stored on the way: an undo does not take these back.
    harvested: tuple[SecretRef, ...] = ()
    notes: list[str] = field(default_factory=list)
    moved: Moved | None = None  # the login, if it was


def record_path(workspace: Workspace, places: Locations) -> str:
    """Return the file that records one configuration folder's baseline."""
    name = hashlib.sha256(places.config_dir.encode()).hexdigest()[:16]
    return os.path.join(workspace.paths.baseline_dir, f"{name}.json")


def plan_target(  # noqa: PLR0913
    workspace: Workspace,
    profile: Profile | None,
    fresh: Mapping[str, NewSecret] | None = None,
    without: Sequence[SecretRef] = (),
    *,
    moves_login: bool = True,
    places: Locations | None = None,
    back: Moved | None = None,
) -> TargetPlan:
    """Plan Claude Code's files for a profile, or for none.

    `fresh` are secrets that the same change stores; `without` are items that
    it takes away. Not `moves_login`: the login that is there stays. `places`
    are those of an isolated profile's own folder. `back`: the login becomes
    what it was before this move.
    """
    from keyswitch.profiles.atomic import read_regular

    if places is None and profile is not None and profile.isolated:
        from keyswitch.switching.isolation import plan_both

        return plan_both(
            workspace, profile, fresh, without, moves_login=moves_login
        )
    shares_settings = places is not None and os.path.islink(places.settings)
    places = places or workspace.places
    path = record_path(workspace, places)
    before = read_regular(path, _RECORD_LIMIT)
    records = records_of.decode(path, before)
    result = TargetPlan()
    changes = []
    if not shares_settings and (
        profile is not None or places.settings in records
    ):
        changes.append(
            _plan_settings(workspace, places, records, profile, result)
        )
    approval = approvals.plan(
        workspace, places, records, profile, fresh or {}, without
    )
    if approval is not None:
        change, record = approval
        records[places.global_config] = record
        changes.append(change)
    changes.append(aws_config(workspace, profile))
    after = records_of.encode(records)
    changes.append(FileChange(path, before, after))
    if back is not None or (moves_login and concerns_login(workspace, profile)):
        # Loaded here, since a switch between keys has no use for it.
        from keyswitch.switching import login_target

        move = login_target.move_of(profile, back)
        login_target.add(workspace, places, move, changes, result)
        return result
    result.files = tuple(c for c in changes if c.before != c.after)
    if any(c.path == places.global_config for c in result.files):
        result.locks = (config_lock(places.global_config),)
    return result


def concerns_login(workspace: Workspace, profile: Profile | None) -> bool:
    """Tell whether a change may put a login in place, or give one back."""
    if profile is None:
        return os.path.exists(workspace.paths.logins_file)
    return profile.provider == "claude-login"


def _plan_settings(
    workspace: Workspace,
    places: Locations,
    records: dict[str, Baseline],
    profile: Profile | None,
    result: TargetPlan,
) -> FileChange:
    """Plan settings.json; what was displaced goes to a secret store."""
    from keyswitch.profiles.atomic import read_regular

    path = places.settings
    observed = read_regular(path, FILE_LIMIT)
    store = displaced.Displaced(workspace)
    plan = planning.plan_settings(
        path,
        observed,
        records.get(path, Baseline()),
        lambda text: edits(workspace, path, text, profile),
        key=workspace.install_key,
        resolve=store.resolve,
        new_token=store.new_token,
    )
    records[path] = plan.baseline
    result.conflicts += [f"{path}: {key}" for key in plan.conflicts]
    result.created = store.write(plan.displaced)
    result.dropped = tuple(displaced.ref_of(t) for t in plan.put_back)
    return FileChange(path, observed, plan.after)


def aws_config(workspace: Workspace, profile: Profile | None) -> FileChange:
    """Plan the AWS configuration file, which only some profiles need."""
    from keyswitch.profiles.atomic import read_regular

    path = workspace.paths.aws_config_file
    before = read_regular(path, _RECORD_LIMIT)
    after = None
    if profile is not None:
        taken = workspace.provider_of(profile).claude_code_for(profile)
        if taken.aws_export:
            command = workspace.command_for(profile.name)
            after = command.aws_config_text(profile.fields["region"])
    return FileChange(path, before, after)


def edits(
    workspace: Workspace, path: str, text: str, profile: Profile | None
) -> list[planning.Edit]:
    """Return what a profile needs in a settings text; none: nothing."""
    if profile is None:
        return []
    provider = workspace.provider_of(profile)
    taken = provider.claude_code_for(profile)
    settings = wanted.wanted_settings(
        taken,
        profile.fields,
        workspace.command_for(profile.name),
        expires="session_token" in profile.secrets,
        cancels=workspace.settings.shell_keys == "cancel",
    )
    return planning.edits_for(path, text, taken, settings, provider.rivals)


def plan_follow(
    workspace: Workspace,
    old: Profile,
    new: Profile,
    fresh: Mapping[str, NewSecret],
) -> TargetPlan:
    """Plan the target after a profile's edit, if it concerns the target."""
    kept = {ref.item for ref in new.secrets.values()}
    gone = [ref for ref in old.secrets.values() if ref.item not in kept]
    active = state.read(workspace.paths).active
    if active == old.name:
        return plan_target(workspace, new, fresh, gone, moves_login=False)
    return _plan_others(workspace, active, {new.name: new}, fresh, gone)


def plan_approval(
    workspace: Workspace, profile: Profile, fresh: Mapping[str, NewSecret]
) -> TargetPlan:
    """Plan the target after a new profile: its key may need approval."""
    active = state.read(workspace.paths).active
    return _plan_others(workspace, active, {profile.name: profile}, fresh, ())


def plan_import(
    workspace: Workspace,
    altered: Mapping[str, Profile],
    fresh: Mapping[str, NewSecret],
    gone: Sequence[SecretRef],
) -> TargetPlan:
    """Plan the target after several profiles were written at once."""
    active = state.read(workspace.paths).active
    if active in altered:
        profile = altered[active]
        return plan_target(workspace, profile, fresh, gone, moves_login=False)
    return _plan_others(workspace, active, altered, fresh, gone)


def plan_leave(workspace: Workspace, profile: Profile) -> TargetPlan:
    """Plan the target after a profile was removed."""
    active = state.read(workspace.paths).active
    gone = list(profile.secrets.values())
    if active == profile.name:
        return plan_target(workspace, None, None, gone, moves_login=False)
    return _plan_others(workspace, active, {}, {}, gone)


def _plan_others(
    workspace: Workspace,
    active: str,
    altered: Mapping[str, Profile],
    fresh: Mapping[str, NewSecret],
    gone: Sequence[SecretRef],
) -> TargetPlan:
    """Plan approvals only, while another profile is active."""
    if not active or active in altered:
        return TargetPlan()
    return _approvals_only(workspace, active, altered, fresh, gone)


def _approvals_only(
    workspace: Workspace,
    active: str,
    altered: Mapping[str, Profile],
    fresh: Mapping[str, NewSecret],
    gone: Sequence[SecretRef],
) -> TargetPlan:
    from keyswitch.profiles.atomic import read_regular

    places = workspace.places
    path = record_path(workspace, places)
    before = read_regular(path, _RECORD_LIMIT)
    if before is None:
        return TargetPlan()
    records = records_of.decode(path, before)
    if not records.get(places.global_config, Baseline()).elements:
        return TargetPlan()
    try:
        profile, _ = workspace.load(active)
    except KeyswitchError:
        return TargetPlan()
    planned = approvals.plan(
        workspace, places, records, profile, fresh, gone, altered
    )
    if planned is None:
        return TargetPlan()
    change, record = planned
    records[places.global_config] = record
    after = records_of.encode(records)
    changed = [change, FileChange(path, before, after)]
    kept = tuple(c for c in changed if c.before != c.after)
    locks = (config_lock(places.global_config),) if change in kept else ()
    return TargetPlan(files=kept, locks=locks)


def plan_back(
    workspace: Workspace,
    own: Sequence[FileChange],
    pointer: State | None,
    moved: Moved | None,
) -> TargetPlan:
    """Plan the target for an undo: the profile that is active after it.

    The login moves only if the change had moved it.
    """
    present = state.read(workspace.paths).active
    active = present if pointer is None else pointer.active
    texts = {change.path: change.after for change in own}
    path = workspace.paths.profile(active) if active else ""
    if pointer is None and path not in texts:
        return TargetPlan()
    profile = None
    if path and path in texts:
        text = texts[path]
        profile = None if text is None else files.parse(text.decode(), path)
    elif active:
        profile, _ = workspace.load(active)
    plan = plan_target(workspace, profile, moves_login=False, back=moved)
    if plan.conflicts:
        raise KeyswitchError(
            f"{plan.conflicts[0]} was changed since by somebody else",
            "switch yourself: keyswitch use NAME, or keyswitch off",
        )
    return plan
