"""Claude Code's login in the macOS keychain: what the items hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from keyswitch.model import ITEM_PREFIX
from keyswitch.targets.claude_code.login import parts as login_parts
from keyswitch.targets.claude_code.login.keychain import LOGIN
from keyswitch.targets.claude_code.login.parts import Parts
from keyswitch.targets.claude_code.login.place import LoginPlace
from keyswitch.targets.parts import PlannedFile

if TYPE_CHECKING:
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.login import Keychain
    from keyswitch.targets.parts import Read

_EMPTY = b"{}"  # an item that says nothing


class KeychainPlace(LoginPlace):
    """The keychain items of one folder, each read once.

    What there is no item for, but a file has it, stays in the file: so does
    Claude Code, where the keychain could not be used.
    """

    def __init__(
        self, places: Locations, read: Read, keychain: Keychain
    ) -> None:
        super().__init__(places, read)
        self.keychain = keychain
        self.file = self.data
        item = keychain.read(keychain.login)
        self.in_item = item is not None or self.file is None
        if self.in_item:
            self.where, self.data = ITEM_PREFIX + keychain.login, item
        self.key = keychain.read(keychain.console)
        self.items = {
            ITEM_PREFIX + keychain.login: item,
            ITEM_PREFIX + keychain.console: self.key,
        }

    def live(self, config: bytes | None) -> Parts:
        """Return the login; the item's Console key counts before the file's."""
        found = super().live(config)
        if self.key is None:
            return found
        key = json.dumps(self.key.decode("utf-8", "replace"))
        return Parts({**found.raw, login_parts.MANAGED_KEY: key})

    def replaced(self, login: Parts, config: bytes | None) -> list[PlannedFile]:
        """Return what puts a login in place; raises where there is no room."""
        files = [PlannedFile(self.where, self.with_tokens(login), private=True)]
        in_file = login
        if self._has_key_item(config):
            in_file = login.without_key
            path = ITEM_PREFIX + self.keychain.console
            files.append(PlannedFile(path, key_of(login)))
        for file in files:
            if file.path.startswith(ITEM_PREFIX) and file.after is not None:
                service = file.path.removeprefix(ITEM_PREFIX)
                self.keychain.require_room(service, file.after)
        return [
            *files,
            *self._without_policy(),
            self._account(in_file, config),
        ]

    def with_tokens(self, login: Parts) -> bytes | None:
        """Return the content of item or file; None: neither is needed.

        An item that says nothing stays while a file has something, which
        Claude Code would take for the login without it.
        """
        after = super().with_tokens(login)
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

    def as_files(self, config: bytes | None) -> dict[str, bytes | None]:
        """Return the files as they would be without a keychain."""
        found: dict[str, bytes | None] = {}
        if self.data is not None:
            found[self.places.credentials] = self.data
        if self.key is not None:
            found[self.places.global_config] = login_parts.applied(
                self.places.global_config,
                config,
                self.live(config),
                (login_parts.MANAGED_KEY,),
            )
        return found


def key_of(login: Parts) -> bytes | None:
    """Return a login's Console key as its item holds it."""
    return login.managed_key.encode() or None


def item_content(
    service: str, present: bytes | None, login: Parts
) -> bytes | None:
    """Return what an item is to hold for a login."""
    if not service.startswith(LOGIN):
        return key_of(login)
    return login_parts.applied(
        ITEM_PREFIX + service, present, login, login_parts.CREDENTIALS_KEYS
    )
