"""A second reader of the vault format, from its description alone.

It shares no code with keyswitch and no primitive with its library: Argon2 is
argon2-cffi's, ChaCha20-Poly1305 and scrypt are pycryptodome's, HMAC is the
standard library's. What both readers say of a file is compared.
"""

import base64
import binascii
import hashlib
import hmac
import json
import struct

from argon2.low_level import Type, hash_secret_raw
from Crypto.Cipher import ChaCha20_Poly1305
from Crypto.Protocol.KDF import scrypt

HEADER = "header failure"
MAC = "header MAC failure"
PARAMETER = "parameter refused"
PAYLOAD = "payload failure"
WRONG = "wrong passphrase"
MIB = 1024 * 1024


class RefusedError(Exception):
    """The layer that refuses is the message."""


def need(condition, layer=HEADER):
    if not condition:
        raise RefusedError(layer)


def hkdf(key, info, salt=b""):
    extracted = hmac.digest(salt or bytes(32), key, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def decrypt(key, nonce, sealed, bound):
    """Return the plain text, or None if the tag is wrong."""
    cipher = ChaCha20_Poly1305.new(key=key, nonce=nonce)
    cipher.update(bound)
    try:
        return cipher.decrypt_and_verify(sealed[:-16], sealed[-16:])
    except ValueError:
        return None


def base64_of(text, size, layer=HEADER):
    need(isinstance(text, str), layer)
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise RefusedError(layer) from None
    need(base64.b64encode(value).decode() == text and len(value) == size, layer)
    return value


def canonical(value):
    """Write JSON in the one form: sorted, no spaces, ASCII."""
    if isinstance(value, dict):
        pairs = (f"{canonical(k)}:{canonical(value[k])}" for k in sorted(value))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value)


def whole(value, low, high):
    return type(value) is int and low <= value <= high


def check_kdf(kdf):
    need(isinstance(kdf, dict))
    need(isinstance(kdf.get("salt"), str))
    try:
        base64_of(kdf["salt"], len(base64.b64decode(kdf["salt"])))
    except ValueError:
        raise RefusedError(HEADER) from None
    if kdf.get("name") == "argon2id":
        need(set(kdf) == {"name", "m", "t", "p", "salt"}, PARAMETER)
        need(whole(kdf["m"], 19 * 1024, MIB), PARAMETER)
        need(whole(kdf["t"], 1, 10) and whole(kdf["p"], 1, 16), PARAMETER)
    else:
        need(kdf.get("name") == "scrypt", PARAMETER)
        need(set(kdf) == {"name", "n", "salt"}, PARAMETER)
        need(whole(kdf["n"], 1, MIB), PARAMETER)
        need(kdf["n"] in [2**15, 2**16, 2**17, 2**18], PARAMETER)
    base64_of(kdf["salt"], 16, PARAMETER)


def check_slot(slot):
    need(isinstance(slot, dict) and isinstance(slot.get("type"), str))
    own = {"passphrase": {"kdf"}, "keychain": {"item"}}
    need(slot["type"] in ("passphrase", "recovery", "machine", "keychain"))
    need(set(slot) == {"type", "nonce", "key"} | own.get(slot["type"], set()))
    base64_of(slot["nonce"], 12)
    base64_of(slot["key"], 48)
    need(isinstance(slot.get("item", ""), str))
    if "kdf" in slot:
        check_kdf(slot["kdf"])


def parse(data, magic):
    need(len(data) <= 16 * MIB and data.count(b"\n") >= 3)
    first, raw, mac, body = data.split(b"\n", 3)
    need(first == magic and len(raw) <= 64 * 1024 and raw.isascii())
    try:
        header = json.loads(raw.decode("ascii"))
        need(canonical(header) == raw.decode("ascii"))
    except (ValueError, RecursionError):
        raise RefusedError(HEADER) from None
    need(mac.isascii())
    mac = base64_of(mac.decode(), 32)
    need(len(body) >= 32 + 1024 + 16 and isinstance(header, dict))
    need(set(header) == {"vid", "epoch", "hver", "slots"})
    vid, slots = header["vid"], header["slots"]
    need(isinstance(vid, str) and len(vid) == 32)
    need(set(vid) <= set("0123456789abcdef"))
    need(whole(header["epoch"], 1, 2**53 - 1))
    need(whole(header["hver"], 1, 2**53 - 1))
    need(isinstance(slots, list) and 1 <= len(slots) <= 8)
    for slot in slots:
        check_slot(slot)
    return header, magic + b"\n" + raw + b"\n", mac, body


def recovery_key(code):
    """28 digits in Crockford's base 32: 16 bytes and one to check them."""
    number = 0
    for digit in code.replace("-", ""):
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(digit)
    value = number.to_bytes(17, "big")
    check = hashlib.sha256(b"keyswitch/recovery" + value[:16]).digest()
    need(check[:1] == value[16:], WRONG)
    return value[:16]


def keys_for(header, way, given):
    """Yield each slot of the way with the key to try on it."""
    slots = [s for s in header["slots"] if s["type"] == way]
    if way != "passphrase":
        key = recovery_key(given) if way == "recovery" else bytes.fromhex(given)
        yield from ((slot, key) for slot in slots[:1])
        return
    kdfs = [slot["kdf"] for slot in slots]
    work = sum(k["m"] * k["t"] if "m" in k else 3 * k["n"] for k in kdfs)
    need(work <= 1536 * 1024, PARAMETER)
    for slot, kdf in zip(slots, kdfs, strict=True):
        salt = base64.b64decode(kdf["salt"])
        if kdf["name"] == "scrypt":
            yield slot, scrypt(given.encode(), salt, 32, kdf["n"], 8, 1)
        else:
            yield (
                slot,
                hash_secret_raw(
                    given.encode(),
                    salt,
                    kdf["t"],
                    kdf["m"],
                    kdf["p"],
                    32,
                    Type.ID,
                ),
            )


def unwrap(header, way, given):
    for slot, key in keys_for(header, way, given):
        bound = {k: v for k, v in slot.items() if k not in ("nonce", "key")}
        found = decrypt(
            hkdf(key, b"keyswitch/v1/wrap"),
            base64.b64decode(slot["nonce"]),
            base64.b64decode(slot["key"]),
            canonical({"vid": header["vid"], **bound}).encode(),
        )
        if found is not None:
            return found
    raise RefusedError(WRONG)


def decode(data, way, given, magic=b"keyswitch-vault/1"):
    """Return the payload's document; raises RefusedError with the layer."""
    header, signed, mac, body = parse(data, magic)
    data_key = unwrap(header, way, given)
    mac_key = hkdf(data_key, b"keyswitch/v1/header")
    need(hmac.compare_digest(hmac.digest(mac_key, signed, "sha256"), mac), MAC)
    plain = decrypt(
        hkdf(data_key, b"keyswitch/v1/payload", body[:32]),
        bytes(12),
        body[32:],
        f"keyswitch/v1|{header['vid']}|{header['epoch']}".encode(),
    )
    need(plain is not None and len(plain) % 1024 == 0, PAYLOAD)
    size = struct.unpack(">I", plain[:4])[0]
    need(size <= len(plain) - 4 and not any(plain[4 + size :]), PAYLOAD)
    try:
        document = json.loads(plain[4 : 4 + size])
    except (ValueError, RecursionError):
        raise RefusedError(PAYLOAD) from None
    need(isinstance(document, dict), PAYLOAD)
    return document
