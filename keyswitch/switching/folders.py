"""Every configuration folder that keyswitch wrote to, not only this one.

There is one active profile, and a helper in each folder that it was used in.
So a change of the profile is one of all those folders; what cannot be changed
stays as it is, and is named with the command that does it later. Folders of a
profile's own are for terminals that chose it, and go with their profile.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from keyswitch.errors import FileStateError, KeyswitchError
from keyswitch.profiles import state
from keyswitch.profiles.atomic import read_regular
from keyswitch.switching.change import baseline_files
from keyswitch.switching.draft import Draft
from keyswitch.switching.target import (
    RECORD_LIMIT,
    has_helper,
    plan_target,
    record_path,
)
from keyswitch.switching.transaction import Transaction, on_disk
from keyswitch.targets.claude_code import baseline
from keyswitch.targets.claude_code.files import (
    CONFIG_VARIABLE,
    FILE_LIMIT,
    locations,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from keyswitch.diagnosis.finding import Finding
    from keyswitch.model import Profile
    from keyswitch.switching.login_ledger import Ledger
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.files import Locations


_GONE = "it is the folder of a profile that is gone"


def plan_elsewhere(
    workspace: Workspace,
    draft: Draft,
    profile: Profile | None,
    again: Iterable[str] = (),
) -> None:
    """Plan every other folder for the profile that becomes the active one.

    `again` are folders that were left, and are to be as before. Logins stay
    where they are: they work without keyswitch.
    """
    isolated = profile is not None and profile.isolated
    known = {p.config_dir: p for p in others(workspace)}
    for folder in again:
        known.setdefault(folder, places_of(workspace, folder))
    for places in known.values():
        if places == workspace.places:
            continue
        wanted = None if isolated or _is_own(workspace, places) else profile
        before = draft.changes_of(places.settings)

        def plan(
            places: Locations = places, wanted: Profile | None = wanted
        ) -> None:
            plan_target(
                workspace,
                draft,
                wanted,
                moves_login=False,
                places=places,
                keep_changed=True,
            )
            _require_writable(draft, places)

        error = draft.attempt(plan)
        if error is not None:
            draft.notes.append(
                f"{places.config_dir} is left as it is ({error.message}); "
                f"later: {way_out(places)}"
            )
        elif draft.changes_of(places.settings) and not before:
            draft.elsewhere.append(places.config_dir)
            what = "follows" if wanted else "has what was there before again"
            draft.notes.append(f"{places.config_dir} {what}, too")


def _require_writable(draft: Draft, places: Locations) -> None:
    """Raise where a folder's files would keep the whole change from it."""
    for path in (places.settings, places.global_config):
        folder = os.path.dirname(os.path.realpath(path))
        if draft.changes_of(path) and not os.access(folder, os.W_OK):
            raise FileStateError(
                f"{path} cannot be written", f"look at the rights of {folder}"
            )
    Transaction.check(on_disk(draft.changes()), ())


def plan_own(workspace: Workspace, draft: Draft, name: str) -> None:
    """Plan a profile's own folder for no profile: this one goes."""
    places = _own(workspace, name)
    if os.path.exists(record_path(workspace, places)):
        plan_target(workspace, draft, None, moves_login=False, places=places)


def rename_own(
    workspace: Workspace, draft: Draft, old: str, renamed: Profile
) -> None:
    """Plan a profile's own folder, and its record, for another name."""
    places, after = _own(workspace, old), _own(workspace, renamed.name)
    path = record_path(workspace, places)
    if not os.path.exists(path):
        return
    records = baseline.decode(path, draft.read(path, RECORD_LIMIT))
    if places.settings in records:
        plan_target(
            workspace,
            draft,
            renamed,
            moves_login=False,
            places=places,
            keep_changed=True,
        )
    records = baseline.decode(path, draft.read(path, RECORD_LIMIT))
    moved = {
        after.config_dir + found.removeprefix(places.config_dir): record
        for found, record in records.items()
    }
    draft.write(path, None, limit=RECORD_LIMIT)
    path = record_path(workspace, after)
    draft.write(path, baseline.encode(moved), limit=RECORD_LIMIT)


def say_logins(workspace: Workspace, draft: Draft, name: str = "") -> None:
    """Say which logins keyswitch put into other folders, where they stay.

    Those of one profile, or all of them.
    """
    if not os.path.exists(workspace.paths.logins_file):
        return
    for folder, found in sorted(_ledger(workspace).folders.items()):
        places = places_of(workspace, folder)
        if (
            found.live
            and name in ("", found.live)
            and places.config_dir != workspace.places.config_dir
            and not _is_own(workspace, places)
            and os.path.exists(places.credentials)
        ):
            draft.notes.append(
                f"the login of '{found.live}' stays in {folder}: "
                f"{way_out(places)}"
            )


def findings(workspace: Workspace) -> list[Finding]:
    """Return the folders, this one too, whose helper is of no use.

    Nothing where a file of ours is damaged: the next change says so.
    """
    try:
        here = _left_here(workspace)
        there = [_failing(workspace, places) for places in others(workspace)]
    except KeyswitchError:
        return []
    return [found for found in (here, *there) if found is not None]


def names(workspace: Workspace) -> list[str]:
    """Return the other folders that keyswitch is used in, to be shown."""
    try:
        return [places.config_dir for places in others(workspace)]
    except KeyswitchError:
        return []


