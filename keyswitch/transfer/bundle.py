"""The bundle: profiles with their secrets in one encrypted file.

It has the form of the vault (`secrets/vault/envelope.py`) behind a first line
of its own, with one passphrase slot. What is inside is no more trusted than any
other file: every name, text and value is checked before anybody sees it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from keyswitch.errors import InputError, LockedError, NotFoundError
from keyswitch.model import Frozen, Profile, stored
from keyswitch.profiles import profile_files, toml_edits
from keyswitch.profiles.names import check_name
from keyswitch.providers.catalogue import Catalogue
from keyswitch.providers.shapes import check_secret
from keyswitch.secret import Secret
from keyswitch.secrets.vault import envelope, key_slots

MAGIC = b"keyswitch-bundle/1"
LIMIT = 4 * 1024 * 1024  # bytes, checked before anything is parsed
MOST = 1000  # profiles
_KIND = "keyswitch-bundle"


class Packed(Frozen):
    """One profile of a bundle and its secrets; it refers to no store.

    `profile` has the references to managers outside, and they travel as such.
    """

    profile: Profile
    secrets: Mapping[str, Secret]


def pack(
    packed: Sequence[Packed],
    passphrase: bytes,
    kdf: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the bytes of a bundle."""
    vid = os.urandom(16).hex()
    data_key = os.urandom(envelope.KEY_SIZE)
    slot = key_slots.wrap_passphrase(vid, data_key, passphrase, kdf)
    header = {"vid": vid, "epoch": 1, "hver": 1, "slots": [slot]}
    payload = {
        "kind": _KIND,
        "version": 1,
        "profiles": {
            one.profile.name: {
                "toml": toml_edits.new_profile(one.profile),
                "secrets": {k: v.reveal() for k, v in one.secrets.items()},
            }
            for one in packed
        },
    }
    data = envelope.seal(header, data_key, payload, MAGIC)
    if len(data) > LIMIT:
        raise InputError(
            f"the bundle would be larger than {LIMIT >> 20} MiB",
            "export fewer profiles at a time",
        )
    return data


def unpack(
    data: bytes, passphrase: bytes, catalogue: Catalogue
) -> list[Packed]:
    """Open a bundle and check every profile in it, sorted by name."""
    try:
        opened = envelope.parse(data, MAGIC)
        if not key_slots.unwrap_passphrase(opened, passphrase):
            raise LockedError(
                "wrong passphrase for the bundle",
                "use the one that was chosen for 'keyswitch export'",
            )
        document = opened.payload()
    except envelope.NewerError as e:
        raise _newer() from e
    except envelope.DamagedError as e:
        raise InputError(
            "this is not a keyswitch bundle, or it was changed",
            "make a new one: keyswitch export NAME --to FILE",
        ) from e
    version = document.get("version")
    if type(version) is int and version > 1:
        raise _newer()
    if document.get("kind") != _KIND or version != 1:
        raise _odd("its kind, or its version")
    profiles = document.get("profiles")
    if not isinstance(profiles, dict) or len(profiles) > MOST:
        raise _odd("its list of profiles")
    return [
        _packed(name, entry, catalogue)
        for name, entry in sorted(profiles.items())
    ]


def _packed(name: str, entry: Any, catalogue: Catalogue) -> Packed:
    check_name(name)
    match entry:
        case {"toml": str(text), "secrets": dict(values)} if len(entry) == 2:
            pass
        case _:
            raise _odd(f"its entry '{name}'")
    if len(text) > profile_files.PROFILE_LIMIT:
        raise _odd(f"the size of its entry '{name}'")
    profile = profile_files.parse(text, name + ".toml")._replace(team="")
    if stored(profile.secrets.values()):
        raise _odd(f"a reference of '{name}' to a secret store")
    if profile.provider not in catalogue.ids():
        raise NotFoundError(
            f"profile '{name}' has a provider of its own, '{profile.provider}'",
            f"copy its file first: {catalogue.own}/{profile.provider}.toml",
        )
    provider = catalogue.get(profile.provider)
    provider.check_addable()
    provider.check_fields(profile.fields)
    secrets = {}
    for key, value in sorted(values.items()):
        field = provider.field(key)
        if not field.secret or not isinstance(value, str):
            raise _odd(f"a secret of '{name}'")
        raw = value.encode("utf-8", "surrogatepass")
        secrets[key] = check_secret(field, raw, provider.id, provider.help_url)
    return Packed(profile, secrets)


def _newer() -> InputError:
    return InputError(
        "the bundle was written by a newer keyswitch",
        "update keyswitch; nothing was imported",
    )


def _odd(what: str) -> InputError:
    return InputError(
        f"invalid bundle: {what}",
        "nothing was imported; ask whoever made it",
    )
