"""What the header of a vault may hold, checked before any of it is used.

A header is not authenticated until a key is found, so nothing in it may make
us compute for long or use much memory.
"""

from __future__ import annotations

import binascii

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

MAX_SLOTS = 8
# Of Argon2id; the least amount of memory is what OWASP advises.
MIN_MEMORY, MAX_MEMORY = 19 * 1024, 1024 * 1024  # KiB

_KEYS = {"vid", "epoch", "hver", "slots"}
_SLOT_KEYS = {
    "passphrase": {"kdf"},
    "recovery": set(),
    "machine": set(),
    "keychain": {"item"},
}  # besides type, nonce and key
_SIZES = 12, 48  # bytes of a nonce, and of a key and its tag
_SALT = 16  # bytes
# Of a key derivation: what is allowed.
_PARAMETERS: dict[str, dict[str, Sequence[int]]] = {
    "argon2id": {
        "m": range(MIN_MEMORY, MAX_MEMORY + 1),
        "t": range(1, 11),
        "p": range(1, 17),
    },
    "scrypt": {"n": (1 << 15, 1 << 16, 1 << 17, 1 << 18)},
}


def check(header: Any) -> None:
    """Raise ValueError, with what is wrong, unless this is a header."""
    if not isinstance(header, dict) or set(header) != _KEYS:
        raise ValueError("its header has other keys")
    vid, slots = header["vid"], header["slots"]
    if (
        not isinstance(vid, str)
        or len(vid) != 32
        or vid.strip("0123456789abcdef")
    ):
        raise ValueError("its id is wrong")
    for key in ("epoch", "hver"):
        if type(header[key]) is not int or not 0 < header[key] < 1 << 53:
            raise ValueError(f"its {key} is wrong")
    if not isinstance(slots, list) or not 0 < len(slots) <= MAX_SLOTS:
        raise ValueError("it has no slots, or too many")
    for slot in slots:
        _check_slot(slot)


def _check_slot(slot: Any) -> None:
    if not isinstance(slot, dict) or not isinstance(slot.get("type"), str):
        raise ValueError("a slot is wrong")  # noqa: TRY004
    kind = slot["type"]
    if set(slot) - {"type", "nonce", "key"} != _SLOT_KEYS.get(kind):
        raise ValueError("a slot has other keys")
    if (_size(slot.get("nonce")), _size(slot.get("key"))) != _SIZES:
        raise ValueError("a slot has the wrong size")
    if kind == "keychain" and not isinstance(slot["item"], str):
        raise ValueError("a slot names no item")
    if kind == "passphrase":
        _check_derivation(slot["kdf"])


def _check_derivation(kdf: Any) -> None:
    if not isinstance(kdf, dict):
        raise ValueError("a slot has no key derivation")  # noqa: TRY004
    salt, name = _size(kdf.get("salt")), kdf.get("name")
    allowed = _PARAMETERS.get(name) if isinstance(name, str) else None
    if (
        allowed is None
        or salt != _SALT
        or set(kdf) != {"name", "salt", *allowed}
        or not all(
            type(kdf[key]) is int and kdf[key] in values
            for key, values in allowed.items()
        )
    ):
        raise ValueError("a key derivation is out of bounds")


def work_of(kdf: Mapping[str, Any]) -> int:
    """Return what a key derivation costs, in KiB x passes."""
    if kdf["name"] == "scrypt":
        # 1 KiB a block with r = 8, and three times the time of Argon2.
        return 3 * int(kdf["n"])
    return int(kdf["m"]) * int(kdf["t"])


def _size(text: Any) -> int:
    if not isinstance(text, str):
        raise ValueError("a slot is no base64")  # noqa: TRY004
    return len(decoded(text))


def encoded(value: bytes) -> str:
    """Return bytes in base64."""
    return binascii.b2a_base64(value, newline=False).decode()


def decoded(text: str | bytes) -> bytes:
    """Return the bytes of base64 text, of which each value has one form.

    Raises ValueError.
    """
    if isinstance(text, str):
        text = text.encode("ascii")
    value = binascii.a2b_base64(text)  # binascii.Error is a ValueError
    if binascii.b2a_base64(value, newline=False) != text:
        raise ValueError("not canonical base64")
    return value
