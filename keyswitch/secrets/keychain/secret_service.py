"""Read items from the Secret Service fast enough for a shell's start.

Importing keyring costs ten bare interpreters. This module speaks the protocol
(specifications.freedesktop.org/secret-service) for the one thing that stands
in start files: reading items whose names are known, over an encrypted session.
A child process talks D-Bus; the parent loads the cipher meanwhile, and kills
the child when the deadline is over.
"""

from __future__ import annotations

import os

from keyswitch.errors import LockedError
from keyswitch.secret import Secret
from keyswitch.secrets.keychain import worker
from keyswitch.secrets.keychain.items import (
    SERVICE,
    decode,
    default_deadline,
    is_silent,
    item_name,
    not_ours,
    not_there,
    note_silence,
    silent,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_BUS = "org.freedesktop.secrets"
_ROOT = "/org/freedesktop/secrets"
_SERVICE = "org.freedesktop.Secret.Service"
_ALGORITHM = "dh-ietf1024-sha256-aes128-cbc-pkcs7"

# Second Oakley group (RFC 2409, 6.2), which the protocol prescribes.
_PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
    16,
)


class NotHandledError(Exception):
    """Something that this reader leaves to the keyring library."""


def fetch(
    items: Sequence[tuple[str, int]], deadline: float | None = None
) -> dict[tuple[str, int], Secret]:
    """Return the values of the named items, read in one session."""
    seconds = deadline or default_deadline()
    if is_silent():
        raise silent("Secret Service", seconds)
    names = [item_name(*item) for item in items]
    request = "\n".join(names).encode()
    try:
        # A child reads while this process gets ready to decrypt.
        collect = worker.start(perform, request, seconds)
        _warm_up()
        answer = collect()
    except worker.DeadlineError:
        note_silence()
        raise silent("Secret Service", seconds) from None
    except worker.DiedError:
        raise NotHandledError from None
    status, key, *sealed = answer.split(b"\n")
    if status == b"locked":
        raise LockedError(
            "the keychain is locked (Secret Service)",
            "unlock it on your desktop",
        )
    if status == b"missing":
        raise not_there()
    if status != b"ok":
        raise NotHandledError
    session_key = _session_key(bytes.fromhex(key.decode()))
    try:
        texts = [_unseal(session_key, part).decode("ascii") for part in sealed]
    except (ValueError, IndexError) as e:
        raise not_ours() from e
    return {
        item: Secret(decode(text, name))
        for item, name, text in zip(items, names, texts, strict=True)
    }


def _warm_up() -> None:
    """Decrypt nothing: a first time takes a millisecond more than the next."""
    import gc

    # Most of it is an import; looking for garbage there is a twentieth of it.
    collecting = gc.isenabled()
    gc.disable()
    _unseal(_session_key(bytes(128)), b"00" * 16 + b" " + b"00" * 16)
    if collecting:
        gc.enable()


def _unseal(key: bytes, part: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    iv, _, sealed = part.partition(b" ")
    mode = modes.CBC(bytes.fromhex(iv.decode()))
    decryptor = Cipher(algorithms.AES(key), mode).decryptor()
    plain = decryptor.update(bytes.fromhex(sealed.decode()))
    plain += decryptor.finalize()
    return bytes(plain[: -plain[-1]])


def perform(request: bytes) -> bytes:
    """Read the items in the child: status, shared key, then iv and data."""
    from keyswitch.secrets.keychain.dbus_wire import BusConnection

    connection = BusConnection()

    def call(member: str, signature: str, *body: Any) -> list[Any]:
        return connection.call(_BUS, _ROOT, _SERVICE, member, signature, body)

    private = int.from_bytes(os.urandom(32), "big")
    public = pow(2, private, _PRIME).to_bytes(128, "big")
    output, session = call("OpenSession", "sv", _ALGORITHM, ("ay", public))
    shared = pow(int.from_bytes(output, "big"), private, _PRIME)
    paths = []
    for name in request.decode().split("\n"):
        wanted = [("service", SERVICE), ("username", name)]
        unlocked, locked = call("SearchItems", "a{ss}", wanted)
        if not unlocked:
            return b"locked\n" if locked else b"missing\n"
        paths.append(unlocked[0])
    found = dict(call("GetSecrets", "aoo", paths, session)[0])
    lines = [b"ok", b"%0256x" % shared]
    for path in paths:
        if path not in found:
            return b"locked\n"
        _, iv, sealed, _ = found[path]
        lines.append(iv.hex().encode() + b" " + sealed.hex().encode())
    return b"\n".join(lines)


def _session_key(shared: bytes) -> bytes:
    """Derive the AES key of the session: HKDF-SHA256, no salt, no info."""
    # Not hmac of the standard library: it would load a second OpenSSL.
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 16, salt=None, info=b"").derive(shared)
