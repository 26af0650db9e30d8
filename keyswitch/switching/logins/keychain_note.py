"""Items of a keychain as part of a change of the login.

A keychain is in no transaction of files. So the change that says which login
is wanted is committed first, with a note of what is still to be done, and the
items follow under the same locks. A command that was killed in between leaves
that note: the next one reads the wanted login from its secret store again and
finishes. The note holds names and hashes; the login that is replaced was
stored, and has its owner, before any of this.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from keyswitch.changes.draft import Draft
from keyswitch.commit.transaction import (
    BRIEF,
    Transaction,
    forget_note,
    note_file,
    put_item,
)
from keyswitch.disk.atomic import read_regular
from keyswitch.disk.digests import digest
from keyswitch.errors import DamagedFileError, FileStateError, KeyswitchError
from keyswitch.model import ITEM_PREFIX, Frozen
from keyswitch.profiles import own_json
from keyswitch.profiles.paths import Paths
from keyswitch.switching.logins.storing import unpacked
from keyswitch.targets import table
from keyswitch.targets.lock_folders import LockSpec, held
from keyswitch.targets.target import Keychain, Login
from keyswitch.targets.values import PlannedFile
from keyswitch.workspace import Workspace

_LIMIT = 1 << 16  # bytes of a note
_EMPTY = b"{}"  # an item that says nothing


class Wanted(Frozen):
    """One item of a note; hashes are None where there is no item."""

    service: str
    old: str | None
    new: str | None


class Change(Frozen):
    """The items of one configuration folder."""

    folder: str
    items: tuple[Wanted, ...]
    tokens: tuple[str, ...]  # fingerprints of the login that is put there


_LOST = "a login change was interrupted: run the command again"


def decoded(path: str, data: bytes | None) -> tuple[Change, ...]:
    """Return the folders' changes of a note."""
    if data is None:
        return ()
    note = own_json.document(path, data, _LOST, unmarked=True)
    note.setdefault("changes", [note])  # a note of 0.1.0 is one change
    kind = tuple[Change, ...]
    return own_json.record(kind, note["changes"], path, _LOST)


def encoded(changes: Sequence[Change]) -> bytes | None:
    """Return the note; None: every item is in place, and there is no file."""
    if not changes:
        return None
    entries = [
        {**c._asdict(), "items": [item._asdict() for item in c.items]}
        for c in changes
    ]
    return own_json.encode(changes=entries)


def unfinished(paths: Paths) -> list[str]:
    """Return the folders whose items are not in place yet."""
    note = note_file(paths)
    return [c.folder for c in decoded(note, read_regular(note, _LIMIT))]


def plan(
    draft: Draft,
    folder: str,
    present: Mapping[str, bytes | None],
    files: Sequence[PlannedFile],
    tokens: tuple[str, ...],
) -> None:
    """Note a folder's items beside those of the same change, if any changes.

    `present` is what they hold; `tokens` are the fingerprints by which the
    login is found again.
    """
    paths = draft.workspace.paths
    for other in unfinished(paths):
        if other != folder:
            raise FileStateError(
                f"a change of the login of {other} is unfinished",
                "unlock the keychain: security unlock-keychain",
            )
    note = note_file(paths)
    planned = decoded(note, draft.read(note, _LIMIT))
    changes = [c for c in planned if c.folder != folder]
    wanted = tuple(
        Wanted(
            file.path.removeprefix(ITEM_PREFIX),
            digest(present[file.path]),
            digest(file.after),
        )
        for file in files
        if file.path in present and file.after != present[file.path]
    )
    if wanted:
        changes.append(Change(folder, wanted, tokens))
        draft.lock(_locks(folder))
    draft.write(note, encoded(changes), limit=_LIMIT)


def _locks(folder: str) -> list[LockSpec]:
    """Return the locks of a folder; without it there is nobody to lock out."""
    if not os.path.isdir(folder):
        return []
    return table.main().logins.item_locks(folder)


def finish_noted(workspace: Workspace, keychain: Keychain) -> list[str]:
    """Do what a note is left of; return what there is to say about it."""
    if not os.path.exists(note_file(workspace.paths)):
        return []
    try:
        return _finish(workspace, keychain)
    except DamagedFileError:
        raise
    except KeyswitchError as e:
        return [f"the login is not yet written: {e.message}; {e.hint}"]


def _finish(workspace: Workspace, keychain: Keychain) -> list[str]:
    """Do what a note is left of; return what was done, one line each.

    It can be repeated, and gives way to whoever wrote an item meanwhile.
    """
    with Transaction(workspace.paths):
        # Read under the lock: the command that wrote it may have gone on.
        data = read_regular(note_file(workspace.paths), _LIMIT)
        if data is None:
            return []
        said = []
        for change in decoded(note_file(workspace.paths), data):
            parts = _wanted_login(workspace, change.tokens)
            if parts is None:
                said.append("the login of the last change is no longer stored")
                continue
            with held(_locks(change.folder)):
                for item in change.items:
                    said += _finish_item(keychain, item, parts)
        forget_note(workspace.paths)
    return [*said, "finished an interrupted login change"]


def _wanted_login(workspace: Workspace, tokens: Sequence[str]) -> Login | None:
    """Return a stored login by its fingerprints; without any, no login."""
    if not tokens:
        return table.main().logins.nothing
    draft = Draft(workspace)
    for found in draft.ledger().items():
        if set(found.tokens) == set(tokens):
            return unpacked(draft.secret(found.ref))
    return None


def _finish_item(keychain: Keychain, wanted: Wanted, parts: Login) -> list[str]:
    present = keychain.read(wanted.service, BRIEF)
    if digest(present) == wanted.new:
        return []
    after = table.main().logins.item_content(wanted.service, present, parts)
    if after is None and wanted.new is not None:
        after = _EMPTY
    if digest(present) == wanted.old and digest(after) == wanted.new:
        put_item(keychain, wanted.service, after)
        return []
    return [f"another program changed the keychain item '{wanted.service}'"]
