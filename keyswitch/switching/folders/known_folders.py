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

from keyswitch.changes.change import baseline_files
from keyswitch.changes.draft import Draft
from keyswitch.commit.transaction import Transaction, on_disk
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import FileStateError, KeyswitchError
from keyswitch.switching.folders.switch import plan_target
from keyswitch.switching.planning.records import (
    RECORD_LIMIT,
    candidates,
    login_places,
    named,
    places_of,
    record_path,
)
from keyswitch.targets.claude_code.files import (
    CONFIG_VARIABLE,
    FILE_LIMIT,
    STORAGE_VARIABLE,
)
from keyswitch.targets.claude_code.settings import baseline

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyswitch.changes.login_ledger import Ledger
    from keyswitch.model import Profile
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.workspace import Workspace


def plan_elsewhere(
    workspace: Workspace,
    draft: Draft,
    profile: Profile | None,
    again: Iterable[str] = (),
) -> None:
    """Plan every other folder for the profile that becomes the active one.

    `again` are folders that a change took keyswitch out of, and that its undo
    puts it back into. Logins stay where they are: they work without keyswitch.
    """
    isolated = profile is not None and profile.isolated
    known = {p.config_dir: p for p in others(workspace)}
    for folder in again:
        known.setdefault(folder, places_of(workspace, folder))
    for places in known.values():
        if places == workspace.places:
            continue
        wanted = None if isolated or is_own(workspace, places) else profile
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
            what = "follows" if wanted else "was restored"
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
    from keyswitch.switching.folders import one_copy

    ledger = _ledger(workspace, draft)
    for places in sorted(login_places(workspace, ledger)):
        live = ledger.folders[places.login_dir].live
        if (
            live
            and name in ("", live)
            and not one_copy.is_same(workspace, places, workspace.places)
            and not is_own(workspace, places)
            and os.path.exists(places.credentials)
        ):
            draft.notes.append(
                f"the login of '{live}' stays in {places.login_dir}: "
                f"{way_out(places)}"
            )


def names(workspace: Workspace) -> list[str]:
    """Return the other folders that keyswitch is used in, to be shown."""
    return [places.config_dir for places in known(workspace)]


def known(workspace: Workspace) -> list[Locations]:
    """Return the same, none where the records cannot be read."""
    try:
        return others(workspace)
    except KeyswitchError:
        return []


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
            not is_own(workspace, places)
            or not os.path.lexists(
                workspace.paths.profile(os.path.basename(places.config_dir))
            )
        )
    ]


def way_out(places: Locations) -> str:
    """Return the command that switches keyswitch off in a folder."""
    given = {CONFIG_VARIABLE: places.config_dir}
    if places.login_dir != places.config_dir:
        if os.path.dirname(places.global_config) != places.config_dir:
            given.clear()  # named, it would have another `.claude.json`
        given[STORAGE_VARIABLE] = places.login_dir
    words = [f"{name}={shlex.quote(value)}" for name, value in given.items()]
    return " ".join([*words, "keyswitch off"])


def is_own(workspace: Workspace, places: Locations) -> bool:
    """Tell whether a folder is a profile's own."""
    return places.config_dir.startswith(workspace.paths.folders_dir + os.sep)


def _own(workspace: Workspace, name: str) -> Locations:
    return named(workspace, workspace.paths.folder_of(name))


def _ledger(workspace: Workspace, draft: Draft) -> Ledger:
    # Loaded here, since a switch between keys has no use for it.
    from keyswitch.changes import login_ledger

    path = login_ledger.path_of(workspace.paths)
    return login_ledger.decode(path, draft.read(path, FILE_LIMIT))


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
        for places in candidates(workspace, files_of):
            if record_path(workspace, places) == record:
                found[places] = False
    for places in login_places(workspace, _ledger(workspace, Draft())):
        if not is_own(workspace, places):
            found[places] = True
    return list(found.items())
