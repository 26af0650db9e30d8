"""Take a team's file over, take its profiles away, and take that back.

Each is one change. The team's profiles become ordinary profile files, so that
`use`, `env` and the helpers need to know nothing of teams.
"""

from __future__ import annotations

import os

from keyswitch.changes import history
from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft
from keyswitch.changes.history import Record
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import FileStateError
from keyswitch.model import Profile
from keyswitch.profiles import profile_files, state, team_records
from keyswitch.profiles.team_records import TeamRecord
from keyswitch.providers.binding import key_of
from keyswitch.switching.editing import profile_changes
from keyswitch.switching.planning import after_edit, all_folders
from keyswitch.team import comparison, pinned_text
from keyswitch.team.comparison import Comparison
from keyswitch.team.team_file import Item, Team
from keyswitch.team.team_source import Offer
from keyswitch.workspace import Workspace

COMMAND = "team "  # and what of it: the history's words
_LIMIT = profile_files.PROFILE_LIMIT


def preview(workspace: Workspace, name: str, team: Team | None) -> Comparison:
    """Return what taking a team file over would change; None: it goes."""
    return comparison.compare(
        workspace.paths,
        name,
        team,
        lambda path, limit: read_regular(path, limit, ours=True),
    )


def take_over(
    workspace: Workspace, offer: Offer, shown: Comparison, *, signer: str
) -> bool:
    """Let a team file count. `shown` is what the person has agreed to.

    Tells whether the active profile went with it.
    """
    team = offer.team
    known = team.name in team_records.names(workspace.paths)
    record = TeamRecord(
        team.name,
        offer.source,
        offer.sha256,
        history.now(),
        offer.tag,
        signer,
    )

    def make(draft: Draft) -> bool:
        was_active = _plan(draft, team.name, team, shown)
        pinned_text.keep(draft, team.name, record, offer.data)
        draft.command = COMMAND + ("update" if known else "add")
        draft.profile = team.name
        return was_active

    return commit(workspace, make)[0]


def remove(workspace: Workspace, name: str, shown: Comparison) -> bool:
    """Take a team's profiles away. Tell whether one of them was active."""

    def make(draft: Draft) -> bool:
        was_active = _plan(draft, name, None, shown)
        pinned_text.keep(draft, name, None)
        draft.command, draft.profile = COMMAND + "remove", name
        return was_active

    return commit(workspace, make)[0]


def left_without_provider(
    workspace: Workspace, name: str, found: Comparison
) -> list[str]:
    """Say which other profiles use a provider that goes with the team."""
    gone = {
        one.item.name
        for one in found.differences
        if one.item.kind == "provider" and one.after is None
    }
    if not gone:
        return []
    profiles, _ = profile_files.load_all(workspace.paths)
    return [
        f"profile '{one.name}' uses provider '{one.provider}', which will be "
        "removed: add your own file for that provider to keep using it"
        for one in profiles
        if one.team != name and one.provider in gone
    ]


def put_back(draft: Draft, undone: Record) -> None:
    """Plan the files of a team as they were before the change undone.

    The undo record has only the team's own record; the texts say the rest.
    """
    paths, name = draft.workspace.paths, undone.profile
    path = team_records.path_of(paths, name)
    former = team_records.parse(path, draft.read(path))
    present = team_records.parse(path, read_regular(path, team_records.LIMIT))
    teams = [
        None if one is None else pinned_text.pinned(paths, one)
        for one in (former, present)
    ]
    since = comparison.compare(paths, name, teams[1], draft.read).differences
    if since:
        place = comparison.path_of(paths, since[0].item)
        raise FileStateError(
            f"cannot undo the change: {place} has changed since",
            "change it by hand; 'keyswitch history' lists past changes",
        )
    _plan(draft, name, teams[0], None)


def _plan(
    draft: Draft, name: str, team: Team | None, shown: Comparison | None
) -> bool:
    """Plan a team's files; tell whether the active profile goes with them.

    `shown` is what there is a yes for; None: it is an undo.
    """
    workspace = draft.workspace
    draft.planned_back = True
    found = comparison.compare(workspace.paths, name, team, draft.read)
    if shown is not None and found != shown:
        raise FileStateError(
            "a file changed while you reviewed the difference",
            "nothing changed; run the command again",
        )
    altered: dict[str, Profile | None] = {}
    for one in found.differences:
        path = comparison.path_of(workspace.paths, one.item)
        draft.write(path, one.after, limit=_LIMIT)
        if one.item.kind == "profile":
            altered[one.item.name] = None
    if team is not None:
        altered |= _with_provider(draft, team, found)
        altered |= {n: team.profiles[n] for n in altered if n in team.profiles}
    # Of an undo as well: what it brings back was agreed to in its time.
    draft.agreed |= {
        key_of(profile.name, field, ref)
        for profile in altered.values()
        if profile is not None
        for field, ref in profile.secrets.items()
    }
    return _follow(draft, altered, is_undo=shown is None)


def _with_provider(
    draft: Draft, team: Team, found: Comparison
) -> dict[str, Profile | None]:
    """Let the team's providers count; return the profiles that this changes.

    Where a provider is another one now, so is what its secrets are for.
    """
    left = {one.item for one in found.left}
    items = [one.item for one in found.differences]
    changed = {item.name for item in items if item.kind == "provider"}
    altered: dict[str, Profile | None] = {}
    for name, provider in team.providers.items():
        if Item("provider", name) not in left:
            draft.workspace.catalogue.take(provider)
    for name, profile in team.profiles.items():
        item = Item("profile", name)
        if profile.provider in changed and item not in left:
            path = comparison.path_of(draft.workspace.paths, item)
            draft.write(path, team.texts[item], limit=_LIMIT)
            altered[name] = profile
    return altered


def _follow(
    draft: Draft, altered: dict[str, Profile | None], *, is_undo: bool
) -> bool:
    """Plan what follows of the programs' files: of the active profile only.

    Other profiles' keys are told to no program before they are used, since
    each would be asked for at its manager.
    """
    workspace = draft.workspace
    active = state.read(workspace.paths).active
    gone = {name: "" for name, profile in altered.items() if profile is None}
    for name in gone:
        if os.path.isdir(workspace.paths.folder_of(name)):
            all_folders.plan_own(draft, name)
    if is_undo:
        return False  # `undo` does the rest
    if active in altered:
        after_edit.plan_follow(draft, {active: altered[active]})
    return profile_changes.point(draft, gone)
