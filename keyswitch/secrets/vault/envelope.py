"""The vault's file format, bytes to bytes. Nothing here touches a disk.

    keyswitch-vault/1                      magic and version
    {canonical JSON header, ASCII}         vault id, epoch, version, slots
    base64(HMAC-SHA256)                    over the two lines above
    32-byte salt || ChaCha20-Poly1305      one ciphertext for everything

A random data key encrypts the payload and authenticates the header, so the
header also commits to the key. The slots hold that key, see `key_slots`. Each
write takes a fresh salt, and with it a fresh payload key, so the nonce can
stay zero.
"""

from __future__ import annotations

import binascii
import json
import os

from keyswitch.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cryptography.hazmat.primitives.hmac import HMAC

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

MAGIC = b"keyswitch-vault/1"
FILE_LIMIT = 16 * 1024 * 1024  # bytes
HEADER_LIMIT = 64 * 1024  # bytes
KEY_SIZE = 32
SALT_SIZE = 32
PAD = 1024  # bytes: the payload's size shows in steps of this

_ZERO_NONCE = b"\0" * 12
_TAG = 16  # bytes at the end of a ciphertext
_DIGITS = 6  # of a version, and more than there will be


class DamagedError(StoreError):
    """The file is not a vault, or was changed, or asks for too much."""


class NewerError(DamagedError):
    """The file is of a later version than those that are known here."""


def damaged(why: str) -> DamagedError:
    """Return the error for bytes that are no vault of ours."""
    return DamagedError(
        f"the vault is damaged: {why}",
        "restore it from a backup",
    )


def derived_key(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    """Return the key for one purpose: HKDF-SHA256 (RFC 5869), one block.

    Not the HKDF of cryptography, whose import takes as long as three of ours.
    """
    secret = _hmac(salt or bytes(32), key).finalize()
    return _hmac(secret, purpose + b"\x01").finalize()


def _hmac(key: bytes, data: bytes) -> HMAC:
    # The one of cryptography: hashlib would load a second OpenSSL, which
    # costs a third of a bare interpreter's start.
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.hmac import HMAC

    mac = HMAC(key, SHA256())
    mac.update(data)
    return mac


def canonical(document: object) -> bytes:
    """Return the one form in which a header may be written."""
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=True
    ).encode()


