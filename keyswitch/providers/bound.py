"""The records of what each stored secret may be used for.

One small file an item, beside the state and not beside the profiles, which
may lie in a repository. A record is made with the secret, or at the first use
of one that an older version stored.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from keyswitch.disk.atomic import read_regular
from keyswitch.disk.digests import sha256
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import own_json, profile_files
from keyswitch.providers.binding import Binding, bindings_of, shown_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keyswitch.model import Profile, SecretRef
    from keyswitch.profiles.paths import Paths
    from keyswitch.providers.schema import Provider

LIMIT = 1 << 18  # bytes; a profile file may have 64 KiB
_LOST = "what its secret is for is recorded again at the next use"


class OtherUseError(KeyswitchError):
    """A profile file makes another use of a secret than it was stored for."""


class Mismatch(NamedTuple):
    """One secret, what it is stored for, and what a profile file asks."""

    ref: SecretRef
    stored: Binding
    asked: Binding

    @property
    def what(self) -> str:
        """Say what differs, both hosts included."""
        stored, asked = self.stored, self.asked
        whose = "its secret"
        if stored.profile != asked.profile:
            whose = f"the secret of profile '{stored.profile}'"
        way = f"to {shown_host(asked.host)}"
        if stored.host != asked.host:
            way += f", and it is stored for {shown_host(stored.host)}"
        return (
            f"the file of profile '{asked.profile}' would send {whose} {way} "
            f"({self._changes()})"
        )

    @property
    def how(self) -> str:
        """Say what to do about it."""
        name, former = self.asked.profile, self.stored.profile
        yours = f"if the change is yours, confirm it: keyswitch use {name}"
        if name != former:
            return (
                f"a file renamed or copied by hand? {yours} (on a terminal); "
                "'rename' and 'copy' ask nothing"
            )
        return (
            f"put it back: keyswitch edit {name}; {yours} (on a terminal), "
            "or 'edit' with --set"
        )

    def _changes(self) -> str:
        stored, asked = dict(self.stored.sends), dict(self.asked.sends)
        found = []
        for name in sorted(self.stored.differences(self.asked)):
            if name in ("profile", "provider", "field"):
                before = getattr(self.stored, name)
                after = getattr(self.asked, name)
            else:
                before, after = stored.get(name, ""), asked.get(name, "")
            found.append(f"{name}: '{before}' became '{after}'")
        return ", ".join(found)


def path_of(paths: Paths, item: str) -> str:
    """Return the record of an item; a profile file may name it anything."""
    name = item if item.isascii() and item.replace("-", "").isalnum() else ""
    if not name or len(name) > 100:
        name = sha256(item.encode("utf-8", "replace"))
    return os.path.join(paths.bound_dir, name)


def text_of(binding: Binding) -> bytes:
    """Return a record's text."""
    document = {"version": 1, **binding._asdict(), "sends": dict(binding.sends)}
    return (json.dumps(document, indent=1) + "\n").encode()


def parse(path: str, data: bytes | None) -> Binding | None:
    """Return what a record says; None: there is none."""
    if data is None:
        return None
    document = own_json.document(path, data, _LOST)
    found = own_json.record(_File, document, path, _LOST)
    return Binding(*found[:-1], tuple(sorted(found.sends.items())))


class _File(NamedTuple):
    profile: str
    provider: str
    field: str
    host: str
    sends: dict[str, str]


def mismatches(
    paths: Paths,
    provider: Provider,
    profile: Profile,
    read: Callable[[str], Binding | None],
    *,
    look_at_others: bool = True,
) -> Iterator[Mismatch]:
    """Yield each secret that was stored for something else.

    `read` returns the record of an item. One that has none yet may be another
    profile's, whose file says so (`look_at_others`).
    """
    for field, asked in bindings_of(provider, profile).items():
        ref = profile.secrets[field]
        stored = read(ref.item)
        if stored is None and look_at_others:
            stored = _of_others(paths, profile.name, ref)
        if stored is not None and stored.differences(asked):
            yield Mismatch(ref, stored, asked)


def recorded(paths: Paths, item: str) -> Binding | None:
    """Return what the record of an item says."""
    path = path_of(paths, item)
    return parse(path, read_regular(path, LIMIT, ours=True))


def _of_others(paths: Paths, name: str, ref: SecretRef) -> Binding | None:
    """Return the use that another profile's file makes of an item."""
    for other in profile_files.scan(paths):
        if other == name:
            continue
        try:
            data = read_regular(
                paths.profile(other), profile_files.PROFILE_LIMIT
            )
            if ref.item.encode() not in (data or b""):
                continue
            profile, _ = profile_files.load(paths, other)
        except KeyswitchError:
            continue
        for field, held in profile.secrets.items():
            if held.item == ref.item:
                return Binding(other, profile.provider, field, "its own host")
    return None


def refuse(found: list[Mismatch]) -> None:
    """Raise if there is a mismatch."""
    for one in found:
        raise OtherUseError(one.what, one.how)
