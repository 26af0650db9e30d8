"""Make a profile the active one: the pointer, and Claude Code's files."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyswitch.errors import KeyswitchError
from keyswitch.profiles import state
from keyswitch.profiles.state import State
from keyswitch.switching.change import Change, commit
from keyswitch.switching.environment import MARKER
from keyswitch.switching.selection import PROFILE_VARIABLE, has_link
from keyswitch.switching.target import TargetPlan, plan_target

if TYPE_CHECKING:
    from keyswitch.diagnosis.finding import Finding
    from keyswitch.model import Profile
    from keyswitch.switching.following import Followed
    from keyswitch.switching.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a switch came to; another one may have come after it."""

    active: str  # now
    previous: str
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)  # not in effect
    sessions: list[Followed] | None = None  # None: nobody looked
    chosen: str = ""  # what the switch itself made active


def use(
    workspace: Workspace, name: str, *, configure: bool, look: bool = False
) -> Outcome:
    """Switch to a profile, then look whether it is in effect.

    `look` also for running sessions, and when they follow.
    """
    conflicts: list[str] = []
    said: list[str] = []
    loaded: list[Profile] = []
    moved = _own_folder(workspace, name) if configure else []

    def plan() -> Change | None:
        profile, _ = workspace.load(name)
        workspace.provider_of(profile).check(profile)
        loaded[:] = [profile]
        target = plan_target(workspace, profile) if configure else TargetPlan()
        conflicts[:] = target.conflicts
        said[:] = target.notes
        return _switched(workspace, "use", profile, name, target)

    done = commit(workspace, plan)
    profile = loaded[0]
    if configure and profile.provider == "claude-login":
        from keyswitch.switching import login_watch

        login_watch.remember(workspace)
    present, notes, findings = _looked(workspace, profile, configure=configure)
    notes += moved + said
    notes += [
        f"{c} was changed by somebody else; left as it is" for c in conflicts
    ]
    sessions = _sessions(workspace, profile, done) if look else None
    return Outcome(
        present.active, present.previous, notes, findings, sessions, name
    )


def _looked(
    workspace: Workspace, profile: Profile, *, configure: bool
) -> tuple[State, list[str], list[Finding]]:
    """Look whether a switch is in effect; returns the pointer as well.

    Another command may be in the middle of its own change, so a bad word
    counts only if it is still true while no other one is at work.
    """
    from keyswitch.switching.transaction import Transaction

    try:
        seen = _look(workspace, profile, configure=configure)
    except KeyswitchError:
        seen = None
    if seen is not None and not seen[2]:
        return seen
    try:
        with Transaction(workspace.paths, workspace.keychain):
            if state.read(workspace.paths).active == profile.name:
                profile, _ = workspace.load(profile.name)
            return _look(workspace, profile, configure=configure)
    except KeyswitchError:
        if seen is None:
            raise
        return seen


def _look(
    workspace: Workspace, profile: Profile, *, configure: bool
) -> tuple[State, list[str], list[Finding]]:
    present = state.read(workspace.paths)
    if present.active != profile.name:
        return present, [_overtaken(present)], []
    notes: list[str] = []
    findings: list[Finding] = []
    if configure:
        from keyswitch.switching.effect import effect_of

        notes, findings = effect_of(workspace, profile)
    if _may_differ_here(workspace, profile):
        from keyswitch.switching.in_this_shell import findings_of

        # What else is not in effect only follows from these.
        findings = findings_of(workspace, profile.name) or findings
    return present, notes, findings


def _overtaken(present: State) -> str:
    what = f"'{present.active}'" if present.active else "none"
    return f"another switch came after this one: {what} is active"


def _may_differ_here(workspace: Workspace, profile: Profile) -> bool:
    """Tell whether it is worth asking what this very shell would use."""
    return bool(
        profile.only
        or profile.never
        or any(n in workspace.environ for n in (PROFILE_VARIABLE, MARKER))
        or os.path.exists(workspace.paths.config_file)
        or has_link(workspace.cwd)
    )


def _sessions(
    workspace: Workspace, profile: Profile | None, done: Change | None
) -> list[Followed]:
    """Return the running sessions that a change concerns."""
    if done is None:
        return []
    from keyswitch.switching.following import look

    return look(workspace, profile, done.foreign)


def _own_folder(workspace: Workspace, name: str) -> list[str]:
    """Make an isolated profile's folder ready, or empty one that was used."""
    profile, _ = workspace.load(name)
    if not (profile.isolated or profile.provider == "claude-login"):
        return []
    from keyswitch.switching import isolation

    workspace.provider_of(profile).check(profile)
    if not profile.isolated:
        return isolation.leave_others(workspace, profile, workspace.places)
    own = isolation.places_of(workspace, name)
    return [
        *isolation.prepare(workspace, profile),
        *isolation.leave_others(workspace, profile, own),
    ]


def off(workspace: Workspace, *, look: bool = False) -> Outcome:
    """Make no profile active; give back what was there before."""
    conflicts: list[str] = []
    said: list[str] = []

    def plan() -> Change | None:
        target = plan_target(workspace, None)
        conflicts[:] = target.conflicts
        said[:] = target.notes
        return _switched(workspace, "off", None, "", target)

    done = commit(workspace, plan)
    present = state.read(workspace.paths)
    notes = [_overtaken(present)] if present.active else []
    notes += said
    notes += [
        f"{c} was changed by somebody else; left as it is" for c in conflicts
    ]
    follows = workspace.environ.get("KEYSWITCH_FOLLOWS")
    if "KEYSWITCH_ENV" in workspace.environ and not follows:
        notes.append(
            'this shell still has the variables: eval "$(keyswitch env)"'
        )
    kept = workspace.environ.get(PROFILE_VARIABLE, "")
    if kept:
        notes.append(
            f"this terminal keeps '{kept}' ({PROFILE_VARIABLE}): "
            'eval "$(keyswitch off --here)"'
        )
    sessions = _sessions(workspace, None, done) if look else None
    return Outcome(present.active, present.previous, notes, sessions=sessions)


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
        harvested=target.harvested,
        moved=target.moved,
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
