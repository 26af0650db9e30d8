"""The recovery code: a key of the vault that a person keeps on paper."""

from __future__ import annotations

import hashlib
import os

from keyswitch.errors import StoreError

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_LENGTH = 28  # characters, for 16 bytes and one of a checksum


def new_code() -> str:
    """Return 128 random bits and a checksum as groups that people can copy."""
    value = os.urandom(16)
    number = int.from_bytes(value + _checksum(value), "big")
    digits = ""
    for _ in range(_LENGTH):
        number, digit = divmod(number, 32)
        digits = _ALPHABET[digit] + digits
    return "-".join(digits[i : i + 4] for i in range(0, _LENGTH, 4))


def key_of(code: str) -> bytes:
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
        "it has seven groups of four characters; check for a typing mistake",
    )
