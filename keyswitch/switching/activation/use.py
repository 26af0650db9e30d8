"""Make a profile the active one: the pointer, and Claude Code's files."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from keyswitch.changes import bindings
from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft
from keyswitch.changes.history import main_fingerprint
from keyswitch.commit.transaction import Transaction
from keyswitch.errors import KeyswitchError, ReadOnlyError
from keyswitch.model import LOGIN_PROVIDER, FileChange, Frozen, Profile
from keyswitch.profiles import state
from keyswitch.profiles.state import State
from keyswitch.progress import Progress
from keyswitch.providers.binding import Mismatch
from keyswitch.providers.schema import ignored_here
from keyswitch.switching.planning import all_folders
from keyswitch.switching.planning.known_folders import own_folder
from keyswitch.switching.planning.planned import Switch
from keyswitch.targets import table
from keyswitch.targets.values import Account, RunningSession
from keyswitch.targets.verdict import Finding
from keyswitch.terminal.marker import MARKER, read_marker
from keyswitch.terminal.selection import PROFILE_VARIABLE, has_link
from keyswitch.workspace import Workspace

_POLL = 0.5  # seconds; a look for sessions costs some milliseconds


class Followed(Frozen):
    """A running session after a switch."""

    session: RunningSession
    follows: str  # NEXT_TURN, MINUTES or RESTART
    # The login was exchanged while it may have been renewing it.
    in_turn: bool


class Outcome(Frozen):
    """What a switch came to; another one may have come after it."""

    active: str  # now
    previous: str
    notes: list[str]
    sessions: list[Followed] | None  # None: nobody looked
    findings: Sequence[Finding] = ()  # not in effect
    chosen: str = ""  # what the switch itself made active


def use(  # noqa: PLR0913
    workspace: Workspace,
    name: str,
    *,
    configure: bool,
    look: bool = False,
    agreed: Collection[Mismatch] = (),
    keep_headers: bool = False,
) -> Outcome:
    """Switch to a profile, then look whether it is in effect.

    `look` also for running sessions, and when they follow. `agreed` are new
    uses of stored secrets that the person said yes to; `keep_headers`: so are
    headers of the settings that may be credentials.
    """

    def make(draft: Draft) -> Profile:
        profile, _ = workspace.load(name)
        bindings.check_complete(workspace, profile)
        bindings.allow_use(draft, profile, agreed)
        if configure:
            _plan_files(draft, profile, keep_headers=keep_headers)
        _switch(draft, profile)
        return profile

    try:
        profile, draft = commit(workspace, make, quiet=True)
    except ReadOnlyError as e:
        from keyswitch.switching.activation import effect

        e.hint += f"; without that: {effect.without_files(workspace, name)}"
        raise
    provider = workspace.provider_of(profile)
    ignored = ignored_here(provider, profile, workspace.environ)
    notes = [*draft.told, *_expired(profile), *(one.text for one in ignored)]
    if configure and profile.provider == LOGIN_PROVIDER:
        from keyswitch.switching.logging_in import leftovers

        leftovers.remember(workspace)
    sessions = _sessions(workspace, profile, draft) if look else None
    del draft  # of files of megabytes, which are read once more now
    with Progress("checking whether it is in effect"):
        after = _looked(workspace, profile, configure=configure)
    present, seen, findings = after
    active, previous = present.active, present.previous
    return Outcome(active, previous, seen + notes, sessions, findings, name)


def _expired(profile: Profile) -> list[str]:
    today = datetime.now(UTC).astimezone().date()
    if not profile.expires or profile.expires >= today:
        return []
    name, about = profile.name, "about" if profile.expires_expected else "on"
    fix = "login" if profile.provider == LOGIN_PROVIDER else "rotate"
    what = f"'{name}' expired {about} {profile.expires}"
    return [f"{what}; to store a new secret: keyswitch {fix} {name}"]


def _plan_files(draft: Draft, profile: Profile, *, keep_headers: bool) -> None:
    """Plan the programs' files; a login leaves every other folder."""
    if profile.provider == LOGIN_PROVIDER:
        from keyswitch.switching.planning import one_copy

        places = draft.workspace.places
        if profile.isolated:
            places = own_folder(draft.workspace, profile.name)
        one_copy.leave_others(draft, profile, places)
    switch = Switch(profile, keep_headers=keep_headers)
    all_folders.plan_targets(draft, switch)
    all_folders.plan_elsewhere(draft, profile)


