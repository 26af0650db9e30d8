"""The table of secret stores, and the few things done with any of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from keyswitch.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keyswitch.model import SecretRef
    from keyswitch.profiles.paths import Paths
    from keyswitch.secret import Secret

    Ask = Callable[[str], Secret] | None


class SecretStore(Protocol):
    """A place for secret values; an item is written once, never changed."""

    def get(self, item: str, generation: int) -> Secret:
        """Return a value; StoreError when absent, LockedError when locked."""

    def put(self, item: str, generation: int, value: Secret) -> None:
        """Write a new item, read it back and compare."""

    def delete(self, item: str, generation: int) -> None:
        """Remove an item; one that is gone already is fine."""


STORES = ("keychain", "vault")


def new_item() -> str:
    """Return a new opaque name for an item: 128 random bits."""
    return f"ks1-{os.urandom(16).hex()}"


def open_store(name: str, paths: Paths, ask: Ask) -> SecretStore:
    """Return the store with this name, not yet unlocked."""
    if name == "keychain":
        from keyswitch.secrets.keychain.store import open_keychain

        return open_keychain(paths)
    if name == "vault":
        from keyswitch.secrets.vault.store import VaultStore

        return VaultStore(paths, ask=ask)
    raise StoreError(
        f"there is no secret store '{name}'",
        f"the stores are {' and '.join(STORES)}",
    )


def delete_items(paths: Paths, refs: Sequence[SecretRef], *, ask: Ask) -> None:
    """Delete items from whatever stores they lie in."""
    for name in sorted({ref.store for ref in refs}):
        store = open_store(name, paths, ask)
        for ref in refs:
            if ref.store == name:
                store.delete(ref.item, ref.generation)
