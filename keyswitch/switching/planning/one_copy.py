"""A login is in one folder only: the first renewal of one copy ends the other.

So whatever puts a login in place, for a switch or to give it back, takes it
out of every other folder first, with the newest tokens that are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes.draft import Draft
from keyswitch.changes.login_ledger import NOTHING, PROFILE
from keyswitch.errors import InputError
from keyswitch.model import LOGIN_PROVIDER, MovedLogin, Profile
from keyswitch.switching.logins import moves, owners
from keyswitch.switching.logins.book import LoginBook
from keyswitch.switching.planning.known_folders import (
    is_one_file,
    login_places,
    own_folder,
)
from keyswitch.targets import table
from keyswitch.workspace import Workspace

if TYPE_CHECKING:
    from keyswitch.targets.target import Places


def leave_others(draft: Draft, profile: Profile, target: Places) -> None:
    """Plan that a login which moves to a folder is in no other one.

    Raises InputError where that would end what somebody uses by choice: the
    usual folder's login, for a profile that is not isolated.
    """
    usual, name = draft.workspace.places, profile.name
    if profile.provider != LOGIN_PROVIDER:
        return
    if (
        not profile.isolated
        and not is_same(draft.workspace, usual, target)
        and is_live_in(draft, usual, name)
    ):
        raise InputError(
            f"the login of '{name}' is in use in {usual.config_dir}, and a "
            "second copy would stop working",
            "switch there first: keyswitch use OTHER, or keyswitch off",
        )
    _leave(draft, name, target)


def leave_given(
    draft: Draft, target: Places, back: MovedLogin | None = None
) -> None:
    """Plan the same for the login that a folder is given back."""
    name = moves.given_back(LoginBook(draft, target), back)
    if name:
        _leave(draft, name, target)


def _leave(draft: Draft, name: str, target: Places) -> None:
    for places in folders(draft, name):
        here = is_same(draft.workspace, places, target)
        if not here and is_live_in(draft, places, name):
            take_out(draft, name, places)
            draft.notes.append(
                f"the login of '{name}' moved from {places.login_dir} to "
                f"{target.login_dir}"
            )


def folders(draft: Draft, name: str) -> list[Places]:
    """Return the folders that keyswitch ever put a login into, each once."""
    workspace = draft.workspace
    usual = workspace.places
    found: list[Places] = []
    for places in (
        usual,
        own_folder(workspace, name),
        *login_places(workspace, draft.ledger()),
    ):
        if not any(is_same(workspace, places, other) for other in found):
            found.append(places)
    return found


def is_same(workspace: Workspace, places: Places, other: Places) -> bool:
    """Tell whether two folders have one login: a link may lead to another.

    A keychain has an item for each spelling of a folder's name.
    """
    if workspace.keychain is not None:
        return places.config_dir == other.config_dir
    return is_one_file(places.credentials, other.credentials)


def is_live_in(draft: Draft, places: Places, name: str) -> bool:
    """Tell whether a profile's login is the one of a folder."""
    return owners.is_live(LoginBook(draft, places), name)


def take_out(draft: Draft, name: str, places: Places) -> None:
    """Plan to store the login of a folder, and what is there without it."""
    logins = LoginBook(draft, places)
    live = logins.live()
    if not live.usable:
        return
    folder, moved = logins.folder(), draft.moved
    usual = places == draft.workspace.places
    if usual and folder.before_name != name and _is_kept(logins):
        leave_given(draft, places)
        moves.give_back(LoginBook(draft, places))
        draft.moved = moved  # it is the profile's own move that is undone
    else:
        moves.keep_live(logins, live, "")
        logins.put_in_place(table.main().logins.nothing)
        logins.set_folder(None)
        logins.finish()


def _is_kept(logins: LoginBook) -> bool:
    """Tell whether what was in a folder before can still be given back."""
    before, name = logins.folder().before, logins.folder().before_name
    if before == PROFILE:
        return logins.profile(name) is not None
    return before == NOTHING or any(
        before and kept.item == name for kept in logins.ledger.orphans
    )


def keep(draft: Draft, places: Places) -> None:
    """Plan to store the login of a folder, where it stays as well."""
    logins = LoginBook(draft, places)
    moves.keep_live(logins, logins.live(), "")
    logins.finish()
