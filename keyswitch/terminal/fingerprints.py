"""Whose value is it: short keyed hashes of what keyswitch exported.

Part of the express lane. A shell's marker carries one for each variable, so
that a value which somebody set later is told from keyswitch's own. Without the
key of this machine not even a guess can be checked.
"""

from __future__ import annotations

from keyswitch.disk.opening import read_start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyswitch.profiles.paths import Paths

_SIZE = 32  # bytes of the key


def read_key(paths: Paths) -> bytes:
    """Return the key; empty where there is none: then names have to do."""
    key = read_start(paths.install_key_file, _SIZE + 1)
    return key if key and len(key) == _SIZE else b""


def of(key: bytes, name: str, value: str) -> str:
    """Return the fingerprint of a variable; an empty name: of the key."""
    # The built-in that `hashlib` wraps; the wrapper costs a budget's quarter.
    from _blake2 import blake2b

    text = name.encode() + b"=" + value.encode("utf-8", "surrogateescape")
    digest: str = blake2b(text, digest_size=4, key=key).hexdigest()
    return digest


def of_all(key: bytes, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return {name: fingerprint}, and the key's own; none without a key."""
    if not key:
        return {}
    return {name: of(key, name, value) for name, value in [*pairs, ("", "")]}
