"""One change while it is being planned.

Every step of a plan reads files through the draft and writes to it. So a later
step sees what an earlier one left, and two steps can edit the same file.
Nothing here is written to a disk or a secret store: `change.commit` carries a
finished draft out, and a dry run prints it.

A file that another program is writing in place is empty or half for a moment.
What was read of it then is no reason to give up, and nothing to build on: an
empty file would be taken for one with nothing in it. So the plan waits.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from keyswitch.disk.atomic import is_link_to_file, read_regular
from keyswitch.errors import KeyswitchError, UnreadableTextError
from keyswitch.model import (
    FILE_LIMIT,
    FileChange,
    Frozen,
    LinkChange,
    MovedLogin,
    Profile,
    Rights,
    SecretRef,
)
from keyswitch.profiles import clock, profile_files
from keyswitch.secret import Secret
from keyswitch.workspace import Workspace

if TYPE_CHECKING:
    from keyswitch.changes.login_ledger import Ledger
    from keyswitch.commit.journal import Folder
    from keyswitch.profiles.state import State
    from keyswitch.targets.lock_folders import LockSpec
    from keyswitch.targets.values import PlannedFile

# When a file is put in place, among the files of a change. A kill in between
# must leave new tokens under an old name rather than old ones under a new one.
FIRST, USUAL, LAST = 0, 1, 2

_FRESH = 0.5  # seconds from a write in which the next one may follow
_PAUSES = (0.05, 0.1, 0.2, 0.3)  # together longer than that

_BLANK = b" \t\r\n\xef\xbb\xbf"

T = TypeVar("T")


class NewItem(Frozen):
    """A secret on its way into a store, and the reference it will have."""

    ref: SecretRef
    value: Secret


class Splice(Frozen):
    """One edit of another program's file, as what takes it back.

    At `offset` of the edited bytes, `length` bytes are replaced by `removed`.
    Only edits that touch no secret are recorded like this.
    """

    path: str
    offset: int
    length: int
    removed: str
    after: str | None  # digest of the file once the edit is made


class Draft:
    """What a command is going to do; see the module's text.

    `command` stays empty where there is nothing to do. `profile` is the one
    that `history` names.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.command = ""
        self.profile = ""
        self.fingerprint = ""  # of the profile's secrets, for `history`
        self.pointer: State | None = None
        self.tells_shells = False  # terminals look again, pointer or not
        self.seen: dict[str, bytes | None] = {}  # what was read of a disk
        self._files: dict[str, FileChange] = {}
        self._ranks: dict[str, int] = {}
        # Keyswitch's own text files, which `undo` puts back byte for byte:
        # path -> the text that it puts back.
        self.own: dict[str, bytes | None] = {}
        self.locks: dict[str, LockSpec] = {}
        # Store items. `created` go again when the change is undone, those in
        # `kept` stay. `discarded` wait for `undo`, `dropped` go at once.
        self.items: dict[str, NewItem] = {}
        self._secrets: dict[SecretRef, Secret] = {}  # that were read
        self.created: list[SecretRef] = []
        self.kept: list[SecretRef] = []
        self.discarded: list[SecretRef] = []
        self.dropped: list[SecretRef] = []
        self.expired: list[SecretRef] = []  # all that go after the commit
        self.moved: MovedLogin | None = None  # the login, as it was before
        self.splices: list[Splice] = []  # edits that `undo` takes back
        self.modes: list[Rights] = []  # permission bits that change
        self.folders: list[Folder] = []  # that get another name
        self.links: dict[str, LinkChange] = {}  # by path
        self.elsewhere: list[str] = []  # other configuration folders it changes
        # For the person: keys that somebody else changed, and what was done.
        self.conflicts: list[str] = []
        self.notes: list[str] = []
        self.told: list[str] = []  # all of it, once the change is made
        self.agreed: set[str] = set()  # items for whose new use there is a yes
        # How `undo` treats the change.
        self.undoable = True
        self.is_undo = False
        self.planned_back = False  # by `undo`, rather than file by file
        self.beside = False  # takes nothing from what `undo` takes back
        self.forget_undo = False  # no earlier change can be undone after it

    def read(
        self,
        path: str,
        limit: int = FILE_LIMIT,
        *,
        read: Callable[[str, int], bytes | None] = read_regular,
    ) -> bytes | None:
        """Return a file as the change leaves it so far; None: there is none.

        It is read once, so that what is planned and what the commit compares
        with the disk come from the same bytes.
        """
        if path in self._files:
            return self._files[path].after
        if path not in self.seen:
            self.seen[path] = None  # looked at, also where that fails
            self.seen[path] = read(path, limit)
        return self.seen[path]

    def settled(self, path: str) -> bytes | None:
        """Return the same; a file that was emptied just now is an error."""
        return self.read(path, read=_read_settled)

    def saw(self, texts: Mapping[str, bytes | None]) -> None:
        """Take over what was read of places that are no files, by path."""
        self.seen = {**texts, **self.seen}

    def load(self, name: str) -> tuple[Profile, bytes]:
        """Return a profile, and its file's text, as the change leaves them."""
        paths = self.workspace.paths
        path = paths.profile(name)
        if path not in self._files:
            profile, data = self.workspace.load(name)
            self.seen.setdefault(path, data)
            return profile, data
        text = self._files[path].after
        if text is None:
            raise profile_files.missing(paths, name)
        return profile_files.parse(text.decode("utf-8"), path), text

    def write_profile(self, name: str, text: bytes | None) -> None:
        """Plan a profile file's next text; None removes it."""
        path = self.workspace.paths.profile(name)
        self.write(path, text, limit=profile_files.PROFILE_LIMIT, own=True)

    def secret(self, ref: SecretRef) -> Secret:
        """Return a secret of a store, or one on its way there."""
        from keyswitch.secrets.stores import open_store

        if ref.item in self.items:
            return self.items[ref.item].value
        if ref not in self._secrets:
            workspace = self.workspace
            store = open_store(ref.store, workspace.paths, workspace.ask)
            self._secrets[ref] = store.get(ref.item, ref.generation)
        return self._secrets[ref]

    @cached_property
    def usual_store(self) -> str:
        """The store for what nobody chose one for."""
        from keyswitch.changes.store_choice import choose_store

        return choose_store(self.workspace, None).store

    def drop_secrets(self, name: str, fields: Collection[str]) -> None:
        """Take references to secrets out of a profile's file."""
        from keyswitch.profiles import toml_edits

        profile, data = self.load(name)
        kept = {k: v for k, v in profile.secrets.items() if k not in fields}
        after = profile._replace(secrets=kept)
        text = toml_edits.with_profile(data.decode("utf-8"), after)
        self.write_profile(name, text.encode())

    def ledger(self) -> Ledger:
        """Return the ledger of logins, as the change leaves it so far."""
        # Loaded here, since a switch between keys has no use for it.
        from keyswitch.changes import login_ledger

        path = self.workspace.paths.logins_file
        return login_ledger.decode(path, self.read(path, login_ledger.LIMIT))

    def write_ledger(self, ledger: Ledger) -> None:
        """Plan the ledger of logins."""
        from keyswitch.changes import login_ledger

        after = login_ledger.encode(ledger)
        path = self.workspace.paths.logins_file
        self.write(path, after, limit=login_ledger.LIMIT, rank=FIRST)

    def write(  # noqa: PLR0913
        self,
        path: str,
        after: bytes | None,
        *,
        limit: int = FILE_LIMIT,
        own: bool = False,
        private: bool = False,
        anywhere: bool = False,
        goes_when_empty: bool = False,
        rank: int = USUAL,
    ) -> None:
        """Plan a file's next text; None removes it.

        A file that no step has read is read now, at most `limit` bytes. `own`:
        `undo` puts back the text that the draft had before this.
        """
        before = self.read(path, limit)
        change = FileChange(
            path, before, after, 0o600, private, anywhere, goes_when_empty
        )
        self.edit(change, own=own, rank=rank)

    def add(self, files: Iterable[PlannedFile]) -> None:
        """Add files as a program's plan has them."""
        for file in files:
            after = file.after
            if after is None and is_link_to_file(file.path):
                after = b"{}\n"  # nothing stays where the link leads
            self.write(
                file.path,
                after,
                private=file.private,
                goes_when_empty=file.goes_when_empty,
                rank=LAST if file.is_last else USUAL,
            )

    def edit(
        self, change: FileChange, *, own: bool = False, rank: int = USUAL
    ) -> None:
        """Add a change that was planned on the draft's text of a file."""
        path = change.path
        if own:
            self.own.setdefault(path, change.before)
        known = self._files.get(path)
        if known is not None:
            change = change._replace(
                before=known.before,
                private=known.private or change.private,
            )
        self._files[path] = change
        self._ranks[path] = (
            rank if known is None else min(rank, self._ranks[path])
        )

    def store(self, item: NewItem, *, stays: bool = False) -> None:
        """Add a new item of a secret store; it `stays` after an undo."""
        self.items[item.ref.item] = item
        (self.kept if stays else self.created).append(item.ref)

    def lock(self, specs: Iterable[LockSpec]) -> None:
        """Hold these locks of another program while files are replaced."""
        for spec in specs:
            self.locks.setdefault(spec.path, spec)

    def link(self, links: Iterable[LinkChange]) -> None:
        """Make or remove symbolic links with the change."""
        self.links.update((link.path, link) for link in links)

    def attempt(self, plan: Callable[[], None]) -> KeyswitchError | None:
        """Add to the draft, all of it or nothing; return what kept it."""
        before = {
            name: copy.copy(value)
            for name, value in vars(self).items()
            if name != "workspace"
        }
        try:
            plan()
        except KeyswitchError as e:
            vars(self).update(before)
            return e
        return None

    def changes(self) -> list[FileChange]:
        """Return the files that differ, in the order of their replacement."""
        found = [c for c in self._files.values() if c.before != c.after]
        return sorted(found, key=lambda c: self._ranks[c.path])

    @property
    def messages(self) -> list[str]:
        """What a person should know of the change, one line each."""
        changed = "was changed by another program; not touched"
        return [*self.notes, *(f"{key} {changed}" for key in self.conflicts)]

    def names(self, path: str) -> bool:
        """Tell whether a step wrote this file, changed or not."""
        return path in self._files

    def written(self, folder: str) -> list[FileChange]:
        """Return what is written in a folder, changed or not."""
        found = self._files.values()
        return [c for c in found if os.path.dirname(c.path) == folder]

    def changes_of(self, path: str) -> bool:
        """Tell whether the change replaces, makes or removes a file."""
        return any(change.path == path for change in self.changes())

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing on disk would differ."""
        return not (
            self.changes()
            or self.modes
            or self.folders
            or self.links
            or self.pointer
        )


def _read_settled(path: str, limit: int) -> bytes | None:
    data = read_regular(path, limit)
    if data is not None and not data.strip(_BLANK) and _is_fresh(path):
        raise UnreadableTextError(
            f"another program is writing {path}",
            "try again in a moment",
        )
    return data


def once_settled(
    workspace: Workspace, make: Callable[[Draft], T]
) -> tuple[Draft, T]:
    """Fill a draft, again where it read a file that is being written."""
    pauses = list(_PAUSES)
    while True:
        draft = Draft(workspace)
        try:
            return draft, make(draft)
        except UnreadableTextError:
            if not pauses or not any(map(_is_fresh, draft.seen)):
                raise
            time.sleep(pauses.pop(0))


def _is_fresh(path: str) -> bool:
    try:
        return abs(clock.now() - os.stat(path).st_mtime) < _FRESH
    except OSError:
        return False