class Opened:
    """A vault's header, and after `use_key` its data key."""

    __slots__ = ("body", "data_key", "header", "mac", "signed")

    def __init__(
        self, header: Mapping[str, Any], signed: bytes, mac: bytes, body: bytes
    ) -> None:
        self.header = header
        self.signed = signed  # the bytes that `mac` authenticates
        self.mac = mac
        self.body = body
        self.data_key = b""

    @property
    def vid(self) -> str:
        """The vault's id: 16 random bytes in hex."""
        return str(self.header["vid"])

    def use_key(self, data_key: bytes) -> bool:
        """Take this data key if the header was made with it."""
        from cryptography.exceptions import InvalidSignature

        try:
            _header_mac(data_key, self.signed).verify(self.mac)
        except InvalidSignature:
            return False
        self.data_key = data_key
        return True

    def payload(self) -> dict[str, Any]:
        """Decrypt the entries."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        salt, sealed = self.body[:SALT_SIZE], self.body[SALT_SIZE:]
        try:
            plain = ChaCha20Poly1305(_payload_key(self.data_key, salt)).decrypt(
                _ZERO_NONCE, sealed, _bound(self.header)
            )
        except InvalidTag:
            raise damaged("its contents were changed") from None
        return _unpadded(plain)

    def next_header(self, **changed: Any) -> dict[str, Any]:
        """Return the header of the version after this one."""
        hver = self.header["hver"] + 1
        return {**self.header, "hver": hver, **changed}


def _header_mac(data_key: bytes, signed: bytes) -> HMAC:
    return _hmac(derived_key(data_key, b"", b"keyswitch/v1/header"), signed)


def _payload_key(data_key: bytes, salt: bytes) -> bytes:
    return derived_key(data_key, salt, b"keyswitch/v1/payload")


def _bound(header: Mapping[str, Any]) -> bytes:
    """Return what the payload is encrypted with, so that it fits no other."""
    return f"keyswitch/v1|{header['vid']}|{header['epoch']}".encode()


def _padded(document: Mapping[str, Any]) -> bytes:
    text = canonical(document)
    plain = len(text).to_bytes(4, "big") + text
    return plain + b"\0" * (-len(plain) % PAD)


def _unpadded(plain: bytes) -> dict[str, Any]:
    size = int.from_bytes(plain[:4], "big")
    text, padding = plain[4 : 4 + size], plain[4 + size :]
    if len(text) != size or padding.strip(b"\0") or len(plain) % PAD:
        raise damaged("its padding is wrong")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise damaged("its contents are not JSON") from None
    if not isinstance(document, dict):
        raise damaged("its contents are not an object")
    return document


def parse(data: bytes, magic: bytes = MAGIC) -> Opened:
    """Check the outside of a vault's bytes. No key is needed, or used.

    `magic` is another one for other files of this form, which then never pass
    for a vault: it is under the header's authentication.
    """
    if len(data) > FILE_LIMIT:
        raise damaged("it is too large")
    parts = data.split(b"\n", 3)
    if _is_newer(parts[0], magic):
        raise NewerError(
            "the vault was written by a newer keyswitch",
            "update keyswitch; nothing changed",
        )
    if len(parts) != 4 or parts[0] != magic:
        raise damaged("it does not start like a vault")
    _, raw, mac_text, body = parts
    if len(raw) > HEADER_LIMIT:
        raise damaged("its header is too large")
    try:
        header = json.loads(raw)
        mac = decoded(mac_text)
        # A header may be just shallow enough to be read, not to be written.
        is_canonical = canonical(header) == raw
    except (ValueError, RecursionError):
        raise damaged("its header is unreadable") from None
    if not is_canonical:
        raise damaged("its header is not in canonical form")
    if len(mac) != 32 or len(body) < SALT_SIZE + PAD + _TAG:
        raise damaged("it is cut short")
    try:
        check_header(header)
    except ValueError as e:
        raise damaged(str(e)) from None
    return Opened(header, magic + b"\n" + raw + b"\n", mac, body)


def _is_newer(first: bytes, magic: bytes) -> bool:
    """Tell whether a first line is that of a later version."""
    name, _, version = magic.rpartition(b"/")
    its_name, _, its_version = first.rpartition(b"/")
    return (
        its_name == name
        and its_version.isdigit()
        and len(its_version) < _DIGITS
        and int(its_version) > int(version)
    )


def seal(
    header: Mapping[str, Any],
    data_key: bytes,
    payload: Mapping[str, Any],
    magic: bytes = MAGIC,
) -> bytes:
    """Return a vault's bytes, with the payload encrypted anew."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    salt = os.urandom(SALT_SIZE)
    sealed = ChaCha20Poly1305(_payload_key(data_key, salt)).encrypt(
        _ZERO_NONCE, _padded(payload), _bound(header)
    )
    return with_body(header, data_key, salt + sealed, magic)


def with_body(
    header: Mapping[str, Any],
    data_key: bytes,
    body: bytes,
    magic: bytes = MAGIC,
) -> bytes:
    """Return a vault's bytes around a body that is encrypted already."""
    signed = magic + b"\n" + canonical(header) + b"\n"
    mac = encoded(_header_mac(data_key, signed).finalize())
    return signed + mac.encode() + b"\n" + body


def check_header(header: Any) -> None:
    """Raise ValueError, with what is wrong, unless this is a header.

    It is not authenticated until a key is found, so nothing in it may make us
    compute for long or use much memory.
    """
    if not isinstance(header, dict) or set(header) != _KEYS:
        raise ValueError("its header has unexpected keys")
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
        raise ValueError("a slot has unexpected keys")
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
        raise ValueError("a slot is not base64")  # noqa: TRY004
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
