"""Plan the programs' files in every configuration folder of a change.

There is one active profile, and a helper in each folder that it was used in.
So a change of the profile is one of all those folders; what cannot be changed
stays as it is, and is named with the command that does it later. Folders of a
profile's own are for terminals that chose it, and go with their profile.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from keyswitch.changes.draft import Draft
from keyswitch.commit.transaction import Transaction, on_disk
from keyswitch.model import Profile
from keyswitch.switching.planning.known_folders import (
    is_own,
    login_places,
    others,
    own_folder,
    places_of,
    record_path,
    recorded_in,
    way_out,
)
from keyswitch.switching.planning.planned import (
    Switch,
    plan_folder,
    plan_others,
)
from keyswitch.targets import table

if TYPE_CHECKING:
    from keyswitch.targets.target import Places


def plan_targets(draft: Draft, switch: Switch) -> None:
    """Plan every program's files.

    An isolated profile has a folder of its own; where none is chosen for a
    terminal there is no profile.
    """
    profile, usual = switch.profile, draft.workspace.places
    if profile is not None and profile.isolated:
        # Loaded here, since a switch between keys has no use for it.
        from keyswitch.switching.planning import isolation

        plan_folder(draft, Switch(None, moves_login=False), usual)
        isolation.prepare(draft, profile)
        own = own_folder(draft.workspace, profile.name)
        plan_folder(draft, switch, own)
        switch = switch._replace(profile=None)
    else:
        plan_one(draft, switch, usual)
    plan_others(draft, switch)


def plan_one(draft: Draft, switch: Switch, places: Places) -> None:
    """Plan one folder of the main program; a login is in no other then."""
    gives_back = switch.back is not None or (
        switch.profile is None and switch.moves_login
    )
    if gives_back and os.path.exists(draft.workspace.paths.logins_file):
        from keyswitch.switching.planning import one_copy

        one_copy.leave_given(draft, places, switch.back)
    plan_folder(draft, switch, places)


def plan_elsewhere(
    draft: Draft,
    profile: Profile | None,
    again: Iterable[str] = (),
) -> None:
    """Plan every other folder for the profile that becomes the active one.

    `again` are folders that a change took keyswitch out of, and that its undo
    puts it back into. Logins stay where they are: they work without keyswitch.
    """
    workspace = draft.workspace
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
            places: Places = places, wanted: Profile | None = wanted
        ) -> None:
            switch = Switch(wanted, moves_login=False, keep_changed=True)
            plan_one(draft, switch, places)
            Transaction.check(on_disk(draft.changes()), ())

        error = draft.attempt(plan)
        if error is not None:
            draft.notes.append(
                f"{places.config_dir} was not changed ({error.message}); to do "
                f"it later: {way_out(places)}"
            )
        elif draft.changes_of(places.settings) and not before:
            draft.elsewhere.append(places.config_dir)
            what = "follows" if wanted else "was restored"
            draft.notes.append(f"{places.config_dir} {what} too")


def plan_own(draft: Draft, name: str) -> None:
    """Plan a profile's own folder for no profile: this one goes."""
    places = own_folder(draft.workspace, name)
    if os.path.exists(record_path(draft.workspace, places)):
        plan_one(draft, Switch(None, moves_login=False), places)


def rename_own(draft: Draft, old: str, renamed: Profile) -> None:
    """Plan a profile's own folder, and its record, for another name."""
    workspace = draft.workspace
    places = own_folder(workspace, old)
    after = own_folder(workspace, renamed.name)
    path = record_path(workspace, places)
    if not os.path.exists(path):
        return
    if places.settings in recorded_in(draft, places):
        switch = Switch(renamed, moves_login=False, keep_changed=True)
        plan_one(draft, switch, places)
    moved = table.main().folders.record_moved(
        path, draft.read(path), places.config_dir, after.config_dir
    )
    draft.write(path, None)
    draft.write(record_path(workspace, after), moved)


def say_logins(draft: Draft, name: str = "") -> None:
    """Say which logins keyswitch put into other folders, where they stay.

    Those of one profile, or all of them.
    """
    workspace = draft.workspace
    if not os.path.exists(workspace.paths.logins_file):
        return
    from keyswitch.switching.planning import one_copy

    ledger = draft.ledger()
    found = login_places(workspace, ledger)
    for places in sorted(found, key=lambda places: places.login_dir):
        folder = ledger.folders[places.login_dir]
        live = folder.live
        if (
            live
            and folder.before
            and name in ("", live)
            and not one_copy.is_same(workspace, places, workspace.places)
            and not is_own(workspace, places)
            and os.path.exists(places.credentials)
        ):
            draft.notes.append(
                f"the login of '{live}' stays in {places.login_dir}: "
                f"{way_out(places)}"
            )
