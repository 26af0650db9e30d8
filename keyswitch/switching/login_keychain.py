"""Claude Code's login in the macOS keychain, as part of a change.

A keychain is in no transaction of files. So the change that says which login
is wanted is committed first, with a note of what is still to be done, and the
items follow under the same locks. A command that was killed in between leaves
that note: the next one reads the wanted login from its secret store again and
finishes. The note holds names and hashes; the login that is replaced was
stored, and has its owner, before any of this.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

from keyswitch.disk.atomic import read_regular
from keyswitch.errors import (
    CleanupLeftError,
    DamagedFileError,
    FileStateError,
    KeyswitchError,
)
from keyswitch.model import FileChange
from keyswitch.profiles import own_json
from keyswitch.switching import login_ledger
from keyswitch.switching.draft import Draft
from keyswitch.switching.journal import digest
from keyswitch.switching.login_note import Wanted, decoded, note_file
from keyswitch.switching.login_places import LoginPlace
from keyswitch.targets.claude_code import login_parts
from keyswitch.targets.claude_code.files import ITEM_PREFIX
from keyswitch.targets.claude_code.keychain import BRIEF
from keyswitch.targets.claude_code.login_parts import Parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.profiles.paths import Paths
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.claude_code.keychain import Keychain

_LIMIT = 1 << 16  # bytes of a note
_LEDGER_LIMIT = 1 << 22
_EMPTY = b"{}"  # an item that says nothing


class KeychainPlace(LoginPlace):
    """The keychain items of one folder, each read once.

    What there is no item for, but a file has it, stays in the file: so does
    Claude Code, where the keychain could not be used.
    """

    def __init__(
        self,
        workspace: Workspace,
        draft: Draft,
        places: Locations,
        keychain: Keychain,
    ) -> None:
        super().__init__(draft, places)
        self.keychain = keychain
        self.note = note_file(workspace.paths)
        unfinished = decoded(self.note, read_regular(self.note, _LIMIT))
        self._unfinished = [str(change["folder"]) for change in unfinished]
        self.half_done = self._folder in self._unfinished
        self.file = self.data
        item = keychain.read(keychain.login)
        self.in_item = item is not None or self.file is None
        if self.in_item:
            self.where, self.data = ITEM_PREFIX + keychain.login, item
        self.key = keychain.read(keychain.console)

    def live(self, config: bytes | None) -> Parts:
        """Return the login; the item's Console key counts before the file's."""
        found = super().live(config)
        if self.key is None:
            return found
        key = json.dumps(self.key.decode("utf-8", "replace"))
        return Parts({**found.raw, login_parts.MANAGED_KEY: key})

    def replace(self, parts: Parts, tokens: tuple[str, ...]) -> None:
        """Plan the change; that of an item is named by ITEM_PREFIX."""
        self._without_policy()
        config = self.config()
        items = []
        login = self.with_tokens(parts)
        if self.in_item:
            items.append(FileChange(self.where, self.data, login))
        else:
            self._put(self.where, login)
        kept = parts
        if self._has_key_item(config):
            kept = Parts(_without_key(parts))
            path = ITEM_PREFIX + self.keychain.console
            items.append(FileChange(path, self.key, key_of(parts)))
        self._require_room(items)
        self._plan_note(items, tokens)
        for item in items:
            self.draft.edit(item)
        self._put_account(kept)

    def with_tokens(self, parts: Parts) -> bytes | None:
        """Return the content of item or file; None: neither is needed.

        An item that says nothing stays while a file has something, which
        Claude Code would take for the login without it.
        """
        after = super().with_tokens(parts)
        if after is None and self.in_item and self.file is not None:
            return _EMPTY
        return after

    def _has_key_item(self, config: bytes | None) -> bool:
        """Tell whether a Console key belongs into its item, or in the file."""
        if self.key is not None:
            return True
        path = self.places.global_config
        found = login_parts.read((self.where, None), (path, config))
        return not found.managed_key

    def _require_room(self, items: Sequence[FileChange]) -> None:
        for item in items:
            if item.after is not None:
                self.keychain.require_room(service_of(item), item.after)

    @property
    def _folder(self) -> str:
        return os.path.dirname(self.places.credentials)

    def _plan_note(
        self, items: Sequence[FileChange], tokens: tuple[str, ...]
    ) -> None:
        """Note the items of this folder beside those of the same change."""
        for folder in self._unfinished:
            if folder != self._folder:
                raise FileStateError(
                    f"a change of the login of {folder} is not finished",
                    "unlock the keychain: security unlock-keychain",
                )
        planned = decoded(self.note, self.draft.read(self.note, _LIMIT))
        changes = [c for c in planned if c["folder"] != self._folder]
        wanted = [
            Wanted(service_of(i), digest(i.before), digest(i.after))
            for i in items
            if i.before != i.after
        ]
        if wanted:
            changes.append(
                {
                    "folder": self._folder,
                    "items": [w._asdict() for w in wanted],
                    "tokens": tokens,
                }
            )
        note = {"version": own_json.VERSION, "changes": changes}
        text = json.dumps(note, indent=1) + "\n"
        after = text.encode() if changes else None
        self.draft.write(self.note, after, limit=_LIMIT)


def service_of(change: FileChange) -> str:
    """Return the name of the item that a change is of."""
    return change.path.removeprefix(ITEM_PREFIX)


def key_of(parts: Parts) -> bytes | None:
    """Return a login's Console key as its item holds it."""
    return parts.managed_key.encode() or None


