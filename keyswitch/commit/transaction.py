"""Change several files, all or nothing, whatever kills the process.

Protocol: lock; recover; write the journal; stage every file beside its target;
take the other program's locks; compare each target with what the plan saw;
rename the journal (the commit point); compare once more; move the stages into
place; forget the journal. The same code finishes a transaction that was killed.
Items of the macOS keychain follow the files. A note, a file of the same change,
says which; `logins/keychain_note.py` sees to them after a kill.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self, TypeVar

from keyswitch.commit import journal
from keyswitch.commit.journal import Folder, Journal, Step, missing_folders
from keyswitch.commit.staging import stage_all
from keyswitch.commit.steps import (
    ChangedUnderneathError,
    give_rights,
    install,
    overtaken,
    recover,
    remove_folders,
    rename_folders,
    require_as_read,
    set_links,
    step_of,
    unlink,
)
from keyswitch.disk import atomic
from keyswitch.disk.file_systems import LOCK_WAIT, take_lock
from keyswitch.disk.ownership import require_way_to
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import (
    CleanupLeftError,
    FileStateError,
    KeyswitchError,
    LateInterruptError,
)
from keyswitch.model import ITEM_PREFIX, FileChange, Frozen, LinkChange, Rights
from keyswitch.profiles import odd_files
from keyswitch.profiles.paths import Paths
from keyswitch.targets import lock_folders
from keyswitch.targets.lock_folders import LockSpec

if TYPE_CHECKING:
    from keyswitch.targets.target import Keychain

    T = TypeVar("T")

RETRIES = 4  # plans, of which all but the last may be overtaken
# Claude Code writes several times while it starts; seconds, doubled each time.
_PAUSE = 0.15
BRIEF = 2.0  # seconds for a call of a keychain while others' locks are held


class Plan(Frozen):
    """What the plan of a change comes to."""

    files: Sequence[FileChange]  # as read, and as they are to be
    locks: Sequence[LockSpec] = ()  # of the other program, to be held
    # What changes with the files; see `Journal`.
    rights: tuple[Rights, ...] = ()
    folders: tuple[Folder, ...] = ()
    links: tuple[LinkChange, ...] = ()
    emptied: tuple[str, ...] = ()


def on_disk(changes: Sequence[FileChange]) -> list[FileChange]:
    """Return the files that differ; items of a keychain are none."""
    return [
        c
        for c in changes
        if c.before != c.after and not c.path.startswith(ITEM_PREFIX)
    ]


class Transaction:
    """The right to change files: keyswitch's own lock, after recovery."""

    def __init__(
        self,
        paths: Paths,
        keychain: Keychain | None = None,
        *,
        wait: float = LOCK_WAIT,
    ) -> None:
        self.paths = paths
        self._wait = wait  # seconds, for another keyswitch command
        self.keychain = keychain
        self.recovered: list[str] = []
        self.notes: list[str] = []  # what a person should know of the files
        self._lock = -1

    def __enter__(self) -> Self:
        odd_files.refuse_links(self.paths)
        for folder in (self.paths.state, self.paths.journal_dir):
            ensure_private_dir(folder)
        self._lock = take_lock(self.paths.lock_file, self._wait)
        try:
            self.recovered = recover(self.paths)
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._lock)

    def commit_planned(self, make: Callable[[], tuple[T, Plan]]) -> T:
        """Plan and commit; plan again when another writer was faster."""
        attempt = 0
        while True:
            result, plan = make()
            try:
                self.commit(plan)
            except ChangedUnderneathError:
                attempt += 1
                if attempt == RETRIES:
                    raise
                time.sleep(_PAUSE * 2 ** (attempt - 1))
            else:
                return result

    @staticmethod
    def check(
        changes: Sequence[FileChange], locks: Sequence[LockSpec]
    ) -> list[Step]:
        """Return how each file gets to its new state, or raise: one cannot."""
        steps = [step_of(change) for change in changes]
        for lock in locks:
            require_way_to(lock.real, lock.beside)
        return steps

    def commit(self, plan: Plan) -> None:
        """Carry out the changes, or raise with nothing changed.

        CleanupLeftError is the one exception: the change is committed, and
        the next command finishes it.
        """
        locks = plan.locks
        changed = [c for c in plan.files if c.before != c.after]
        items = [c for c in changed if c.path.startswith(ITEM_PREFIX)]
        changes = on_disk(changed)
        if not changes:
            return
        steps = self.check(changes, locks)
        # Others wait for what a journal stands for, so it is not written yet.
        lock_folders.wait_until_free(locks)
        made: list[str] = []
        try:
            whole = _journal_of(plan, steps)
            journal.prepare(self.paths, whole)
            stage_all(changes, steps, made)
            with lock_folders.held(locks):
                require_as_read(changes, steps)
                self._compare_items(items)
                journal.commit(self.paths)
                self._finish(changes, whole)
                left = self._put_items(items)
            # Only now, since Claude Code's locks may lie in these folders.
            self._settle(whole)
        except CleanupLeftError:
            raise
        except BaseException as e:
            self._take_back(steps, made, locks)
            if isinstance(e, OSError):
                raise atomic.unusable(e.filename or changes[0].path, e) from e
            raise
        if left is not None:
            raise left

    def _finish(self, changes: Sequence[FileChange], whole: Journal) -> None:
        """Move every stage into place. From the first on: no way back."""
        steps, begun = whole.steps, False
        for attempt in (1, 2):
            try:
                # The commit has to be on disk before any file is.
                atomic.sync_dir(self.paths.journal_dir)
                if not begun:
                    self._look_again(changes, steps)
                begun = True
                for step in steps:
                    self.notes += install(step)
                for folder in {os.path.dirname(s.target) for s in steps}:
                    atomic.sync_dir(folder)
                give_rights(whole.rights)
                set_links(whole.links)
            except OSError as e:
                if attempt == 1:
                    continue  # a passing fault; the steps can be repeated
                raise _unfinished(e) from e
            else:
                return

    def _look_again(
        self, changes: Sequence[FileChange], steps: Sequence[Step]
    ) -> None:
        """Take the commit back if a file was written while it went to disk.

        That takes far longer than the renames that follow.
        """
        try:
            require_as_read(changes, steps)
        except ChangedUnderneathError:
            journal.uncommit(self.paths)
            raise
        except FileStateError:
            return  # it cannot be read just now; the renames will tell

    def _compare_items(self, items: Sequence[FileChange]) -> None:
        """Raise ChangedUnderneathError unless they are what the plan saw."""
        if self.keychain is None:
            return
        for item in items:
            service = item.path.removeprefix(ITEM_PREFIX)
            if self.keychain.read(service, BRIEF) != item.before:
                raise overtaken(item.path)

    def _put_items(
        self, items: Sequence[FileChange]
    ) -> CleanupLeftError | None:
        """Bring items to their new state; return what kept them from it.

        The files are done by then, so the journal goes either way. The note
        of the items stays.
        """
        if self.keychain is None:
            return None
        try:
            for item in items:
                service = item.path.removeprefix(ITEM_PREFIX)
                put_item(self.keychain, service, item.after)
        except KeyswitchError as e:
            return CleanupLeftError(
                "the change was made, but the login was not written: "
                f"{e.message}",
                f"{e.hint}; the next keyswitch command finishes it",
            )
        return None

    def _settle(self, whole: Journal) -> None:
        """Rename and remove folders, and forget the journal.

        That comes last, so that a lock that a kill leaves is in a journal.
        """
        try:
            rename_folders(whole.folders)
            remove_folders(whole.emptied)
            journal.discard(self.paths)
        except OSError as e:
            raise _unfinished(e) from e

    def _take_back(
        self,
        steps: Sequence[Step],
        made: Sequence[str],
        locks: Sequence[LockSpec],
    ) -> None:
        """Remove stages and journal; if that fails, recovery does it."""
        if journal.read_committed(self.paths) is not None:
            raise LateInterruptError(
                "the change was made, but interrupted before the clean-up",
                "the next keyswitch command finishes it",
            )
        with contextlib.suppress(OSError):
            for step in steps:
                unlink(step.stage)
            remove_folders(made)
            # One may just have been made when somebody pressed Ctrl-C.
            lock_folders.remove_orphans(
                [spec.path for spec in locks], journal.written_at(self.paths)
            )
            journal.discard(self.paths)


def _journal_of(plan: Plan, steps: Sequence[Step]) -> Journal:
    made = {f for s in steps if s.stage for f in missing_folders(s.target)}
    return Journal(
        tuple(steps),
        tuple(spec.path for spec in plan.locks),
        plan.rights,
        plan.folders,
        plan.links,
        plan.emptied,
        tuple(sorted(made)),
    )


def _unfinished(error: OSError) -> CleanupLeftError:
    reason = (error.strerror or "system error").lower()
    return CleanupLeftError(
        f"the change was made, but the clean-up failed: {reason}",
        "the next keyswitch command finishes it",
    )


def put_item(keychain: Keychain, service: str, value: bytes | None) -> None:
    """Write one item of a keychain, or delete it."""
    if value is None:
        keychain.delete(service, BRIEF)
    else:
        keychain.write(service, value, BRIEF)


def note_file(paths: Paths) -> str:
    """Return the file that says which items are not in place yet."""
    return paths.state + "/login-items.json"


def forget_note(paths: Paths) -> None:
    """Remove the note: its items are in place."""
    unlink(note_file(paths))
