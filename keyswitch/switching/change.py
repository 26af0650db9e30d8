"""Carry out one change: files, pointer, undo record and history, or nothing.

Every command that changes something ends here. The caller hands over what is
to be written as values; this module adds the pointer, the undo record and the
history line, and commits all of it in one transaction.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from keyswitch.errors import CleanupLeftError, KeyswitchError
from keyswitch.model import FileChange
from keyswitch.profiles import state
from keyswitch.profiles.atomic import read_regular
from keyswitch.switching import history, intents, made_folders, undo_records
from keyswitch.switching.journal import Beside, Rights
from keyswitch.switching.transaction import Transaction
from keyswitch.switching.unsettled import once_settled
from keyswitch.targets.claude_code.files import ITEM_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keyswitch.model import SecretRef
    from keyswitch.profiles.state import State
    from keyswitch.switching.journal import Folder
    from keyswitch.switching.login_ledger import Moved
    from keyswitch.switching.undo_records import Mode, Splice
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.locks import LockSpec

_OWN_LIMIT = 1 << 24  # bytes of undo file and history, both kept short


class Change(NamedTuple):
    """What a command is going to do.

    `own` are keyswitch's own text files, which may be taken back byte for
    byte; `foreign` are another program's, taken back by planning again.
    `created` and `discarded` are items of secret stores: the former were just
    written, the latter lose their owner by this change.
    """

    command: str
    profile: str
    own: tuple[FileChange, ...] = ()
    foreign: tuple[FileChange, ...] = ()
    locks: tuple[LockSpec, ...] = ()
    pointer: State | None = None
    created: tuple[SecretRef, ...] = ()
    discarded: tuple[SecretRef, ...] = ()
    dropped: tuple[SecretRef, ...] = ()  # discarded without a way back
    undoable: bool = True
    is_undo: bool = False
    beside: bool = False  # takes nothing away from what `undo` takes back
    forget_undo: bool = False  # no earlier change can be taken back after it
    # Items that were just written and stay, also when the change is undone.
    harvested: tuple[SecretRef, ...] = ()
    moved: Moved | None = None  # the login, as it was before
    # Edits of `foreign` that are taken back as they were made, and permission
    # bits that go with them.
    splices: tuple[Splice, ...] = ()
    modes: tuple[Mode, ...] = ()
    folders: tuple[Folder, ...] = ()  # that get another name with it
    fingerprint: str = ""
    tells_shells: bool = False  # terminals look again, pointer or not


def commit(
    workspace: Workspace,
    make_change: Callable[[], Change | None],
    *,
    prepare: Callable[[], None] | None = None,
) -> Change | None:
    """Plan and commit under keyswitch's lock; None: there was nothing to do.

    `prepare` runs once, under the lock, before the first plan: it may write
    declared items to a secret store. `make_change` may run again when another
    program wrote one of its files in between.
    """
    from keyswitch.profiles.paths import ensure_private_dir

    paths = workspace.paths
    for folder in (paths.state, paths.config, paths.profiles_dir):
        ensure_private_dir(folder)
    done: list[Change] = []
    expired: list[SecretRef] = []

    def plan() -> tuple[list[FileChange], Sequence[LockSpec], Beside]:
        done.clear()
        expired.clear()
        change = once_settled(workspace, make_change)
        if change is None:
            return [], (), Beside()
        done.append(change)
        files, gone = _files_of(workspace, change)
        expired.extend(gone)
        for ref in expired:
            intents.declare(paths, ref, change.profile)
        files, emptied = made_folders.plan(paths, files)
        rights = tuple(Rights(*mode) for mode in change.modes)
        beside = Beside(rights, change.folders, emptied)
        return files, change.locks, beside

    with Transaction(paths, workspace.keychain) as transaction:
        sweep(workspace)
        try:
            if prepare is not None:
                prepare()
            transaction.commit_planned(plan)
        except CleanupLeftError:
            raise  # committed: the new items have their owner
        except BaseException:
            sweep(workspace)  # items that were written for nothing
            raise
        for note in transaction.notes:
            workspace.tell(note)
        if not done:
            return None
        change = done[0]
        _settle(workspace, change, expired)
    return change


def _files_of(
    workspace: Workspace, change: Change
) -> tuple[list[FileChange], list[SecretRef]]:
    """Return every file of the change, and the items to delete after it."""
    paths = workspace.paths
    files = [*change.own, *change.foreign]
    if change.pointer is not None:
        before = read_regular(paths.state_file, state.STATE_LIMIT)
        files.append(
            FileChange(paths.state_file, before, state.to_bytes(change.pointer))
        )
    elif change.own:
        files += _new_stamp(workspace, always=change.tells_shells)
    gone = list(change.dropped)
    undo_before = read_regular(paths.undo_file, _OWN_LIMIT)
    records = undo_records.parse(undo_before)
    if change.is_undo:
        records = records[:-1]
        gone += change.discarded
    elif change.beside:
        pass
    elif change.undoable:
        records, forgotten = undo_records.push(
            records, undo_records.record_of(workspace, change)
        )
        gone += forgotten
    else:
        records, forgotten = undo_records.cut(
            records, change, everything=change.forget_undo
        )
        gone += [*change.discarded, *forgotten]
    undo_after = undo_records.to_bytes(records)
    if undo_after != undo_before:
        files.append(FileChange(paths.undo_file, undo_before, undo_after))
    log_before = read_regular(paths.history_file, _OWN_LIMIT)
    log_after = history.appended(
        log_before, change.command, change.profile, change.fingerprint
    )
    files.append(FileChange(paths.history_file, log_before, log_after))
    return files, gone


def _new_stamp(workspace: Workspace, *, always: bool) -> list[FileChange]:
    """Let every terminal look again, at what an edit of a profile changed.

    Where no profile was ever used there is no terminal to tell.
    """
    path = workspace.paths.state_file
    before = read_regular(path, state.STATE_LIMIT)
    if before is None and not always:
        return []
    try:
        present = state.parse(before, path) if before else state.State()
    except KeyswitchError:
        return []  # damaged: `use` will say so
    after = state.State(present.active, present.previous, state.new_stamp())
    return [FileChange(path, before, state.to_bytes(after))]


def _settle(
    workspace: Workspace, change: Change, expired: list[SecretRef]
) -> None:
    """Delete what lost its owner. The change itself is done."""
    from keyswitch.secrets.stores import delete_items

    try:
        if any(c.path.startswith(ITEM_PREFIX) for c in change.foreign):
            from keyswitch.switching.login_keychain import forget

            forget(workspace.paths)  # only now are the items in place
        for ref in (*change.created, *change.harvested):
            intents.settle(workspace.paths, ref)
        delete_items(workspace.paths, expired, ask=workspace.ask)
        for ref in expired:
            intents.settle(workspace.paths, ref)
    except (OSError, KeyswitchError) as e:
        why = e.message if isinstance(e, KeyswitchError) else str(e.strerror)
        raise CleanupLeftError(
            f"the change is done, but an old secret is still stored: {why}",
            "the next keyswitch command tries again",
        ) from e


def baseline_files(workspace: Workspace) -> list[str]:
    """Return the files that record what was there before keyswitch."""
    folder = workspace.paths.baseline_dir
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    return [os.path.join(folder, name) for name in names]


def sweep(workspace: Workspace) -> None:
    """Delete store items that a killed command left without an owner."""
    from keyswitch.secrets.stores import delete_items

    def delete(ref: SecretRef) -> None:
        delete_items(workspace.paths, [ref], ask=None)

    def undo() -> bytes:
        data = read_regular(workspace.paths.undo_file, _OWN_LIMIT)
        return undo_records.needed(data)

    try:
        intents.sweep(
            workspace.paths,
            delete,
            baselines=baseline_files(workspace),
            undo=undo,
        )
    except (OSError, KeyswitchError):
        # The store is locked or away. The intent stays, and a later command
        # with the store open does it; nothing depends on it.
        return


def recover(workspace: Workspace) -> list[str]:
    """Finish or take back what a killed command left; say what was done."""
    with Transaction(workspace.paths) as transaction:
        sweep(workspace)
        return list(transaction.recovered)