def _without_key(parts: Parts) -> dict[str, str]:
    return {k: v for k, v in parts.raw.items() if k != login_parts.MANAGED_KEY}


# ------------------------------------------------------- within a transaction


def is_overtaken(keychain: Keychain, item: FileChange) -> bool:
    """Tell whether another program wrote an item since the plan was made."""
    return keychain.read(service_of(item), BRIEF) != item.before


def put(keychain: Keychain, items: Sequence[FileChange]) -> None:
    """Bring the items to their new state; the change itself is committed.

    Raises CleanupLeftError when that fails: the note stays.
    """
    try:
        for item in items:
            _set(keychain, service_of(item), item.after)
    except KeyswitchError as e:
        raise CleanupLeftError(
            f"the change is made, but the login is not in place: {e.message}",
            f"{e.hint}; the next keyswitch command finishes it",
        ) from e


def _set(keychain: Keychain, service: str, value: bytes | None) -> None:
    if value is None:
        keychain.delete(service, BRIEF)
    else:
        keychain.write(service, value, BRIEF)


def forget(paths: Paths) -> None:
    """Remove the note: its items are in place."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(note_file(paths))


# -------------------------------------------------------------- after a kill


def finished(workspace: Workspace) -> list[str]:
    """Do what a note is left of; return what there is to say about it."""
    if not os.path.exists(note_file(workspace.paths)):
        return []
    try:
        return finish(workspace)
    except DamagedFileError:
        raise
    except KeyswitchError as e:
        return [f"the login is not in place yet: {e.message}; {e.hint}"]


def finish(workspace: Workspace) -> list[str]:
    """Do what a note is left of; return what was done, one line each.

    It can be repeated, and gives way to whoever wrote an item meanwhile.
    """
    from keyswitch.switching.transaction import Transaction
    from keyswitch.targets.claude_code.locks import held, login_locks

    keychain = workspace.keychain
    if keychain is None:
        return []
    with Transaction(workspace.paths):
        # Read under the lock: the command that wrote it may have gone on.
        data = read_regular(note_file(workspace.paths), _LIMIT)
        if data is None:
            return []
        said = []
        for change in decoded(note_file(workspace.paths), data):
            parts = _wanted_login(workspace, change["tokens"])
            if parts is None:
                said.append("the login of the last change is not stored now")
                continue
            locks = []
            if os.path.isdir(change["folder"]):
                locks = login_locks(change["folder"])
            with held(locks):
                for item in change["items"]:
                    said += _finish_item(keychain, Wanted(**item), parts)
        forget(workspace.paths)
    return [*said, "finished a change of the login that was interrupted"]


def _wanted_login(workspace: Workspace, tokens: Sequence[str]) -> Parts | None:
    """Return a stored login by its fingerprints; without any, no login."""
    from keyswitch.switching.login_storing import fetch

    if not tokens:
        return Parts({})
    path = login_ledger.path_of(workspace.paths)
    ledger = login_ledger.decode(path, read_regular(path, _LEDGER_LIMIT))
    for found in ledger.items():
        if set(found.tokens) == set(tokens):
            return fetch(workspace, found.ref)
    return None


def _finish_item(keychain: Keychain, wanted: Wanted, parts: Parts) -> list[str]:
    present = keychain.read(wanted.service, BRIEF)
    if digest(present) == wanted.new:
        return []
    after = _content(wanted.service, present, parts)
    if after is None and wanted.new is not None:
        after = _EMPTY
    if digest(present) == wanted.old and digest(after) == wanted.new:
        _set(keychain, wanted.service, after)
        return []
    return [f"the keychain item '{wanted.service}' was changed by others"]


def _content(service: str, present: bytes | None, parts: Parts) -> bytes | None:
    from keyswitch.targets.claude_code.keychain import LOGIN

    if not service.startswith(LOGIN):
        return key_of(parts)
    return login_parts.applied(
        ITEM_PREFIX + service, present, parts, login_parts.CREDENTIALS_KEYS
    )


# ------------------------------------------------------- as others look at it


def stamp(keychain: Keychain) -> str:
    """Return what changes whenever the login's item is written."""
    return f"{digest(keychain.read(keychain.login))}\n"


def as_files(
    workspace: Workspace, places: Locations
) -> dict[str, bytes | None]:
    """Return Claude Code's files as they would be without a keychain.

    Empty where there are no items, or none can be read: the files count then.
    """
    keychain = workspace.keychain_at(places)
    if keychain is None:
        return {}
    try:
        place = KeychainPlace(workspace, Draft(), places, keychain)
        config = place.config()
        found: dict[str, bytes | None] = {}
        if place.data is not None:
            found[places.credentials] = place.data
        if place.key is not None:
            found[places.global_config] = login_parts.applied(
                places.global_config,
                config,
                place.live(config),
                (login_parts.MANAGED_KEY,),
            )
    except KeyswitchError:
        return {}
    return found
