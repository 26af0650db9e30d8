"""Take a login's tokens off this machine: stored ones, and the live one."""

from __future__ import annotations

from keyswitch.changes import login_ledger
from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft
from keyswitch.changes.login_ledger import Generation
from keyswitch.errors import InputError
from keyswitch.model import LOGIN_PROVIDER, Profile
from keyswitch.progress import Progress
from keyswitch.switching.logins import owners
from keyswitch.switching.logins.book import LoginBook
from keyswitch.switching.logins.storing import FIELD
from keyswitch.switching.planning import isolation, one_copy
from keyswitch.targets.target import Login
from keyswitch.workspace import Workspace


def look(workspace: Workspace, name: str) -> list[str]:
    """Return what `remove` would take away, one line each."""
    profile, _ = workspace.load(name)
    if profile.provider != LOGIN_PROVIDER:
        raise InputError(
            f"'{name}' is not a login", f"keyswitch revoke-local {name}"
        )
    with Progress(f"looking for the login of '{name}'"):
        return _found(workspace, name, profile)


def _found(workspace: Workspace, name: str, profile: Profile) -> list[str]:
    logins = LoginBook(Draft(workspace), workspace.places)
    found = [
        f"{g.store}: generation {g.generation} of '{name}', saved {g.at}"
        for g in logins.ledger.generations.get(name, ())
    ]
    found += [
        f"{g.store}: an older version of '{name}', saved {g.at}"
        for g in _orphans_of(logins, name)
    ]
    if not found and FIELD in profile.secrets:
        found.append(f"{profile.secrets[FIELD].store}: '{name}'")
    for places in one_copy.folders(Draft(workspace), name):
        logins, config = (
            LoginBook(Draft(workspace), places),
            places.global_config,
        )
        if owners.is_live(logins, name):
            found.append(f"{logins.place.where}: claudeAiOauth")
            found.append(f"{config}: oauthAccount")
        elif _key_beside(logins, name):
            found.append(f"{config}: its Console key")
    return found


def remove(workspace: Workspace, name: str) -> None:
    """Remove the tokens; the profile stays, without a login."""

    def make(draft: Draft) -> None:
        isolation.move_out(draft, name)
        for places in one_copy.folders(draft, name):
            _take_out(LoginBook(draft, places), name)
        logins = LoginBook(draft, workspace.places)
        for orphan in _orphans_of(logins, name):
            logins.forget_orphan(orphan)
        logins.ledger, gone = login_ledger.without_profile(logins.ledger, name)
        logins.finish()
        profile, _ = draft.load(name)
        refs = {g.ref.item: g.ref for g in gone}
        if FIELD in profile.secrets:
            refs[profile.secrets[FIELD].item] = profile.secrets[FIELD]
        draft.dropped += refs.values()
        draft.drop_secrets(name, (FIELD,))
        draft.command, draft.profile, draft.undoable = "logout", name, False

    commit(workspace, make)


def _take_out(logins: LoginBook, name: str) -> None:
    """Take the login out of a folder's files, and nobody else's with it."""
    live = logins.live()
    if owners.is_live(logins, name):
        own = owners.own_parts(logins, live, name)
        logins.put_in_place(owners.left_over(live, own))
    elif rest := _key_beside(logins, name):
        logins.put_in_place(live.without(rest.raw.keys()))


def _key_beside(logins: LoginBook, name: str) -> Login | None:
    """Return the profile's Console key beside another account's tokens.

    With the name that is shown for it; an old session wrote those tokens.
    """
    live = logins.live()
    own = owners.own_parts(logins, live, owners.owner_of(logins, live))
    rest = owners.left_over(live, own)
    if rest.managed_key and owners.owner_of(logins, rest) == name:
        return rest
    return None


def _orphans_of(logins: LoginBook, name: str) -> list[Generation]:
    """Return what was kept beside the profile's login as earlier states."""
    return [
        orphan
        for orphan in logins.ledger.orphans
        if orphan.tokens and owners.owner_of_orphan(logins, orphan) == name
    ]
