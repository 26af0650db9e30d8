"""The vault's file format, bytes to bytes. Nothing here touches a disk.

    keyswitch-vault/1                      magic and version
    {canonical JSON header, ASCII}         vault id, epoch, version, slots
    base64(HMAC-SHA256)                    over the two lines above
    32-byte salt || ChaCha20-Poly1305      one ciphertext for everything

A random data key encrypts the payload and authenticates the header, so the
header also commits to the key. Slots wrap the data key for a passphrase, a
recovery code, a machine key or a key in the keychain. Each write takes a fresh
salt, and with it a fresh payload key, so the nonce can stay zero.
"""

from __future__ import annotations

import binascii
import json
import os

from keyswitch.errors import LockedError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from cryptography.hazmat.primitives.hmac import HMAC

MAGIC = b"keyswitch-vault/1"
FILE_LIMIT = 16 * 1024 * 1024  # bytes
HEADER_LIMIT = 64 * 1024  # bytes
MAX_SLOTS = 8
KEY_SIZE = 32
SALT_SIZE = 32
PAD = 1024  # bytes: the payload's size shows in steps of this

# Bounds of what a file may ask of us, checked before any work is done.
MIN_MEMORY, MAX_MEMORY = 19 * 1024, 1024 * 1024  # KiB
MAX_WORK = 1536 * 1024  # KiB x passes, over all passphrase slots tried
MAX_PASSES, MAX_LANES = 10, 16

_ZERO_NONCE = b"\0" * 12
_WRAPPED = 48  # bytes: a key and its tag; a fixed size leaves no oracle


class DamagedError(StoreError):
    """The file is not a vault, or was changed, or asks for too much."""


class NewerError(DamagedError):
    """The file is of a later version than those that are known here."""


class WrongKeyError(LockedError):
    """No slot opens with the key or passphrase that was given."""


def damaged(why: str) -> DamagedError:
    """Return the error for bytes that are no vault of ours."""
    return DamagedError(
        f"the vault is damaged: {why}",
        "restore it from a backup",
    )


def _new_hmac(key: bytes, data: bytes) -> HMAC:
    # The one of cryptography: hashlib would load a second OpenSSL, which
    # costs a third of a bare interpreter's start.
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.hmac import HMAC

    made = HMAC(key, SHA256())
    made.update(data)
    return made


def _hmac(key: bytes, data: bytes) -> bytes:
    return _new_hmac(key, data).finalize()