def _failing(workspace: Workspace, places: Locations) -> Finding | None:
    """Return that a folder's helper has nothing to answer, if it is so."""
    from keyswitch.diagnosis.finding import WARNING, Finding

    own = _is_own(workspace, places)
    why = _GONE if own else _no_answer(workspace)
    if not why or not has_helper(Draft(), places):
        return None
    here = own or places.config_dir == workspace.places.config_dir
    return Finding(
        "helper-left" if here else "helper-elsewhere",
        WARNING,
        f"the helper in {places.settings} can only fail: {why}",
        "keyswitch, of this installation or of another one, put it there, and "
        "it was not taken out",
        "keyswitch off" if here else way_out(places),
        places.settings,
    )


def _left_here(workspace: Workspace) -> Finding | None:
    """Return that another keyswitch's helper stands here, if one does."""
    from keyswitch.diagnosis.finding import NOTE, Finding

    places = workspace.places
    found = _failing(workspace, places)
    path = record_path(workspace, places)
    if found or not has_helper(Draft(), places):
        return found
    data = read_regular(path, RECORD_LIMIT)
    if places.settings in baseline.decode(path, data):
        return None
    name = state.read(workspace.paths).active
    return Finding(
        "helper-left",
        NOTE,
        f"the helper in {places.settings} was not put there by this keyswitch",
        "another installation of keyswitch did, which may be gone one day",
        f"keyswitch use {name}",
        places.settings,
    )


def _no_answer(workspace: Workspace) -> str:
    """Return why the helper has no answer for Claude Code, "" if it has."""
    active = state.read(workspace.paths).active
    if not active:
        return "no profile is active"
    return (
        "" if _is_helped(workspace, active) else f"'{active}' needs no helper"
    )


def others(workspace: Workspace) -> list[Locations]:
    """Return the other folders whose files keyswitch changed.

    Of profiles' own folders those whose profile is gone.
    """
    paths = workspace.paths
    usual = record_path(workspace, workspace.places)
    known = {usual, paths.logins_file, paths.made_file}
    if known.issuperset(baseline_files(workspace)):
        return []
    return [
        places
        for places, _ in recorded(workspace)
        if places.config_dir != workspace.places.config_dir
        and os.path.isdir(places.config_dir)
        and os.path.exists(record_path(workspace, places))
        and (
            not _is_own(workspace, places)
            or not os.path.lexists(
                workspace.paths.profile(os.path.basename(places.config_dir))
            )
        )
    ]


def way_out(places: Locations) -> str:
    """Return the command that switches keyswitch off in a folder."""
    folder = shlex.quote(places.config_dir)
    return f"{CONFIG_VARIABLE}={folder} keyswitch off"


def _is_helped(workspace: Workspace, name: str) -> bool:
    """Tell whether a profile is one that the helper answers for."""
    try:
        profile, _ = workspace.load(name)
        taken = workspace.provider_of(profile).claude_code_for(profile)
    except KeyswitchError:
        return False
    return bool(taken.helper_field or taken.aws_export)


def _is_own(workspace: Workspace, places: Locations) -> bool:
    return places.config_dir.startswith(workspace.paths.folders_dir + os.sep)


def _own(workspace: Workspace, name: str) -> Locations:
    return _named(workspace, workspace.paths.folder_of(name))


def _ledger(workspace: Workspace) -> Ledger:
    # Loaded here, since a switch between keys has no use for it.
    from keyswitch.switching import login_ledger

    path = login_ledger.path_of(workspace.paths)
    return login_ledger.decode(path, read_regular(path, FILE_LIMIT))


def recorded(workspace: Workspace) -> list[tuple[Locations, bool]]:
    """Return the folders that have something of keyswitch's.

    And whether `off` gives a login back there: a profile's own folder keeps
    its login, which is in no other place.
    """
    paths = workspace.paths
    found: dict[Locations, bool] = {}
    for record in baseline_files(workspace):
        if record in (paths.logins_file, paths.made_file):
            continue
        if not record.endswith(".json"):
            continue  # a damaged one that was set aside
        files_of = baseline.decode(record, read_regular(record, FILE_LIMIT))
        for places in _candidates(workspace, files_of):
            if record_path(workspace, places) == record:
                found[places] = False
    for folder in _ledger(workspace).folders:
        if not folder.startswith(workspace.paths.folders_dir + os.sep):
            found[places_of(workspace, folder)] = True
    return list(found.items())


def _candidates(
    workspace: Workspace, recorded: Mapping[str, object]
) -> Iterator[Locations]:
    """Yield the folders that a record may be of; its name has a digest only."""
    usual = os.path.join(workspace.home, ".claude")
    folders = [os.path.dirname(path) for path in recorded]
    if os.path.join(workspace.home, ".claude.json") in recorded:
        folders.append(usual)
    for folder in dict.fromkeys(folders):
        places = places_of(workspace, folder)
        yield places
        # The usual folder, named by the variable, has another file.
        named = _named(workspace, folder)
        if named.global_config != places.global_config and (
            named.global_config in recorded
        ):
            yield named


def _named(workspace: Workspace, folder: str) -> Locations:
    given = {CONFIG_VARIABLE: folder}
    return locations(given, workspace.home, workspace.cwd)


def places_of(workspace: Workspace, folder: str) -> Locations:
    """Return a folder's files as Claude Code finds them."""
    if folder == workspace.places.config_dir:
        return workspace.places
    usual = folder == os.path.join(workspace.home, ".claude")
    if not usual:
        return _named(workspace, folder)
    return locations({}, workspace.home, workspace.cwd)
