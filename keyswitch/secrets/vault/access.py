"""The ways to open a vault: change, add and renew them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from keyswitch.errors import StoreError
from keyswitch.secrets.session import kernel_keyring
from keyswitch.secrets.vault import envelope
from keyswitch.secrets.vault.reading import (
    KEY_PREFIX,
    Vault,
    normalised,
)
from keyswitch.secrets.vault.writing import (
    check_passphrase,
    default_kdf,
    locked,
    machine_key_of,
    replace_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from keyswitch.secret import Secret
    from keyswitch.secrets.keychain.store import Keychain


def replace_slots(vault: Vault, slots: Sequence[Mapping[str, Any]]) -> None:
    """Give the vault other slots; its content is not encrypted anew."""
    with locked(vault.paths):
        key = vault.open().data_key
        opened = vault.load()
        if not opened.use_key(key):
            raise StoreError(
                "another command changed the vault meanwhile", "try again"
            )
        header = {
            **opened.header,
            "hver": opened.header["hver"] + 1,
            "slots": list(slots),
        }
        data = envelope.with_body(header, key, opened.body)
        replace_file(vault.paths, data, key, None)
        vault.forget()


def with_slot(
    vault: Vault, new: Mapping[str, Any], kind: str
) -> list[Mapping[str, Any]]:
    """Return the vault's slots with the ones of a kind replaced by one."""
    others = [s for s in vault.open().header["slots"] if s["type"] != kind]
    return [*others, new]


def change_passphrase(vault: Vault, passphrase: Secret) -> None:
    """Set the one passphrase of an unlocked vault."""
    check_passphrase(passphrase)
    opened = vault.open()
    slot = envelope.wrap_passphrase(
        opened.vid, opened.data_key, normalised(passphrase), default_kdf()
    )
    replace_slots(vault, with_slot(vault, slot, "passphrase"))


def new_recovery(vault: Vault, show: Callable[[str], None]) -> None:
    """Give an unlocked vault a new recovery code; the old one ends.

    `show` has to bring the code to the person first, or nothing changes.
    """
    opened = vault.open()
    code = envelope.new_recovery_code()
    show(code)
    slot = envelope.wrap(
        opened.vid, opened.data_key, "recovery", envelope.recovery_key(code)
    )
    replace_slots(vault, with_slot(vault, slot, "recovery"))


def add_machine_slot(vault: Vault) -> None:
    """Let this machine open the vault without anybody."""
    opened = vault.open()
    with locked(vault.paths):
        key = machine_key_of(vault.paths)
    slot = envelope.wrap(opened.vid, opened.data_key, "machine", key)
    replace_slots(vault, with_slot(vault, slot, "machine"))


def add_keychain_slot(vault: Vault, keychain: Keychain, item: str) -> None:
    """Let the keychain open the vault: one small item there is enough."""
    from keyswitch.secret import Secret

    opened = vault.open()
    key = os.urandom(envelope.KEY_SIZE)
    keychain.put(item, 1, Secret(key.hex()))
    slot = envelope.wrap(
        opened.vid, opened.data_key, "keychain", key, item=item
    )
    replace_slots(vault, with_slot(vault, slot, "keychain"))


def open_with_recovery(vault: Vault, code: str) -> None:
    """Unlock by the recovery code."""
    opened = vault.load()
    slot = envelope.first_match(opened.header["slots"], "recovery")
    key = envelope.recovery_key(code)
    if slot is None or not envelope.unwrap(opened, slot, key):
        raise envelope.WrongKeyError(
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
        kinds = {slot["type"] for slot in opened.header["slots"]}
        slots, code = [], ""
        if passphrase is not None:
            check_passphrase(passphrase)
            slots.append(
                envelope.wrap_passphrase(
                    opened.vid, data_key, normalised(passphrase), default_kdf()
                )
            )
            code = envelope.new_recovery_code()
            slots.append(
                envelope.wrap(
                    opened.vid,
                    data_key,
                    "recovery",
                    envelope.recovery_key(code),
                )
            )
        if "machine" in kinds:
            slots.append(
                envelope.wrap(
                    opened.vid, data_key, "machine", machine_key_of(vault.paths)
                )
            )
        header = {
            "vid": opened.vid,
            "epoch": opened.header["epoch"] + 1,
            "hver": opened.header["hver"] + 1,
            "slots": slots,
        }
        data = envelope.seal(header, data_key, {"entries": entries})
        kernel_keyring.drop(KEY_PREFIX)  # whatever comes, it opens nothing new
        vault.forget()
        replace_file(vault.paths, data, data_key, entries, forget_older=True)
    return code
