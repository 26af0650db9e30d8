"""The text of each team's file that counts here, and the record of it."""

from __future__ import annotations

import os

from keyswitch.changes import history
from keyswitch.changes.draft import Draft
from keyswitch.disk.atomic import names_in, read_regular
from keyswitch.disk.digests import sha256
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import own_json, team_records
from keyswitch.profiles.paths import Paths
from keyswitch.profiles.team_records import TEXT, TeamRecord, text_path
from keyswitch.team import team_file
from keyswitch.team.team_file import Team


def pinned(paths: Paths, record: TeamRecord) -> Team:
    """Return what the text that counts says."""
    path = text_path(paths, record.sha256)
    data = read_regular(path, team_file.LIMIT, ours=True)
    if data is None or sha256(data) != record.sha256:
        raise KeyswitchError(
            f"the file of team '{record.name}' no longer exists",
            f"fetch it again: keyswitch team update {record.name}",
        )
    return team_file.parse(data, path)


def is_kept(paths: Paths, record: TeamRecord) -> bool:
    """Tell whether the text that counts is there."""
    return os.path.isfile(text_path(paths, record.sha256))


def keep(
    draft: Draft, name: str, record: TeamRecord | None, data: bytes = b""
) -> None:
    """Plan a team's record and its text; None takes the team away.

    The former text stays while `undo` can bring it back.
    """
    paths = draft.workspace.paths
    path = team_records.path_of(paths, name)
    before = team_records.parse(path, draft.read(path, team_records.LIMIT))
    after = None if record is None else own_json.encode(**record._asdict())
    draft.write(path, after, limit=team_records.LIMIT, own=True)
    others = team_records.names(paths)
    kept = {team_records.get(paths, other).sha256 for other in others}
    kept |= {one.sha256 for one in (before, record) if one is not None}
    undo = read_regular(paths.undo_file, history.LIMIT) or b""
    for entry in names_in(paths.teams_dir):
        digest, ending = os.path.splitext(entry)
        is_needed = digest in kept or digest.encode() in undo
        if ending == TEXT and not is_needed:
            draft.write(text_path(paths, digest), None, limit=team_file.LIMIT)
    if record is not None and data:
        draft.write(
            text_path(paths, record.sha256), data, limit=team_file.LIMIT
        )
