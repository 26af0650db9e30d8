"""Claude Code's login in the macOS keychain, as part of a change.

A keychain is in no transaction of files. So the change that says which login
is wanted is committed first, with a note of what is still to be done, and the
items follow under the same locks. A command that was killed in between leaves
that note: the next one reads the wanted login from its secret store again and
finishes. The note holds names and hashes; the login that is replaced was
stored, and has its owner, before any of this.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from keyswitch.changes.draft import Draft
from keyswitch.commit.journal import digest
from keyswitch.commit.keychain_items import service_of
from keyswitch.commit.login_note import (
    Change,
    Wanted,
    decoded,
    encoded,
    note_file,
)
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import (
    FileStateError,
    KeyswitchError,
)
from keyswitch.model import FileChange
from keyswitch.switching.logins.places import LoginPlace
from keyswitch.targets.claude_code.files import ITEM_PREFIX
from keyswitch.targets.claude_code.login import parts as login_parts
from keyswitch.targets.claude_code.login.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.claude_code.login.keychain import Keychain
    from keyswitch.workspace import Workspace

_LIMIT = 1 << 16  # bytes of a note
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
        self._unfinished = [change.folder for change in unfinished]
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
        changes = [c for c in planned if c.folder != self._folder]
        wanted = tuple(
            Wanted(service_of(i), digest(i.before), digest(i.after))
            for i in items
            if i.before != i.after
        )
        if wanted:
            changes.append(Change(self._folder, wanted, tokens))
        self.draft.write(self.note, encoded(changes), limit=_LIMIT)


def key_of(parts: Parts) -> bytes | None:
    """Return a login's Console key as its item holds it."""
    return parts.managed_key.encode() or None


def _without_key(parts: Parts) -> dict[str, str]:
    return {k: v for k, v in parts.raw.items() if k != login_parts.MANAGED_KEY}


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