def _looked(
    workspace: Workspace, profile: Profile, *, configure: bool
) -> tuple[State, list[str], list[Finding]]:
    """Look whether a switch is in effect; returns the pointer as well.

    Another command may be in the middle of its own change, so a bad word
    counts only if it is still true while no other one is at work.
    """
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
    from keyswitch.switching.activation import effect

    notes: list[str] = []
    findings = effect.undelivered(workspace, profile.name)
    if findings:
        return present, notes, findings
    if configure:
        from keyswitch.switching.activation.held_back import not_given

        notes, findings = effect.effect_of(workspace, profile)
        findings = not_given(workspace, profile.name) or findings
    if _may_differ_here(workspace, profile):
        from keyswitch.switching.activation.elsewhere import kept_elsewhere

        # What else is not in effect only follows from these.
        findings = kept_elsewhere(workspace, profile.name) or findings
    return present, notes, findings


def _overtaken(present: State) -> str:
    what = f"'{present.active}'" if present.active else "none"
    return f"another switch followed this one: {what} is active"


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
    workspace: Workspace, profile: Profile | None, draft: Draft
) -> list[Followed]:
    if not draft.command:
        return []
    return following_sessions(workspace, profile, draft.changes())


def off(workspace: Workspace, *, look: bool = False) -> Outcome:
    """Make no profile active; give back what was there before."""

    def make(draft: Draft) -> None:
        all_folders.plan_targets(draft, Switch(None))
        all_folders.plan_elsewhere(draft, None)
        all_folders.say_logins(draft)
        _switch(draft, None)

    _, draft = commit(workspace, make, quiet=True)
    present = state.read(workspace.paths)
    notes = [_overtaken(present)] if present.active else []
    notes += draft.told
    follows = workspace.environ.get("KEYSWITCH_FOLLOWS")
    marker = None if follows else read_marker(workspace.environ)
    if marker:
        whose = f" of '{marker.name}'" if marker.name else ""
        kept = f"this shell still has variables{whose}"
        notes.append(f'{kept}: eval "$(keyswitch env)"')
    kept = workspace.environ.get(PROFILE_VARIABLE, "")
    if kept:
        notes.append(
            f"this terminal still uses '{kept}' ({PROFILE_VARIABLE}): eval "
            '"$(keyswitch off --here)"'
        )
    sessions = _sessions(workspace, None, draft) if look else None
    return Outcome(present.active, present.previous, notes, sessions)


def _switch(draft: Draft, profile: Profile | None) -> None:
    """Move the pointer, unless nothing changes at all."""
    name = profile.name if profile is not None else ""
    present = state.read(draft.workspace.paths)
    if present.active == name and draft.is_empty:
        return
    previous = present.previous
    if present.active not in ("", name):
        previous = present.active
    draft.command, draft.profile = "use" if profile else "off", name
    draft.pointer = State(name, previous, state.new_stamp())
    if profile is not None:
        draft.fingerprint = main_fingerprint(profile)


def following_sessions(
    workspace: Workspace, profile: Profile | None, files: Sequence[FileChange]
) -> list[Followed]:
    """Return the sessions that a switch concerns, and when each follows.

    `files` are the changes that the switch made.
    """
    part, places = table.main().sessions, workspace.places
    sessions = part.find(places.config_dir)
    if not sessions:
        return []
    account = None
    if profile is not None:
        account = Account(profile, workspace.provider_of(profile))
    found = part.follows(account, places, {c.path: c for c in files})
    if not found.when:
        return []
    return [
        Followed(session, found.when, found.login_moved and session.in_turn)
        for session in sessions
    ]


def wait_for_turns(
    workspace: Workspace,
    tell: Callable[[Sequence[RunningSession]], str],
    timeout: float | None = None,
) -> list[RunningSession]:
    """Wait until no session of the folder is in a turn.

    `tell` says for which, and returns it. Returns those that still are when
    the time is over. A session that this command runs in is not waited for:
    its turn ends after the command.
    """
    part = table.main().sessions
    own = part.ancestors()
    end = None if timeout is None else time.monotonic() + timeout
    with Progress("looking for running sessions") as step:
        while True:
            found = part.find(workspace.places.config_dir)
            busy = [s for s in found if s.in_turn and s.pid not in own]
            left = _POLL if end is None else end - time.monotonic()
            if not busy or left <= 0:
                return busy
            step.what = f"waiting for {tell(busy)}"
            time.sleep(min(_POLL, left))
