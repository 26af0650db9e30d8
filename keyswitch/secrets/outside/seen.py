"""What is known of a manager's value since it was read last: never the value.

By its keyed fingerprint `whoami` knows it again; `list` shows when a lease
ends.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from keyswitch.disk.atomic import names_in, read_regular, write_private
from keyswitch.disk.digests import sha256
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import KeyswitchError
from keyswitch.model import Frozen, SecretRef
from keyswitch.profiles import clock, own_json
from keyswitch.profiles.paths import Paths
from keyswitch.providers.shapes import fingerprint, mask
from keyswitch.secrets.references.reference import Fetched

_LIMIT = 1 << 14  # bytes of a record
_KEY_LIMIT = 1024  # bytes of the key of fingerprints
_LOST = "it is recorded again when its value is read"
_LAST = 253_370_764_800  # seconds at the beginning of the last year with dates


class SeenValue(Frozen):
    """One value, when it was read. Times are seconds since 1970."""

    reference: str
    fingerprint: str  # "" before this machine has a key for them
    hint: str
    at: int
    until: int = 0  # the end of its lease; 0: the manager named none


def keep(paths: Paths, reference: str, answer: Fetched) -> None:
    """Note what was read just now. Doing without it costs a name only."""
    now, text = int(clock.now()), answer.value.reveal()
    with contextlib.suppress(OSError, KeyswitchError):
        key = read_regular(paths.install_key_file, _KEY_LIMIT, ours=True)
        found = SeenValue(
            reference,
            fingerprint(key, text) if key else "",
            mask(text),
            now,
            min(now + answer.lease, _LAST) if answer.lease else 0,
        )
        ensure_private_dir(paths.references_dir)
        path = path_of(paths, reference)
        write_private(path, own_json.encode(**found._asdict()))


def path_of(paths: Paths, reference: str) -> str:
    """Return the record of a reference."""
    name = sha256(reference.encode("utf-8", "surrogatepass"))[:32]
    return os.path.join(paths.references_dir, name)


def of(paths: Paths, reference: str) -> SeenValue | None:
    """Return what is known of a reference; None: it was never read here."""
    try:
        found = _read(path_of(paths, reference))
    except KeyswitchError:
        return None
    return found if found and found.reference == reference else None


def every(paths: Paths) -> Iterator[SeenValue]:
    """Yield all that is known."""
    for name in names_in(paths.references_dir):
        with contextlib.suppress(KeyswitchError):
            found = _read(os.path.join(paths.references_dir, name))
            if found is not None:
                yield found


def known(paths: Paths, ref: SecretRef) -> SecretRef:
    """Return a reference with the fingerprint and hint of its value."""
    found = of(paths, ref.item) if ref.is_reference else None
    if found is None:
        return ref
    return ref._replace(fingerprint=found.fingerprint, hint=found.hint)


def _read(path: str) -> SeenValue | None:
    data = read_regular(path, _LIMIT, ours=True)
    found = data and own_json.read(SeenValue, path, data, _LOST)
    if not found or not all(0 <= t <= _LAST for t in (found.at, found.until)):
        return None  # no record, or one with times that no calendar has
    return found
