"""Where a team file comes from: a file, a directory that has one, or a tag."""

from __future__ import annotations

import errno
import os
import stat

from keyswitch.disk.atomic import read_regular, unusable
from keyswitch.disk.digests import sha256
from keyswitch.errors import InputError, NotFoundError, OddFileError
from keyswitch.model import Frozen
from keyswitch.progress import Progress
from keyswitch.team import signed_tag, team_file
from keyswitch.team.open_texts import ASK
from keyswitch.team.team_file import Team
from keyswitch.workspace import Workspace


class Offer(Frozen):
    """A team file that was read: it does not count yet."""

    team: Team
    data: bytes
    source: str  # an absolute path
    sha256: str
    tag: str = ""
    signer: str = ""
    owner: str = ""


def read(workspace: Workspace, source: str, tag: str = "") -> Offer:
    """Read the team file of a place, or of a tag there; check all of it."""
    path = os.path.abspath(os.path.join(workspace.cwd, source))
    if tag:
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        environ = {"HOME": workspace.home, **workspace.environ}
        with Progress(f"checking who signed '{tag}'"):
            signed = signed_tag.read(folder, tag, environ)
        place = f"{team_file.NAME} of tag '{tag}'"
        team = team_file.parse(signed.data, place)
        digest = sha256(signed.data)
        return Offer(
            team, signed.data, path, digest, tag, signed.signer, signed.owner
        )
    data = _bytes_of(path)
    team = team_file.parse(data, path)
    return Offer(team, data, path, sha256(data))


def _bytes_of(path: str) -> bytes:
    """Return the bytes of a team file, which is no link.

    What a link of a repository leads to is not the repository's to show.
    """
    if os.path.isdir(path):
        path = os.path.join(path, team_file.NAME)
    try:
        is_link = stat.S_ISLNK(os.lstat(path).st_mode)
    except OSError as e:
        if e.errno in (errno.ENOENT, errno.ENOTDIR):
            raise _missing(path) from e
        raise unusable(path, e) from e
    if is_link:
        raise InputError(
            f"{path} is a link",
            "a team file must be a regular file: name the link's target",
        )
    try:
        data = read_regular(path, team_file.LIMIT)
    except OddFileError as e:
        raise InputError(e.message, ASK) from e
    if data is None:
        raise _missing(path)
    return data


def _missing(path: str) -> NotFoundError:
    return NotFoundError(
        f"no such file: {path}",
        f"name a team file, or a directory with a {team_file.NAME}",
    )
