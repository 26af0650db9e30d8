"""Remove tokens from this machine: find, show, remove by key, verify.

It says what it removed and where to revoke the rest: nothing here reaches the
service, and a token that is only deleted still works for whoever copied it.
"""

from __future__ import annotations

from collections.abc import Sequence

from keyswitch import kernel_keyring
from keyswitch.changes import login_ledger
from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft
from keyswitch.errors import KeyswitchError
from keyswitch.model import LOGIN_PROVIDER
from keyswitch.profiles import state
from keyswitch.profiles.state import State
from keyswitch.progress import Progress
from keyswitch.secrets.vault.reading import previous_versions
from keyswitch.shells.rc_lines import without_lines
from keyswitch.switching.logins import moves
from keyswitch.switching.logins.book import LoginBook
from keyswitch.switching.logins.storing import require_open
from keyswitch.switching.planning import all_folders
from keyswitch.switching.planning.planned import Switch
from keyswitch.switching.revoking.kept_tokens import FoundToken
from keyswitch.switching.revoking.scan import Scan
from keyswitch.targets import table
from keyswitch.targets.values import MAIN
from keyswitch.workspace import Workspace

ALL, STALE = "all", "stale"  # scopes, as is the main program's id


def select(
    found: Sequence[FoundToken], scope: str, name: str
) -> list[FoundToken]:
    """Return the tokens that a scope means."""
    if name:
        return [f for f in found if f.profile == name]
    if scope == ALL:
        return list(found)
    if scope == MAIN:
        return [f for f in found if f.program == MAIN]
    return [f for f in found if f.stale]


def _leaves(scope: str, name: str) -> bool:
    return scope in (ALL, MAIN) and not name


def look(workspace: Workspace, scope: str, name: str) -> list[FoundToken]:
    """Return what `remove` would remove; nothing is changed."""
    with Progress("searching this machine for tokens"):
        return select(Scan(Draft(workspace)).everything(), scope, name)


def remove(
    workspace: Workspace, scope: str, name: str, seen: Sequence[FoundToken]
) -> list[FoundToken]:
    """Remove the tokens; returns those that were removed.

    `seen` are those that `look` found before.
    """
    # Fails before anything is changed if a store cannot be written.
    for store in sorted({f.ref.store for f in seen if f.ref is not None}):
        require_open(workspace, store)

    def make(draft: Draft) -> list[FoundToken]:
        if _leaves(scope, name):
            # Logins are seen to apart: none is put in place to be removed.
            none = Switch(None, moves_login=False)
            all_folders.plan_targets(draft, none)
            all_folders.plan_elsewhere(draft, None)
        scan = Scan(draft)
        found = select(scan.everything(), scope, name)
        if found or draft.changes():
            _plan(scan, scope, name, found)
        return found

    removed, _ = commit(workspace, make)
    if removed:
        kernel_keyring.drop(kernel_keyring.VALUES_PREFIX)
        kernel_keyring.drop(kernel_keyring.LOGINS_PREFIX)
        if scope == ALL and not name:
            kernel_keyring.drop()
        if {f.path for f in removed} & {*previous_versions(workspace.paths)}:
            from keyswitch.secrets.vault.writing import purge_previous

            purge_previous(workspace.paths)
    return removed


def _plan(
    scan: Scan, scope: str, name: str, found: Sequence[FoundToken]
) -> None:
    workspace, draft = scan.workspace, scan.draft
    leaves = _leaves(scope, name)
    _plan_foreign(draft, found)
    _plan_ledger(scan, scope, found, leaves=leaves)
    for profile in sorted({f.profile for f in found if f.field}):
        fields = [f.field for f in found if f.profile == profile]
        draft.drop_secrets(profile, fields)
    draft.dropped += [f.ref for f in found if f.ref is not None]
    # Nothing waits for `undo`: it was all to go.
    present = state.read(workspace.paths)
    if leaves and present.active:
        draft.pointer = State("", present.active, state.new_stamp())
    draft.command, draft.profile = "revoke-local", name
    draft.undoable, draft.forget_undo = False, not name


def _plan_ledger(
    scan: Scan, scope: str, found: Sequence[FoundToken], *, leaves: bool
) -> None:
    logins = LoginBook(scan.draft, scan.workspace.places)
    for parts, owner in scan.live.values() if scope == MAIN else ():
        # The newest tokens of a profile that stays are nowhere else.
        if owner and parts is not None:
            moves.keep_live(logins, parts, "")
    gone = {f.ref.item for f in found if f.ref is not None}
    logins.ledger = login_ledger.without_items(logins.ledger, gone)
    if leaves:  # there is nothing that `off` would have to give back
        logins.ledger = logins.ledger._replace(folders={})
    logins.finish()


def _plan_foreign(draft: Draft, found: Sequence[FoundToken]) -> None:
    """Plan the other programs' files without the tokens."""
    for path in dict.fromkeys(f.path for f in found if f.path):
        here = [f for f in found if f.path == path]
        data = draft.read(path)
        if data is None:
            continue
        if lines := {f.line for f in here if f.line}:
            text = data.decode("utf-8", "surrogateescape")
            after = without_lines(text, lines)
            draft.write(path, after.encode("utf-8", "surrogateescape"))
        elif here[0].token and (part := table.get(here[0].program).tokens):
            gone = [f.token for f in here if f.token]
            draft.write(path, part.without(path, data, gone))


def pages(workspace: Workspace, removed: Sequence[FoundToken]) -> list[str]:
    """Return where to revoke the removed tokens on the service's side."""
    found = set()
    for name in {f.profile for f in removed if f.profile}:
        try:
            profile, _ = workspace.load(name)
            found.add(workspace.provider_of(profile).revoke_url)
        except KeyswitchError:
            continue
    own = [f for f in removed if f.token is not None or f.by_hand]
    if any(not f.profile for f in own):
        for program in {f.program or MAIN for f in own}:
            tokens = table.get(program).tokens
            found.update(tokens.pages if tokens else ())
    if any(f.ref is not None and not f.profile for f in removed):
        found.add(workspace.catalogue.get(LOGIN_PROVIDER).revoke_url)
    return sorted(found - {""})
