"""What is kept of each team: where its file was, and the text that counts.

A small record, `NAME.json`, says where the file was and its hash. The text
lies beside it under its hash, so that an undo record has only to name it.
"""

from __future__ import annotations

import os

from keyswitch.disk.atomic import names_in, read_regular
from keyswitch.disk.digests import sha256
from keyswitch.errors import DamagedFileError, NotFoundError
from keyswitch.model import Frozen
from keyswitch.profiles import own_json
from keyswitch.profiles.names import did_you_mean
from keyswitch.profiles.paths import Paths

LIMIT = 1 << 16  # bytes of a record
_LOST = "its profiles remain; add the team again: keyswitch team add SOURCE"
TEXT = ".toml"  # ends the name of a text
_RECORD = ".json"


class TeamRecord(Frozen):
    """One team: which file of which place counts here."""

    name: str
    source: str  # a file, or a directory that has one
    sha256: str
    at: str  # when it was taken over: ISO 8601, UTC, seconds
    tag: str = ""  # the signed tag that the file was read from
    signer: str = ""  # fingerprint of the key that signs this team's tags


def path_of(paths: Paths, name: str) -> str:
    """Return the record of a team; the name has been checked."""
    return f"{paths.teams_dir}/{name}{_RECORD}"


def text_path(paths: Paths, digest: str) -> str:
    """Return the file that holds a text with this hash."""
    return f"{paths.teams_dir}/{digest}{TEXT}"


def parse(path: str, data: bytes | None) -> TeamRecord | None:
    """Read a record; None: there is none."""
    if data is None:
        return None
    found = own_json.read(TeamRecord, path, data, _LOST)
    digest = found.sha256
    is_hash = len(digest) == len(sha256(b"")) and digest.isalnum()
    if os.path.basename(path) != found.name + _RECORD or not is_hash:
        raise DamagedFileError(path, _LOST)
    return found


def check(path: str, data: bytes) -> None:
    """Raise unless a file of the folder is what its name says."""
    if path.endswith(_RECORD):
        parse(path, data)
    elif os.path.basename(path) != sha256(data) + TEXT:
        raise DamagedFileError(
            path, "the last change of its team cannot be undone"
        )


def names(paths: Paths) -> list[str]:
    """Return the names of all teams, sorted."""
    found = names_in(paths.teams_dir)
    return sorted(n[: -len(_RECORD)] for n in found if n.endswith(_RECORD))


def get(paths: Paths, name: str) -> TeamRecord:
    """Return the record of a team, or say which one was probably meant."""
    known = names(paths)
    found = None
    if name in known:
        path = path_of(paths, name)
        found = parse(path, read_regular(path, LIMIT, ours=True))
    if found is None:
        shown = f"choose one of: {', '.join(known)}" if known else _NONE_YET
        raise NotFoundError(
            f"no team named '{name}'", did_you_mean(name, known, shown)
        )
    return found


_NONE_YET = "add one: keyswitch team add SOURCE"
