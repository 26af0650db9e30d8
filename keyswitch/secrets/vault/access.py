"""Change what opens a vault: its passphrase, recovery code and keys."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from keyswitch.errors import StoreError
from keyswitch.secrets.session import kernel_keyring
from keyswitch.secrets.vault import envelope, key_slots, recovery_code
from keyswitch.secrets.vault.reading import KEY_PREFIX, Vault, normalised
from keyswitch.secrets.vault.writing import (
    check_passphrase,
    locked,
    machine_key_of,
    new_slots,
    replace_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyswitch.secret import Secret
    from keyswitch.secrets.keychain.store import Keychain


def change_passphrase(vault: Vault, passphrase: Secret) -> None:
    """Set the one passphrase of an unlocked vault."""
    check_passphrase(passphrase)
    opened = vault.open()
    slot = key_slots.wrap_passphrase(
        opened.vid,
        opened.data_key,
        normalised(passphrase),
        key_slots.default_kdf(),
    )
    _set_slot(vault, slot)


def new_recovery(vault: Vault, show: Callable[[str], None]) -> None:
    """Give an unlocked vault a new recovery code; the old one ends.

    `show` has to bring the code to the person first, or nothing changes.
    """
    vault.open()
    code = recovery_code.new_code()
    show(code)
    _set_key(vault, "recovery", recovery_code.key_of(code))


def add_machine_slot(vault: Vault) -> None:
    """Let this machine open the vault without anybody."""
    vault.open()
    with locked(vault.paths):
        key = machine_key_of(vault.paths)
    _set_key(vault, "machine", key)


def add_keychain_slot(vault: Vault, keychain: Keychain, item: str) -> None:
    """Let the keychain open the vault: one small item there is enough."""
    from keyswitch.secret import Secret

    vault.open()
    key = os.urandom(envelope.KEY_SIZE)
    keychain.put(item, 1, Secret(key.hex()))
    _set_key(vault, "keychain", key, item=item)


def _set_key(vault: Vault, kind: str, key: bytes, **extra: str) -> None:
    opened = vault.open()
    _set_slot(
        vault, key_slots.wrap(opened.vid, opened.data_key, kind, key, **extra)
    )


def _set_slot(vault: Vault, new: Mapping[str, Any]) -> None:
    """Replace a vault's slots of one kind; its content is left as it is."""
    key = vault.open().data_key
    with locked(vault.paths):
        opened = vault.load()
        if not opened.use_key(key):
            raise StoreError(
                "another command changed the vault meanwhile", "try again"
            )
        others = [s for s in opened.header["slots"] if s["type"] != new["type"]]
        header = opened.next_header(slots=[*others, new])
        data = envelope.with_body(header, key, opened.body)
        replace_file(vault.paths, data, key, None)
        vault.forget()


def open_with_recovery(vault: Vault, code: str) -> None:
    """Unlock by the recovery code."""
    opened = vault.load()
    slot = key_slots.slot_of(opened, "recovery")
    key = recovery_code.key_of(code)
    if slot is None or not key_slots.unwrap(opened, slot, key):
        raise key_slots.WrongKeyError(
            "that code does not open this vault",
            "each new code ends the one before; look for a newer one",
        )
    vault.adopt(opened)


def rotate(vault: Vault, passphrase: Secret | None) -> str:
    """Encrypt everything under a new data key; returns a new recovery code.

    For after a suspected leak: a new passphrase alone leaves the data key as
    it was. Older versions beside the vault are removed.
    """
    with locked(vault.paths):
        opened = vault.open()
        entries = dict(vault.entries())
        data_key = os.urandom(envelope.KEY_SIZE)
        slots, code = new_slots(
            vault.paths,
            opened.vid,
            data_key,
            passphrase=passphrase,
            machine_key=key_slots.slot_of(opened, "machine") is not None,
        )
        epoch = opened.header["epoch"] + 1
        header = opened.next_header(epoch=epoch, slots=slots)
        data = envelope.seal(header, data_key, {"entries": entries})
        kernel_keyring.drop(KEY_PREFIX)  # whatever comes, it opens nothing new
        vault.forget()
        replace_file(vault.paths, data, data_key, entries, forget_older=True)
    return code
