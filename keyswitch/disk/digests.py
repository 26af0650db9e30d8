"""SHA-256, for short texts without the OpenSSL that `hashlib` loads.

That takes a quarter of a bare interpreter's start; for long ones it is faster.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LONG = 1 << 20  # bytes
_BUILT_IN = ("_sha2", "_sha256")  # of Python 3.12, and before
_BLOCK = 64  # bytes of SHA-256
_INNER, _OUTER = b"\x36" * _BLOCK, b"\x5c" * _BLOCK


def digest(data: bytes | None) -> str | None:
    """Return what tells a file's content from another; None: no file."""
    return None if data is None else sha256(data)


def sha256(data: bytes) -> str:
    """Return the digest in hexadecimal digits."""
    return _sha256(data).hex()


def hmac_sha256(key: bytes, data: bytes) -> str:
    """Return the keyed digest (RFC 2104) in hexadecimal digits."""
    if len(key) > _BLOCK:
        key = _sha256(key)
    inner = _sha256(_masked(key, _INNER) + data)
    return _sha256(_masked(key, _OUTER) + inner).hex()


def _masked(key: bytes, mask: bytes) -> bytes:
    padded = int.from_bytes(key.ljust(_BLOCK, b"\0"), "big")
    masked = padded ^ int.from_bytes(mask, "big")
    return masked.to_bytes(_BLOCK, "big")


# The one that this Python has, once it was looked for: a name that is none
# costs a look into every folder of the path.
_found: list[Any] = []


def _sha256(data: bytes) -> bytes:
    if len(data) < _LONG:
        if not _found:
            _found.append(_built_in())
        if _found[0] is not None:
            return bytes(_found[0].sha256(data).digest())
    import hashlib

    return hashlib.sha256(data).digest()


def _built_in() -> Any:
    for name in _BUILT_IN:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None
