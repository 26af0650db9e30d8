"""Make a vault, and change what opens it: passphrase, recovery code, keys."""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING, Any

from keyswitch import kernel_keyring
from keyswitch.disk import atomic
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import InputError, StoreError
from keyswitch.outcome import so_far
from keyswitch.secrets.vault import envelope, key_slots
from keyswitch.secrets.vault.reading import (
    KEY_PREFIX,
    Vault,
    normalised,
    read_machine_key,
)
from keyswitch.secrets.vault.writing import locked, replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyswitch.profiles.paths import Paths
    from keyswitch.secret import Secret
    from keyswitch.secrets.keychain.store import KeychainStore

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_LENGTH = 28  # characters, for 16 bytes and one of a checksum


def check_passphrase(passphrase: Secret) -> str:
    """Refuse an empty passphrase; return a warning for a short one."""
    if not passphrase.reveal():
        raise InputError("the passphrase is empty", "use 12 characters or more")
    if len(passphrase) < 12:
        return "the passphrase is short; 12 characters or more are safer"
    return ""


def require_none(vault: Vault) -> None:
    """Raise where there is a vault already."""
    if vault.exists():
        raise InputError(
            f"the vault already exists: {vault.paths.vault_file}",
            "'keyswitch vault passwd' changes its passphrase",
        )


def create(
    paths: Paths,
    *,
    passphrase: Secret | None,
    machine_key: bool = False,
    ask: Callable[[str], Secret] | None = None,
) -> str:
    """Make a new vault. Returns the recovery code ("" if there is none).

    `ask` is how the passphrase was asked for: that person has the vault open.
    """
    vault = Vault(paths, ask=ask)
    require_none(vault)
    if passphrase is not None:
        check_passphrase(passphrase)  # before there is a lock file
    vid, data_key = os.urandom(16).hex(), os.urandom(envelope.KEY_SIZE)
    with locked(paths):
        require_none(vault)  # another command may have made one meanwhile
        slots, code = new_slots(
            paths,
            vid,
            data_key,
            passphrase=passphrase,
            machine_key=machine_key,
        )
        header = {"vid": vid, "epoch": 1, "hver": 1, "slots": slots}
        data = envelope.seal(header, data_key, {"entries": {}})
        replace_file(paths, data, data_key, {})
    if ask is not None:
        vault.remember(vid, data_key)
    return code


def new_slots(
    paths: Paths,
    vid: str,
    data_key: bytes,
    *,
    passphrase: Secret | None,
    machine_key: bool,
) -> tuple[list[Any], str]:
    """Return the slots of a new data key, and the recovery code or "".

    A code goes with a passphrase. To be called under the vault's lock.
    """
    slots, code = [], ""
    if passphrase is not None:
        check_passphrase(passphrase)
        phrase = normalised(passphrase)
        slots.append(key_slots.wrap_passphrase(vid, data_key, phrase))
    if machine_key:
        key = machine_key_of(paths)
        slots.append(key_slots.wrap(vid, data_key, "machine", key))
    if passphrase is not None:
        code = new_recovery_code()
        key = recovery_key(code)
        slots.append(key_slots.wrap(vid, data_key, "recovery", key))
    return slots, code


def machine_key_of(paths: Paths) -> bytes:
    """Return the machine key; make it the first time, under the lock."""
    if (found := read_machine_key(paths)) is not None:
        return found
    key = os.urandom(envelope.KEY_SIZE)
    ensure_private_dir(paths.state)
    atomic.write_private(paths.machine_key_file, key)
    return key


def accept_rollback(paths: Paths) -> None:
    """Take the vault file that is there for the newest one."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(paths.vault_seen_file)
        so_far.changes.append(paths.vault_seen_file)


def change_passphrase(vault: Vault, passphrase: Secret) -> None:
    """Set the one passphrase of an unlocked vault."""
    check_passphrase(passphrase)
    opened = vault.open()
    phrase = normalised(passphrase)
    slot = key_slots.wrap_passphrase(opened.vid, opened.data_key, phrase)
    _set_slot(vault, slot)


def new_recovery(vault: Vault, show: Callable[[str], None]) -> None:
    """Give an unlocked vault a new recovery code; the old one ends.

    `show` has to bring the code to the person first, or nothing changes.
    """
    vault.open()
    code = new_recovery_code()
    show(code)
    _set_key(vault, "recovery", recovery_key(code))


def add_machine_slot(vault: Vault) -> None:
    """Let this machine open the vault without anybody."""
    vault.open()
    with locked(vault.paths):
        key = machine_key_of(vault.paths)
    _set_key(vault, "machine", key)


def add_keychain_slot(vault: Vault, keychain: KeychainStore, item: str) -> None:
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
                "another command changed the vault in the meantime", "try again"
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
    key = recovery_key(code)
    if slot is None or not key_slots.unwrap(opened, slot, key):
        raise key_slots.WrongKeyError(
            "that code does not open this vault",
            "each new code replaces the one before; look for a newer one",
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


def new_recovery_code() -> str:
    """Return 128 random bits and a checksum as groups that people can copy."""
    value = os.urandom(16)
    number = int.from_bytes(value + _checksum(value), "big")
    digits = ""
    for _ in range(_LENGTH):
        number, digit = divmod(number, 32)
        digits = _ALPHABET[digit] + digits
    return "-".join(digits[i : i + 4] for i in range(0, _LENGTH, 4))


def recovery_key(code: str) -> bytes:
    """Return the key of a code that was typed; StoreError: it is mistyped."""
    text = code.upper().translate(str.maketrans("ILO", "110", " -\t"))
    number = 0
    for c in text:
        if c not in _ALPHABET:
            raise _mistyped()
        number = number * 32 + _ALPHABET.index(c)
    if len(text) != _LENGTH or number >> 136:
        raise _mistyped()
    value = number.to_bytes(17, "big")
    if _checksum(value[:16]) != value[16:]:
        raise _mistyped()
    return value[:16]


def _checksum(value: bytes) -> bytes:
    return hashlib.sha256(b"keyswitch/recovery" + value).digest()[:1]


def _mistyped() -> StoreError:
    return StoreError(
        "that is not a recovery code",
        "it has seven groups of four characters; check for typos",
    )