def _hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869) for one block of output, which is a key."""
    secret = _hmac(salt or b"\0" * 32, key)
    return _hmac(secret, info + b"\x01")


def canonical(document: object) -> bytes:
    """Return the one form in which a header may be written."""
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=True
    ).encode()


class Opened:
    """A vault's header, and after `unlock` its data key."""

    __slots__ = ("body", "data_key", "header", "mac", "signed")

    def __init__(
        self, header: Mapping[str, Any], signed: bytes, mac: bytes, body: bytes
    ) -> None:
        self.header = header
        self.signed = signed
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

        key = _hkdf(data_key, b"", b"keyswitch/v1/header")
        try:
            _new_hmac(key, self.signed).verify(self.mac)
        except InvalidSignature:
            return False
        self.data_key = data_key
        return True

    def payload(self) -> dict[str, Any]:
        """Decrypt the entries."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        salt, sealed = self.body[:SALT_SIZE], self.body[SALT_SIZE:]
        key = _hkdf(self.data_key, salt, b"keyswitch/v1/payload")
        try:
            plain = ChaCha20Poly1305(key).decrypt(
                _ZERO_NONCE, sealed, _binding(self.header)
            )
        except InvalidTag:
            raise damaged("its content was changed") from None
        return _unpadded(plain)


def _header_mac(data_key: bytes, signed: bytes) -> bytes:
    key = _hkdf(data_key, b"", b"keyswitch/v1/header")
    return _hmac(key, signed)


def _binding(header: Mapping[str, Any]) -> bytes:
    return f"keyswitch/v1|{header['vid']}|{header['epoch']}".encode()


def _unpadded(plain: bytes) -> dict[str, Any]:
    size = int.from_bytes(plain[:4], "big")
    text, padding = plain[4 : 4 + size], plain[4 + size :]
    if len(text) != size or padding.strip(b"\0") or len(plain) % PAD:
        raise damaged("its padding is wrong")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise damaged("its content is no JSON") from None
    if not isinstance(document, dict):
        raise damaged("its content is no object")
    return document


def _padded(document: Mapping[str, Any]) -> bytes:
    text = canonical(document)
    plain = len(text).to_bytes(4, "big") + text
    return plain + b"\0" * (-len(plain) % PAD)


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
            "update keyswitch; nothing was changed",
        )
    if len(parts) != 4 or parts[0] != magic:
        raise damaged("it does not begin like one")
    _, raw, mac_text, body = parts
    if len(raw) > HEADER_LIMIT:
        raise damaged("its header is too large")
    try:
        header = json.loads(raw)
        mac = _b64(mac_text)
        # A header may be just shallow enough to be read, not to be written.
        is_canonical = canonical(header) == raw
    except (ValueError, RecursionError):
        raise damaged("its header cannot be read") from None
    if not is_canonical:
        raise damaged("its header is not in the one form that is allowed")
    if len(mac) != 32 or len(body) < SALT_SIZE + 16 + PAD:
        raise damaged("it is cut off")
    _check_header(header)
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


_DIGITS = 6  # of a version, and more than there will be


def _b64(text: bytes | str) -> bytes:
    """Decode strict base64: the one encoding of each value."""
    if isinstance(text, str):
        text = text.encode("ascii")
    try:
        value = binascii.a2b_base64(text)
    except binascii.Error as e:
        raise ValueError(str(e)) from None
    if binascii.b2a_base64(value, newline=False) != text:
        raise ValueError("not canonical base64")
    return value


def _check_header(header: Any) -> None:
    if not isinstance(header, dict) or set(header) != {
        "vid",
        "epoch",
        "hver",
        "slots",
    }:
        raise damaged("its header has other keys")
    vid, slots = header["vid"], header["slots"]
    if not (
        isinstance(vid, str)
        and len(vid) == 32
        and all(c in "0123456789abcdef" for c in vid)
    ):
        raise damaged("its id is wrong")
    for key in ("epoch", "hver"):
        if type(header[key]) is not int or not 0 < header[key] < 1 << 53:
            raise damaged(f"its {key} is wrong")
    if not isinstance(slots, list) or not 0 < len(slots) <= MAX_SLOTS:
        raise damaged("it has no slots, or too many")
    for slot in slots:
        _check_slot(slot)


_SLOT_KEYS = {
    "passphrase": {"type", "kdf", "nonce", "key"},
    "recovery": {"type", "nonce", "key"},
    "machine": {"type", "nonce", "key"},
    "keychain": {"type", "nonce", "key", "item"},
}


def _check_slot(slot: Any) -> None:
    if not isinstance(slot, dict) or not isinstance(slot.get("type"), str):
        raise damaged("a slot is wrong")
    if set(slot) != _SLOT_KEYS.get(slot["type"]):
        raise damaged("a slot has other keys")
    try:
        sizes = len(_b64(slot["nonce"])), len(_b64(slot["key"]))
    except (ValueError, TypeError):
        raise damaged("a slot is no base64") from None
    if sizes != (12, _WRAPPED):
        raise damaged("a slot has the wrong size")
    if slot["type"] == "keychain" and not isinstance(slot["item"], str):
        raise damaged("a slot names no item")
    if slot["type"] == "passphrase":
        _check_kdf(slot["kdf"])


def _check_kdf(kdf: Any) -> None:
    if not isinstance(kdf, dict):
        raise damaged("a slot has no key derivation")
    try:
        salt = len(_b64(kdf["salt"]))
    except (KeyError, ValueError, TypeError):
        raise damaged("a salt is no base64") from None
    good = salt == 16
    if kdf.get("name") == "argon2id":
        good = good and set(kdf) == {"name", "m", "t", "p", "salt"}
        good = good and all(type(kdf[k]) is int for k in "mtp")
        good = (
            good
            and MIN_MEMORY <= kdf["m"] <= MAX_MEMORY
            and 1 <= kdf["t"] <= MAX_PASSES
            and 1 <= kdf["p"] <= MAX_LANES
        )
    elif kdf.get("name") == "scrypt":
        good = good and set(kdf) == {"name", "n", "salt"}
        good = good and type(kdf["n"]) is int
        good = good and kdf["n"] in (1 << 15, 1 << 16, 1 << 17, 1 << 18)
    else:
        good = False
    if not good:
        raise damaged("a key derivation is out of bounds")


def work_of(kdf: Mapping[str, Any]) -> int:
    """Return what a key derivation costs, in KiB x passes."""
    if kdf["name"] == "scrypt":
        # 1 KiB a block with r = 8, and three times the time of Argon2.
        return 3 * int(kdf["n"])
    return int(kdf["m"]) * int(kdf["t"])


# --- slots ---------------------------------------------------------------

# RFC 9106, second recommended choice; 0.15 s on two cores.
DEFAULT_KDF = {"name": "argon2id", "m": 64 * 1024, "t": 3, "p": 4}
# For tests only: the least that the bounds allow.
CHEAPEST_KDF = {"name": "argon2id", "m": MIN_MEMORY, "t": 1, "p": 1}
# Where cryptography was built without Argon2 (OpenSSL before 3.2).
FALLBACK_KDF = {"name": "scrypt", "n": 1 << 17}


def derive(passphrase: bytes, kdf: Mapping[str, Any]) -> bytes:
    """Turn a passphrase into a key. Takes time and memory on purpose."""
    salt = _b64(kdf["salt"])
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
            "close something, or raise the memory limit",
        ) from None


def argon2_works() -> bool:
    """Tell whether this build of cryptography has Argon2id."""
    try:
        derive(b"probe", {**CHEAPEST_KDF, "salt": _text(b"\0" * 16)})
    except StoreError:
        return False
    return True


def _text(value: bytes) -> str:
    return binascii.b2a_base64(value, newline=False).decode()


def _slot_binding(vid: str, slot: Mapping[str, Any]) -> bytes:
    bound = {k: v for k, v in slot.items() if k not in ("nonce", "key")}
    return canonical({"vid": vid, **bound})


def wrap(vid: str, data_key: bytes, kind: str, key: bytes, **extra: Any) -> Any:
    """Return a slot that gives the data key to whoever has `key`."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    slot: dict[str, Any] = {"type": kind, **extra}
    nonce = os.urandom(12)
    wrapping = _hkdf(key, b"", b"keyswitch/v1/wrap")
    sealed = ChaCha20Poly1305(wrapping).encrypt(
        nonce, data_key, _slot_binding(vid, slot)
    )
    return {**slot, "nonce": _text(nonce), "key": _text(sealed)}


