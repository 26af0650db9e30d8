"""The vault as a store of secrets, beside the keychain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.secrets.vault.reading import Vault, entry_name
from keyswitch.secrets.vault.writing import update

if TYPE_CHECKING:
    from keyswitch.secret import Secret


class VaultStore(Vault):
    """A vault that entries can be put into and taken out of."""

    def put(self, item: str, generation: int, value: Secret) -> None:
        """Add an entry; it is durable and read back on return."""
        update(self, {entry_name(item, generation): value.reveal()}, ())

    def delete(self, item: str, generation: int) -> None:
        """Remove an entry, also from the older versions beside the vault."""
        name = entry_name(item, generation)
        if self.exists():
            update(self, {}, (name,))
