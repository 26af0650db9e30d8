"""Make a profile the active one: the pointer, and Claude Code's files."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyswitch.errors import KeyswitchError
from keyswitch.model import FileChange
from keyswitch.profiles import files, state
from keyswitch.profiles.state import State
from keyswitch.switching import approvals, displaced
from keyswitch.switching.change import Change, commit
from keyswitch.switching.effect import Shadow, shadows_of
from keyswitch.targets.claude_code import baseline as records_of
from keyswitch.targets.claude_code import plan as planning
from keyswitch.targets.claude_code.baseline import Baseline
from keyswitch.targets.claude_code.files import FILE_LIMIT, locations
from keyswitch.targets.claude_code.locks import LockSpec, config_lock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.model import Profile, SecretRef
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a switch came to."""

    active: str
    previous: str
    notes: list[str] = field(default_factory=list)
    shadows: list[Shadow] = field(default_factory=list)


def record_path(workspace: Workspace, places: Locations) -> str:
    """Return the file that records one configuration folder's baseline."""
    name = hashlib.sha256(places.config_dir.encode()).hexdigest()[:16]
    return os.path.join(workspace.paths.baseline_dir, f"{name}.json")


def plan_target(
    workspace: Workspace,
    profile: Profile | None,
    fresh: Mapping[str, NewSecret] | None = None,
    without: Sequence[SecretRef] = (),
) -> TargetPlan:
    """Plan Claude Code's files for a profile, or for none.

    `fresh` are secrets that the same change stores; `without` are items that
    it takes away.
    """
    from keyswitch.profiles.atomic import read_regular

    places = locations(workspace.environ, workspace.home, workspace.cwd)
    path = record_path(workspace, places)
    before = read_regular(path, _RECORD_LIMIT)
    records = records_of.decode(path, before)
    store = displaced.Displaced(workspace)
    result = TargetPlan()
    changes = []

    observed = read_regular(places.settings, FILE_LIMIT)
    old = records.get(places.settings, Baseline())
    if profile is not None or old != Baseline():
        plan = planning.plan_settings(
            places.settings,
            observed,
            old,
            lambda text: _edits(workspace, places.settings, text, profile),
            key=workspace.install_key,
            resolve=store.resolve,
            new_token=store.new_token,
        )
        records[places.settings] = plan.baseline
        result.conflicts += [f"{places.settings}: {c}" for c in plan.conflicts]
        result.created = store.write(plan.displaced)
        result.dropped = tuple(displaced.ref_of(t) for t in plan.put_back)
        changes.append(
            FileChange(places.settings, observed, plan.after, mode=0o600)
        )
    approval = approvals.plan(
        workspace, places, records, profile, fresh or {}, without
    )
    if approval is not None:
        change, record = approval
        records[places.global_config] = record
        changes.append(change)
    changes.append(_aws_config(workspace, profile))
    after = records_of.encode(records)
    changes.append(FileChange(path, before, after))
    result.files = tuple(c for c in changes if c.before != c.after)
    if any(c.path == places.global_config for c in result.files):
        result.locks = (config_lock(places.global_config),)
    return result


def _aws_config(workspace: Workspace, profile: Profile | None) -> FileChange:
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


def _edits(
    workspace: Workspace, path: str, text: str, profile: Profile | None
) -> list[planning.Edit]:
    if profile is None:
        return []
    provider = workspace.provider_of(profile)
    taken = provider.claude_code_for(profile)
    settings = planning.wanted_settings(
        taken,
        profile.fields,
        workspace.command_for(profile.name),
        expires="session_token" in profile.secrets,
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
        return plan_target(workspace, new, fresh, gone)
    return _plan_others(workspace, active, {new.name: new}, fresh, gone)


def plan_approval(
    workspace: Workspace, profile: Profile, fresh: Mapping[str, NewSecret]
) -> TargetPlan:
    """Plan the target after a new profile: its key may need approval."""
    active = state.read(workspace.paths).active
    return _plan_others(workspace, active, {profile.name: profile}, fresh, ())


def plan_leave(workspace: Workspace, profile: Profile) -> TargetPlan:
    """Plan the target after a profile was removed."""
    active = state.read(workspace.paths).active
    gone = list(profile.secrets.values())
    if active == profile.name:
        return plan_target(workspace, None, None, gone)
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

    places = locations(workspace.environ, workspace.home, workspace.cwd)
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
    workspace: Workspace, own: Sequence[FileChange], pointer: State | None
) -> TargetPlan:
    """Plan the target for an undo: the profile that is active after it."""
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
    plan = plan_target(workspace, profile)
    if plan.conflicts:
        raise KeyswitchError(
            f"{plan.conflicts[0]} was changed since by somebody else",
            "switch yourself: keyswitch use NAME, or keyswitch off",
        )
    return plan


def use(workspace: Workspace, name: str, *, configure: bool) -> Outcome:
    """Switch to a profile, then look whether it is in effect."""
    conflicts: list[str] = []
    loaded: list[Profile] = []

    def plan() -> Change | None:
        profile, _ = workspace.load(name)
        workspace.provider_of(profile).check(profile)
        loaded[:] = [profile]
        target = plan_target(workspace, profile) if configure else TargetPlan()
        conflicts[:] = target.conflicts
        return _switched(workspace, "use", profile, name, target)

    commit(workspace, plan)
    profile = loaded[0]
    present = state.read(workspace.paths)
    notes: list[str] = []
    shadows: list[Shadow] = []
    if configure:
        notes, shadows = shadows_of(workspace, profile)
    notes += [
        f"{c} was changed by somebody else; left as it is" for c in conflicts
    ]
    return Outcome(present.active, present.previous, notes, shadows)


def off(workspace: Workspace) -> Outcome:
    """Make no profile active; give back what was there before."""
    conflicts: list[str] = []

    def plan() -> Change | None:
        target = plan_target(workspace, None)
        conflicts[:] = target.conflicts
        return _switched(workspace, "off", None, "", target)

    commit(workspace, plan)
    present = state.read(workspace.paths)
    notes = [
        f"{c} was changed by somebody else; left as it is" for c in conflicts
    ]
    if "KEYSWITCH_ENV" in workspace.environ:
        notes.append(
            'this shell still has the variables: eval "$(keyswitch env)"'
        )
    return Outcome("", present.previous, notes)


def _switched(
    workspace: Workspace,
    command: str,
    profile: Profile | None,
    name: str,
    target: TargetPlan,
) -> Change | None:
    present = state.read(workspace.paths)
    if present.active == name and not target.files:
        return None
    previous = (
        present.active
        if present.active and present.active != name
        else present.previous
    )
    return Change(
        command=command,
        profile=name,
        foreign=target.files,
        locks=target.locks,
        created=target.created,
        dropped=target.dropped,
        pointer=State(name, previous, state.new_stamp()),
        fingerprint=",".join(
            ref.fingerprint for ref in profile.secrets.values()
        )
        if profile
        else "",
    )


def preview(workspace: Workspace, name: str) -> list[str]:
    """Say what a switch would write, one line a key or file."""
    from keyswitch.switching.preview import describe

    profile = None
    if name:
        profile, _ = workspace.load(name)
        workspace.provider_of(profile).check(profile)
    return describe(workspace, profile, name)