def wrap_passphrase(
    vid: str, data_key: bytes, passphrase: bytes, kdf: Mapping[str, Any]
) -> Any:
    """Return a passphrase slot with a fresh salt."""
    full = {**kdf, "salt": _text(os.urandom(16))}
    return wrap(vid, data_key, "passphrase", derive(passphrase, full), kdf=full)


def unwrap(opened: Opened, slot: Mapping[str, Any], key: bytes) -> bool:
    """Try one slot with a key; on success the vault is open."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    wrapping = _hkdf(key, b"", b"keyswitch/v1/wrap")
    try:
        data_key = ChaCha20Poly1305(wrapping).decrypt(
            _b64(slot["nonce"]),
            _b64(slot["key"]),
            _slot_binding(opened.vid, slot),
        )
    except InvalidTag:
        return False
    if not opened.use_key(data_key):
        raise damaged("its header was changed")
    return True


def unwrap_passphrase(
    opened: Opened, passphrase: bytes, *, max_work: int = MAX_WORK
) -> bool:
    """Try every passphrase slot, within the bound on all of them."""
    slots = [s for s in opened.header["slots"] if s["type"] == "passphrase"]
    if sum(work_of(slot["kdf"]) for slot in slots) > max_work:
        raise damaged("its key derivations are out of bounds")
    return any(
        unwrap(opened, slot, derive(passphrase, slot["kdf"])) for slot in slots
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
    key = _hkdf(data_key, salt, b"keyswitch/v1/payload")
    sealed = ChaCha20Poly1305(key).encrypt(
        _ZERO_NONCE, _padded(payload), _binding(header)
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
    mac = binascii.b2a_base64(_header_mac(data_key, signed), newline=False)
    return signed + mac + b"\n" + body


# --- recovery code -------------------------------------------------------

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U


def new_recovery_code() -> str:
    """Return 128 random bits and a checksum as groups that people can copy."""
    value = os.urandom(16)
    number = int.from_bytes(value + _check(value), "big")
    digits = ""
    for _ in range(28):
        number, digit = divmod(number, 32)
        digits = _ALPHABET[digit] + digits
    return "-".join(digits[i : i + 4] for i in range(0, 28, 4))


def _check(value: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(b"keyswitch/recovery" + value).digest()[:1]


def recovery_key(code: str) -> bytes:
    """Return the key of a typed recovery code, or say that it is mistyped."""
    text = code.upper().translate(str.maketrans("ILO", "110", " -\t"))
    number = 0
    for c in text:
        if c not in _ALPHABET:
            raise _mistyped()
        number = number * 32 + _ALPHABET.index(c)
    if len(text) != 28 or number >> 136:
        raise _mistyped()
    value = number.to_bytes(17, "big")
    if _check(value[:16]) != value[16:]:
        raise _mistyped()
    return value[:16]


def _mistyped() -> StoreError:
    return StoreError(
        "that is not a recovery code",
        "it has seven groups of four characters; check for a typing mistake",
    )


def first_match(
    slots: Iterable[Mapping[str, Any]], kind: str
) -> Mapping[str, Any] | None:
    """Return the first slot of a kind."""
    return next((slot for slot in slots if slot["type"] == kind), None)
