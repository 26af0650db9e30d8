"""Slots of a vault: each holds the data key, encrypted for one way to open it.

The ways are a passphrase, a recovery code, a machine key and a key that lies
in the keychain. A slot stands in the header, as a JSON object.
"""

from __future__ import annotations

import os

from keyswitch.errors import LockedError, StoreError
from keyswitch.secrets.vault.envelope import (
    KEY_SIZE,
    MIN_MEMORY,
    Opened,
    canonical,
    damaged,
    decoded,
    derived_key,
    encoded,
    work_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_WORK = 1536 * 1024  # KiB x passes, over all passphrase slots tried

# RFC 9106, second recommended choice; 0.15 s on two cores.
DEFAULT_KDF = {"name": "argon2id", "m": 64 * 1024, "t": 3, "p": 4}
# For tests only: the least that the bounds allow.
CHEAPEST_KDF = {"name": "argon2id", "m": MIN_MEMORY, "t": 1, "p": 1}
# Where cryptography was built without Argon2 (OpenSSL before 3.2).
FALLBACK_KDF = {"name": "scrypt", "n": 1 << 17}


class WrongKeyError(LockedError):
    """No slot opens with the key or passphrase that was given."""


def slot_of(opened: Opened, kind: str) -> Mapping[str, Any] | None:
    """Return the first slot of a kind."""
    slots = opened.header["slots"]
    return next((slot for slot in slots if slot["type"] == kind), None)


def wrap(vid: str, data_key: bytes, kind: str, key: bytes, **extra: Any) -> Any:
    """Return a slot that gives the data key to whoever has `key`."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    slot: dict[str, Any] = {"type": kind, **extra}
    nonce = os.urandom(12)
    sealed = ChaCha20Poly1305(_wrapping_key(key)).encrypt(
        nonce, data_key, _bound(vid, slot)
    )
    return {**slot, "nonce": encoded(nonce), "key": encoded(sealed)}


def unwrap(opened: Opened, slot: Mapping[str, Any], key: bytes) -> bool:
    """Try one slot with a key; on success the vault is open."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        data_key = ChaCha20Poly1305(_wrapping_key(key)).decrypt(
            decoded(slot["nonce"]),
            decoded(slot["key"]),
            _bound(opened.vid, slot),
        )
    except InvalidTag:
        return False
    if not opened.use_key(data_key):
        raise damaged("its header was changed")
    return True


def _wrapping_key(key: bytes) -> bytes:
    return derived_key(key, b"", b"keyswitch/v1/wrap")


def _bound(vid: str, slot: Mapping[str, Any]) -> bytes:
    """Return what a slot's key is encrypted with: all else that it says."""
    bound = {k: v for k, v in slot.items() if k not in ("nonce", "key")}
    return canonical({"vid": vid, **bound})


# --- passphrases ---------------------------------------------------------


def default_kdf() -> Mapping[str, Any]:
    """Return the key derivation for new slots on this machine."""
    try:
        derive(b"probe", {**CHEAPEST_KDF, "salt": encoded(bytes(16))})
    except StoreError:
        return FALLBACK_KDF
    return DEFAULT_KDF


def wrap_passphrase(
    vid: str,
    data_key: bytes,
    passphrase: bytes,
    kdf: Mapping[str, Any] | None = None,
) -> Any:
    """Return a passphrase slot with a fresh salt."""
    full = {**(kdf or default_kdf()), "salt": encoded(os.urandom(16))}
    return wrap(vid, data_key, "passphrase", derive(passphrase, full), kdf=full)


def unwrap_passphrase(opened: Opened, passphrase: bytes) -> bool:
    """Try every passphrase slot, within a bound on the work for all."""
    slots = [s for s in opened.header["slots"] if s["type"] == "passphrase"]
    if sum(work_of(slot["kdf"]) for slot in slots) > MAX_WORK:
        raise damaged("its key derivations are out of bounds")
    return any(
        unwrap(opened, slot, derive(passphrase, slot["kdf"])) for slot in slots
    )


def derive(passphrase: bytes, kdf: Mapping[str, Any]) -> bytes:
    """Turn a passphrase into a key. Takes time and memory on purpose."""
    from keyswitch.progress import Progress  # only where somebody has to wait

    with Progress("deriving a key from the passphrase"):
        return _derived(passphrase, kdf, decoded(kdf["salt"]))


def _derived(passphrase: bytes, kdf: Mapping[str, Any], salt: bytes) -> bytes:
    if kdf["name"] == "scrypt":
        import hashlib

        return hashlib.scrypt(
            passphrase,
            salt=salt,
            n=kdf["n"],
            r=8,
            p=1,
            maxmem=kdf["n"] * 1024 + (1 << 22),
            dklen=KEY_SIZE,
        )
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        return Argon2id(
            salt=salt,
            length=KEY_SIZE,
            iterations=kdf["t"],
            lanes=kdf["p"],
            memory_cost=kdf["m"],
        ).derive(passphrase)
    except UnsupportedAlgorithm:
        raise StoreError(
            "this Python's cryptography package has no Argon2",
            "install the package from PyPI (it brings its own OpenSSL)",
        ) from None
    except MemoryError:
        raise StoreError(
            f"opening this vault takes {kdf['m'] // 1024} MiB of memory",
            "close other programs, or raise the memory limit",
        ) from None
