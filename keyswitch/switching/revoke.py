"""Remove tokens from this machine: find, show, remove by key, verify.

It says what it removed and where to revoke the rest: nothing here reaches the
service, and a token that is only deleted still works for whoever copied it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from keyswitch.errors import KeyswitchError
from keyswitch.model import FileChange
from keyswitch.profiles import files, state
from keyswitch.profiles.atomic import read_regular
from keyswitch.profiles.state import State
from keyswitch.shells.rc_files import without_lines
from keyswitch.switching import revoke_logins, target
from keyswitch.switching.change import Change, commit
from keyswitch.switching.revoke_scan import Scan
from keyswitch.targets.claude_code import tokens
from keyswitch.targets.claude_code.files import FILE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.switching.revoke_stored import Found
    from keyswitch.switching.workspace import Workspace

ALL, CLAUDE_CODE, STALE = "all", "claude-code", "stale"


def select(found: Sequence[Found], scope: str, name: str) -> list[Found]:
    """Return the tokens that a scope means."""
    if name:
        return [f for f in found if f.profile == name]
    if scope == ALL:
        return list(found)
    if scope == CLAUDE_CODE:
        return [f for f in found if f.in_claude_code]
    return [f for f in found if f.stale]


def _starting_point(
    workspace: Workspace, scope: str, name: str
) -> target.TargetPlan:
    """Where Claude Code is to forget us, begin with what was there before."""
    if scope in (ALL, CLAUDE_CODE) and not name:
        # Logins are seen to apart: none is put in place to be removed again.
        return target.plan_target(workspace, None, moves_login=False)
    return target.TargetPlan()


def look(workspace: Workspace, scope: str, name: str) -> list[Found]:
    """Return what `remove` would remove; nothing is changed."""
    return select(Scan(workspace, {}).everything(), scope, name)


def remove(workspace: Workspace, scope: str, name: str) -> list[Found]:
    """Remove the tokens; returns those that were removed."""
    _require_open_stores(workspace, look(workspace, scope, name))
    removed: list[Found] = []

    def plan() -> Change | None:
        start = _starting_point(workspace, scope, name)
        overlay = {c.path: c.after for c in start.files}
        scan = Scan(workspace, overlay)
        found = select(scan.everything(), scope, name)
        removed[:] = found
        if not found and not start.files:
            return None
        return _change(scan, scope, name, start, found)

    commit(workspace, plan)
    if removed:
        from keyswitch.secrets import unlock
        from keyswitch.secrets.reader import VALUES_PREFIX

        unlock.drop(VALUES_PREFIX)
        if scope == ALL and not name:
            unlock.drop_all()
        if any(f.path and f.stale.startswith("an older") for f in removed):
            from keyswitch.secrets.vault_writing import purge_previous

            purge_previous(workspace.paths)
    return removed


def _require_open_stores(workspace: Workspace, found: Sequence[Found]) -> None:
    """Fail before anything is changed if a store cannot be written."""
    from keyswitch.secrets.stores import open_store

    for store in sorted({f.ref.store for f in found if f.ref is not None}):
        opened: Any = open_store(store, workspace.paths, workspace.ask)
        if store == "vault":
            opened.open()
        else:
            opened.require()


def _change(
    scan: Scan,
    scope: str,
    name: str,
    start: target.TargetPlan,
    found: Sequence[Found],
) -> Change:
    workspace = scan.workspace
    leaves = scope in (ALL, CLAUDE_CODE) and not name
    logins = revoke_logins.planned(
        workspace,
        found,
        scan.live.values() if scope == CLAUDE_CODE else (),
        leaves_folders=leaves,
    )
    changes = _foreign(start, found)
    for change in (*logins.files, *logins.profiles):
        changes[change.path] = change
    pointer = None
    present = state.read(workspace.paths)
    if leaves and present.active:
        pointer = State("", present.active, state.new_stamp())
    return Change(
        command="revoke-local",
        profile=name,
        own=_without_refs(workspace, found),
        foreign=tuple(changes.values()),
        locks=revoke_logins.locks_for(changes, scan.folders),
        dropped=(
            *start.dropped,
            *logins.dropped,
            *(f.ref for f in found if f.ref is not None),
        ),
        harvested=tuple(logins.created),
        pointer=pointer,
        undoable=False,
        forget_undo=not name,
    )


def _foreign(
    start: target.TargetPlan, found: Sequence[Found]
) -> dict[str, FileChange]:
    """Return the other programs' files without the tokens, by path."""
    changes = {c.path: c for c in start.files}
    for path in dict.fromkeys(f.path for f in found if f.path):
        here = [f for f in found if f.path == path]
        known = changes.get(path)
        before = known.before if known else read_regular(path, FILE_LIMIT)
        present = known.after if known else before
        if present is None or not (here[0].token or here[0].line):
            continue
        changes[path] = FileChange(path, before, _without(path, present, here))
    return changes


def _without(path: str, data: bytes, found: Sequence[Found]) -> bytes:
    lines = {f.line for f in found if f.line}
    if lines:
        text = data.decode("utf-8", "surrogateescape")
        return without_lines(text, lines).encode("utf-8", "surrogateescape")
    return tokens.without(path, data, [f.token for f in found if f.token])


def _without_refs(
    workspace: Workspace, found: Sequence[Found]
) -> tuple[FileChange, ...]:
    """Take the references out of the profile files."""
    changes = []
    for name in sorted({f.profile for f in found if f.field}):
        gone = {f.field for f in found if f.profile == name and f.field}
        profile, data = workspace.load(name)
        kept = {k: v for k, v in profile.secrets.items() if k not in gone}
        after = files.edited(
            data.decode("utf-8"), replace(profile, secrets=kept)
        )
        changes.append(
            FileChange(workspace.paths.profile(name), data, after.encode())
        )
    return tuple(changes)


def pages(workspace: Workspace, removed: Sequence[Found]) -> list[str]:
    """Return where to revoke the removed tokens on the service's side."""
    found = set()
    for name in {f.profile for f in removed if f.profile}:
        try:
            profile, _ = workspace.load(name)
            found.add(workspace.provider_of(profile).revoke_url)
        except KeyswitchError:
            continue
    if any(f.token is not None and not f.profile for f in removed):
        found.add("https://console.anthropic.com/settings/keys")
        found.add("https://claude.ai/settings/claude-code")
    if any(f.ref is not None and not f.profile for f in removed):
        found.add(workspace.catalogue.get("claude-login").revoke_url)
    return sorted(found - {""})
