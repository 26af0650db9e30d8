"""What `use` would change, in a few lines, without asking a secret store.

For a person who looks at one profile after the other: nobody is asked, no
secret is read, and nothing is written. What only a secret decides is left out:
approved keys in `.claude.json`, which may also be large.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Sequence

from keyswitch.changes import bindings
from keyswitch.changes.draft import Draft
from keyswitch.errors import KeyswitchError
from keyswitch.model import LOGIN_PROVIDER, Profile
from keyswitch.profiles import login_status, state
from keyswitch.providers.schema import environment
from keyswitch.switching.activation.preview import describe
from keyswitch.switching.planning import all_folders
from keyswitch.switching.planning.planned import Switch
from keyswitch.workspace import Workspace

_LONGEST = 60  # characters of a key and its value


class _Unread(Draft):
    """A draft that has not read the file of approved keys."""

    def settled(self, path: str) -> bytes | None:
        """Return what a file is to be, of this change so far."""
        if path == self.workspace.places.global_config:
            return None
        return super().settled(path)


def at_a_glance(
    workspace: Workspace, name: str, *, here: bool = False
) -> list[str]:
    """Return what would change, or why the profile cannot be used.

    `here`: for one shell only.
    """
    quiet = copy.copy(workspace)
    quiet.ask, quiet.dry_run = None, True
    try:
        profile, _ = quiet.load(name)
        bindings.check_complete(quiet, profile)
        asks = [
            f"asks first: {one.what}"
            for one in bindings.mismatches(quiet, profile)
        ]
        everywhere = [] if here else _everywhere(quiet, profile)
        return [*asks, *everywhere, *_in_shells(quiet, profile)]
    except KeyswitchError as e:
        home = workspace.home.rstrip("/") + "/"
        return [f"nothing: {e.message.replace(home, '~/')}", f"fix: {e.hint}"]


def _everywhere(workspace: Workspace, profile: Profile) -> Iterator[str]:
    active = state.read(workspace.paths).active
    files = _of_files(workspace, profile)
    if profile.name != active:
        yield f"active: {active or '(none)'} -> {profile.name}"
    elif not files:
        yield "nothing: it is already active"
    if profile.provider == LOGIN_PROVIDER and profile.name != active:
        who = login_status.who(profile) or profile.name
        yield f"Claude Code's login: {who}"
    yield from files


def _in_shells(workspace: Workspace, profile: Profile) -> Iterator[str]:
    exported = environment(workspace.provider_of(profile), profile)
    sets = [name for name, _ in (*exported.literals, *exported.secrets)]
    # Of the many that would be in its way, those that this shell has.
    gone = [name for name in exported.rivals if name in workspace.environ]
    words = [f"sets {', '.join(sorted(sets))}"] * bool(sets)
    words += [f"unsets {', '.join(gone)}"] * bool(gone)
    if words:
        yield f"in shells: {'; '.join(words)}"


def _of_files(workspace: Workspace, profile: Profile) -> list[str]:
    """Return a line for each file: what becomes of which of its keys."""
    draft = _Unread(workspace)
    switch = Switch(profile, moves_login=False, rehearsed=True)
    all_folders.plan_targets(draft, switch)
    home = workspace.home.rstrip("/") + "/"
    approvals = "/" + os.path.basename(workspace.places.global_config)
    by_file: dict[str, list[str]] = {}
    for line in describe(draft):
        path, colon, what = line.partition(": ")
        if colon and not path.endswith(approvals):
            by_file.setdefault(path.replace(home, "~/", 1), []).append(what)
    return [f"{path}: {_summary(all_)}" for path, all_ in by_file.items()]


def _summary(changes: Sequence[str]) -> str:
    """Return the changes of a file's keys in one sentence."""
    removed = " removed"
    gone = [c.removesuffix(removed) for c in changes if c.endswith(removed)]
    kept = [
        c if len(c) <= _LONGEST else f"{c[:_LONGEST]}…"
        for c in changes
        if not c.endswith(removed)
    ]
    words = [*kept, f"removes {', '.join(gone)}"] if gone else kept
    return "; ".join(words)
