"""Carry out one change: files, pointer, undo record and history, or nothing.

Every command that changes something ends here, once. The caller fills a draft;
this module adds the pointer, the undo record and the history line, writes the
new secrets, and commits all files in one transaction.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from keyswitch.changes import bindings, history, hook_files, intents
from keyswitch.changes.draft import Draft, once_settled
from keyswitch.commit.journal import plan_made_folders
from keyswitch.commit.transaction import Plan, Transaction, forget_note, on_disk
from keyswitch.disk.atomic import read_regular
from keyswitch.disk.file_systems import LOCK_WAIT
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import CleanupLeftError, KeyswitchError, StoreError
from keyswitch.model import ITEM_PREFIX, FileChange
from keyswitch.profiles import state
from keyswitch.profiles.paths import Paths
from keyswitch.profiles.state import State
from keyswitch.progress import Progress
from keyswitch.secrets.stores import delete_items, open_store
from keyswitch.targets import table
from keyswitch.targets.lock_folders import LockSpec, require_free
from keyswitch.workspace import Workspace

if TYPE_CHECKING:
    from keyswitch.model import SecretRef
    from keyswitch.secret import Secret
    from keyswitch.secrets.stores import SecretStore

T = TypeVar("T")


class DryRun(Exception):  # noqa: N818 - not an error
    """A dry run got as far as the commit; `draft` is what would be done.

    Raised by `commit`, so that nothing that follows a change is done either.
    """

    def __init__(self, draft: Draft) -> None:
        super().__init__("a dry run changes nothing")
        self.draft = draft


def commit(
    workspace: Workspace,
    make: Callable[[Draft], T],
    *,
    quiet: bool = False,
) -> tuple[T, Draft]:
    """Plan and commit under keyswitch's lock.

    `make` fills the draft and returns what its caller needs; it may run again,
    with a new draft, when another program wrote one of its files in between.
    What a person should know of the change is in the draft's `told`, and is
    said unless `quiet`.
    """
    if workspace.dry_run:
        with Progress("making the change"):
            raise DryRun(_rehearsed(workspace, make))
    paths = workspace.paths
    for folder in (
        paths.state,
        paths.bound_dir,
        paths.config,
        paths.profiles_dir,
    ):
        ensure_private_dir(folder)
    written: set[str] = set()  # items that are in their store

    def plan() -> tuple[tuple[T, Draft], Plan]:
        result, draft, found = _plan(workspace, make)
        for ref in draft.expired:
            intents.declare(paths, ref, draft.profile)
        if found.files:
            _write_items(draft, written)
        return (result, draft), found

    with (
        Progress("making the change"),
        Transaction(paths, workspace.keychain) as transaction,
    ):
        intents.sweep(paths)
        try:
            result, draft = transaction.commit_planned(plan)
        except CleanupLeftError:
            raise  # committed: the new items have their owner
        except BaseException:
            intents.sweep(paths)  # items that were written for nothing
            raise
        draft.told = [*transaction.notes, *draft.messages]
        for note in () if quiet else draft.told:
            workspace.tell(note)
        _settle(draft)
    return result, draft


def _plan(
    workspace: Workspace, make: Callable[[Draft], T]
) -> tuple[T, Draft, Plan]:
    draft, result = once_settled(workspace, make)
    if not draft.command:
        return result, draft, Plan([])
    bindings.follow(draft)
    hook_files.follow(draft)
    files, emptied = plan_made_folders(workspace.paths, _files_of(draft))
    # The locks that the draft names, and those of the files it changes.
    locks = dict(draft.locks)
    changed = [change.path for change in draft.changes()]
    for target in table.every() if files else ():
        locks |= {spec.path: spec for spec in target.locks(changed)}
    plan = Plan(
        files,
        tuple(_with_holders(workspace, locks.values())),
        tuple(draft.modes),
        tuple(draft.folders),
        tuple(draft.links.values()),
        emptied,
    )
    return result, draft, plan


def _with_holders(
    workspace: Workspace, locks: Iterable[LockSpec]
) -> Iterator[LockSpec]:
    """Yield locks; one that is held now, with the sessions that may do so."""
    for lock in locks:
        holders = ""
        if os.path.lexists(lock.path):
            found = table.main().sessions.find(workspace.places.config_dir)
            pids = ", ".join(str(session.pid) for session in found)
            holders = f" (pid {pids})" if pids else ""
        yield lock._replace(holders=holders)


def _rehearsed(workspace: Workspace, make: Callable[[Draft], T]) -> Draft:
    """Plan, and check all that the transaction would check; write nothing."""
    _, draft, plan = _plan(workspace, make)
    files = on_disk(plan.files)
    Transaction.check(files, plan.locks)
    if files:
        require_free(plan.locks)
    return draft


def _write_items(draft: Draft, written: set[str]) -> None:
    """Write new items to their stores, declared before they exist."""
    workspace = draft.workspace
    new = {k: item for k, item in draft.items.items() if k not in written}
    with Progress("storing secrets", len(new)) as step:
        for name, (ref, value) in new.items():
            intents.declare(workspace.paths, ref, draft.profile)
            store = open_store(ref.store, workspace.paths, workspace.ask)
            store.put(ref.item, ref.generation, value)
            if ref in draft.kept and not _gives(store, ref, value):
                raise StoreError(
                    f"the {ref.store} returned a different login from the one "
                    "written",
                    "nothing changed; check that store",
                )
            written.add(name)
            step.done += 1


def _gives(store: SecretStore, ref: SecretRef, value: Secret) -> bool:
    return store.get(ref.item, ref.generation) == value


def _files_of(draft: Draft) -> list[FileChange]:
    """Return every file of the change; fill in what goes after it."""
    paths = draft.workspace.paths
    files = draft.changes()
    if draft.pointer is not None or draft.own:
        before = read_regular(paths.state_file, state.STATE_LIMIT)
        pointer = draft.pointer or _new_stamp(paths, draft, before)
        if pointer is not None:
            after = state.to_bytes(pointer)
            files.append(FileChange(paths.state_file, before, after))
    undo_before = read_regular(paths.undo_file, history.LIMIT)
    records = history.parse_undo(undo_before, paths.undo_file)
    records, forgotten = history.after(records, draft)
    draft.expired = [*draft.dropped, *forgotten]
    undo_after = history.to_bytes(records)
    if undo_after != undo_before:
        files.append(FileChange(paths.undo_file, undo_before, undo_after))
    log_before = read_regular(paths.history_file, history.LIMIT)
    log_after = history.appended(
        log_before, draft.command, draft.profile, draft.fingerprint
    )
    files.append(FileChange(paths.history_file, log_before, log_after))
    return files


def _new_stamp(paths: Paths, draft: Draft, data: bytes | None) -> State | None:
    """Let every terminal look again, at what an edit of a profile changed.

    Where no profile was ever used there is no terminal to tell.
    """
    if data is None and not draft.tells_shells:
        return None
    present = State() if data is None else state.parse(data, paths.state_file)
    return State(present.active, present.previous, state.new_stamp())


def _settle(draft: Draft) -> None:
    """Delete what lost its owner. The change itself is done."""
    workspace = draft.workspace
    try:
        if any(c.path.startswith(ITEM_PREFIX) for c in draft.changes()):
            forget_note(workspace.paths)  # only now are the items in place
        for ref in (*draft.created, *draft.kept):
            intents.settle(workspace.paths, ref)
        delete_items(workspace.paths, draft.expired, ask=workspace.ask)
        for ref in draft.expired:
            intents.settle(workspace.paths, ref)
            bindings.forget(workspace.paths, ref)
    except (OSError, KeyswitchError) as e:
        why = e.message if isinstance(e, KeyswitchError) else str(e.strerror)
        raise CleanupLeftError(
            f"the change was made, but an old secret is still stored: {why}",
            "the next keyswitch command tries again",
        ) from e


def recover(workspace: Workspace, wait: float = LOCK_WAIT) -> list[str]:
    """Finish or take back what a killed command left; say what was done.

    Raises FileStateError when another command is at work for `wait` seconds.
    """
    with Transaction(workspace.paths, wait=wait) as transaction:
        intents.sweep(workspace.paths)
        return list(transaction.recovered)
