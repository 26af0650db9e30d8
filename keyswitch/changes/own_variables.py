"""Hold profiles to variables that carry a credential.

What a person agreed to of a provider file's variables is kept, one small file
each, so that it is asked once: by provider, variable and value.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from keyswitch.disk.atomic import read_regular
from keyswitch.disk.digests import sha256
from keyswitch.errors import InputError
from keyswitch.profiles import own_json
from keyswitch.providers.schema import (
    Steering,
    of_own_file,
    refuse_named,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyswitch.model import Profile
    from keyswitch.workspace import Workspace

_LIMIT = 1 << 18  # bytes; a provider file may have 64 KiB


def not_agreed(workspace: Workspace, profile: Profile) -> list[Steering]:
    """Return the variables of an own provider that nobody agreed to yet.

    Raises NewerFileError and DamagedFileError for a record of such a kind.
    """
    found = of_own_file(workspace.provider_of(profile), profile)
    return [one for one in found if not _is_agreed(_record(workspace, one))]


def _is_agreed(path: str) -> bool:
    data = read_regular(path, _LIMIT, ours=True)
    if data is not None:
        check_record(path, data)
    return data is not None


def check_record(path: str, data: bytes) -> None:
    """Raise unless a record is one, and of this version."""
    lost = "what it agreed to is asked about again"
    own_json.record(Steering, own_json.document(path, data, lost), path, lost)


def check(workspace: Workspace, profile: Profile) -> None:
    """Raise unless a profile is complete, and all it sets may be set."""
    workspace.provider_of(profile).check(profile)
    require(workspace, profile)


def require(workspace: Workspace, profile: Profile) -> None:
    """Raise unless each variable is for a credential, or was agreed to."""
    refuse_named(workspace.provider_of(profile), profile)
    for one in not_agreed(workspace, profile):
        raise InputError(
            one.what,
            "take it out of the provider file, or agree to it on a terminal: "
            f"keyswitch use {profile.name}",
        )


def agree(workspace: Workspace, seen: Iterable[Steering]) -> None:
    """Keep what a person agreed to."""
    from keyswitch.disk.atomic import write_once
    from keyswitch.disk.private_folders import ensure_private_dir

    for one in seen:
        ensure_private_dir(workspace.paths.agreed_dir)
        text = json.dumps(
            {"version": own_json.VERSION, **one._asdict()}, indent=1
        )
        write_once(_record(workspace, one), f"{text}\n".encode())


def _record(workspace: Workspace, one: Steering) -> str:
    parts = (one.provider, one.variable, one.value)
    name = sha256("\0".join(parts).encode())
    return os.path.join(workspace.paths.agreed_dir, name)
