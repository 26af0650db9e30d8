"""The key of the vault that lies in the keychain: none is left without a slot.

The keychain is no part of the vault's own file. So what is written to it, and
what a change of the slots leaves there, is declared first, as items of
profiles are; whoever comes later deletes what the vault does not name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from keyswitch.changes import intents
from keyswitch.commit.transaction import Transaction
from keyswitch.model import SecretRef
from keyswitch.secrets import stores
from keyswitch.secrets.keychain.store import open_keychain
from keyswitch.secrets.vault import access
from keyswitch.secrets.vault.reading import Vault
from keyswitch.workspace import Workspace


def add(workspace: Workspace, vault: Vault) -> None:
    """Let the keychain open an unlocked vault; a former key goes."""
    item = stores.new_item()
    place = open_keychain(workspace.paths)
    place.require()  # before anything says that there could be an item
    with changing(workspace, vault):
        intents.declare(workspace.paths, _ref(item), "")
        access.add_keychain_slot(vault, place, item)


@contextmanager
def changing(workspace: Workspace, vault: Vault) -> Iterator[None]:
    """Change an unlocked vault's slots; keys that lose theirs are deleted."""
    with Transaction(workspace.paths):
        for slot in vault.open().header["slots"]:
            if slot["type"] == "keychain":
                intents.declare(workspace.paths, _ref(slot["item"]), "")
        try:
            yield
        finally:
            intents.sweep(workspace.paths)


def _ref(item: str) -> SecretRef:
    return SecretRef("keychain", item, 1)
