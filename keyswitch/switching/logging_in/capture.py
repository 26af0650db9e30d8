"""Keep a login as a profile: the present one, or one made in a scratch folder.

Taking a change back deletes what it stored. A login may have been renewed
since, or be nowhere else, so keeping one cannot be undone; `remove` can.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

from keyswitch.changes import login_ledger
from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft
from keyswitch.errors import (
    CleanupLeftError,
    InputError,
    KeyswitchError,
    NotFoundError,
)
from keyswitch.model import LOGIN_PROVIDER, Profile
from keyswitch.profiles import state
from keyswitch.profiles.names import check_name
from keyswitch.profiles.state import State
from keyswitch.switching.editing.profile_changes import today
from keyswitch.switching.logging_in import leftovers
from keyswitch.switching.logging_in.leftovers import remember
from keyswitch.switching.logins import moves, owners
from keyswitch.switching.logins.book import LoginBook
from keyswitch.switching.logins.storing import require_open
from keyswitch.switching.planning.known_folders import named
from keyswitch.switching.planning.planned import Switch, plan_keys
from keyswitch.targets import table
from keyswitch.targets.target import Login
from keyswitch.workspace import Workspace


def capture(
    workspace: Workspace, name: str, *, store: str, label: str = ""
) -> Profile:
    """Keep Claude Code's present login as a profile."""

    def find(logins: LoginBook) -> Login:
        live = _present(logins, name)
        owner = owners.owner_of(logins, live)
        own = owners.own_parts(logins, live, owner)
        if not owner and owners.doubtful_name(logins, live):
            own = owners.claimed(logins, own, name)
        if owners.goes_by_name(logins, own, owner or name):
            logins.draft.notes.append(owners.at_your_word(live))
        if owner == name and moves.is_earlier(logins, own, name):
            raise InputError(
                f"the current login is an older version of '{name}'",
                f"switch to its newest version: keyswitch use {name}",
            )
        logins.set_folder(logins.folder()._replace(live=name))
        return own

    return _keep(workspace, name, find, store=store, label=label)


def check_capture(workspace: Workspace, name: str) -> None:
    """Raise what `capture` would, before a person is asked to open a store."""
    check_name(name)
    logins = _logins(Draft(workspace))
    _refuse_other_kind(logins, name)
    _present(logins, name)


def _present(logins: LoginBook, name: str) -> Login:
    live = logins.live()
    if not live.usable:
        raise NotFoundError(
            f"no login in {logins.place.where}",
            f"log in first: /login in Claude Code, or keyswitch login {name}",
        )
    return live


def from_orphan(
    workspace: Workspace, name: str, *, store: str, label: str = ""
) -> Profile:
    """Make a profile of the newest login that belonged to nobody."""

    def find(logins: LoginBook) -> Login:
        chosen, holder = owners.newest_claimable(logins, name)
        kept = logins.fetch(chosen.ref)
        parts = owners.claimed(logins, kept, name)
        if owners.goes_by_name(logins, parts, name):
            word = f"{owners.at_your_word(kept)}; it was saved at {chosen.at}"
            logins.draft.notes.append(word)
        if holder:
            logins.disown(holder, chosen)
            logins.draft.notes.append(
                f"it was saved as the login of '{holder}', which now has the "
                "previous one again"
            )
        else:
            ledger = login_ledger.given_owner(logins.ledger, chosen, name)
            logins.ledger = ledger
            logins.forget_orphan(chosen)
        return parts

    return _keep(workspace, name, find, store=store, label=label)


def _keep(
    workspace: Workspace,
    name: str,
    find: Callable[[LoginBook], Login],
    *,
    store: str,
    label: str,
) -> Profile:
    """Store a login for a profile, new or of the same account."""
    check_name(name)

    def make(draft: Draft) -> Profile:
        logins = _logins(draft)
        parts = find(logins)
        _refuse_another(logins, name, parts)
        if logins.profile(name) is None:
            logins.begin(
                Profile(
                    name,
                    LOGIN_PROVIDER,
                    label,
                    created=today(),
                    expect="subscription" if parts.access_token else "api",
                )
            )
        logins.keep_for(name, parts, store=store)
        logins.finish()
        profile = logins.profile(name)
        assert profile is not None  # noqa: S101 - begun above
        draft.command, draft.profile, draft.undoable = "login", name, False
        draft.fingerprint = profile.secrets["login"].fingerprint
        present = state.read(workspace.paths)
        if not present.active and logins.folder().live == name:
            # It becomes active where nothing else is.
            draft.pointer = State(name, present.previous, state.new_stamp())
        return profile

    profile, _ = commit(workspace, make)
    remember(workspace)
    return profile


def _refuse_another(logins: LoginBook, name: str, parts: Login) -> None:
    """Raise if the account is kept elsewhere, or the name by another."""
    owner = owners.owner_of(logins, parts)
    if owner and owner != name:
        raise InputError(
            f"this account is already saved as '{owner}'",
            f"switch to it: keyswitch use {owner}; every switch saves its "
            "newest tokens",
        )
    _refuse_other_kind(logins, name)
    held = owners.identity_of(logins, name)
    if logins.profile(name) is not None and not held.fits(parts.identity):
        raise InputError(
            f"profile '{name}' belongs to another account", _ANOTHER_NAME
        )


_ANOTHER_NAME = "choose another name for this login"


def _refuse_other_kind(logins: LoginBook, name: str) -> None:
    """Raise if the name is that of a profile that can hold no login."""
    profile = logins.profile(name)
    if profile is None:
        if os.path.lexists(logins.workspace.paths.profile(name)):
            raise InputError(
                f"cannot read the file of profile '{name}'",
                f"fix it: keyswitch edit {name}",
            )
    elif profile.provider != LOGIN_PROVIDER:
        raise InputError(f"profile '{name}' is not a login", _ANOTHER_NAME)


def log_in(
    workspace: Workspace,
    name: str,
    *,
    store: str,
    label: str = "",
    options: tuple[str, ...] = (),
) -> Profile:
    """Run Claude Code's own login in a scratch folder, and keep it."""
    # A login that cannot be kept is lost, so this comes before it is made.
    program = check_log_in(workspace, name)
    require_open(workspace, store)
    paths, keychain = workspace.paths, workspace.keychain
    with leftovers.scratch(paths, keychain) as folder:
        # Variables that would speak for another account.
        rivals = {
            *workspace.catalogue.get(LOGIN_PROVIDER).rivals,
            *table.main().folders.variables,
        }
        environ = {
            k: v for k, v in workspace.environ.items() if k not in rivals
        }
        environ[table.main().folder_variable] = folder
        done = subprocess.run(
            [program, "auth", "login", *options],
            env=environ,
            cwd=folder,
            check=False,
        )
        if done.returncode:
            raise KeyswitchError(
                f"Claude Code's login failed with status {done.returncode}",
                f"try again: keyswitch login {name}",
            )
        return _keep_scratch(workspace, name, folder, store=store, label=label)


def check_log_in(workspace: Workspace, name: str) -> str:
    """Raise unless a login could be kept; return Claude Code's program."""
    check_name(name)
    program = shutil.which("claude", path=workspace.environ.get("PATH"))
    if program is None:
        raise NotFoundError(
            "'claude' is not on PATH",
            "install Claude Code, or save the current login: --capture",
        )
    _refuse_other_kind(LoginBook(Draft(workspace), workspace.places), name)
    return program


def _keep_scratch(
    workspace: Workspace, name: str, folder: str, *, store: str, label: str
) -> Profile:
    made = named(workspace, folder)
    parts = LoginBook(Draft(workspace), made).live()
    if not parts.usable:
        raise NotFoundError(
            "Claude Code's login wrote no token",
            f"try again: keyswitch login {name}",
        )

    try:
        return _keep(workspace, name, lambda _: parts, store=store, label=label)
    except InputError as e:
        _keep_refused(workspace, parts, store)
        raise CleanupLeftError(
            f"{e.message}; the new login was saved separately",
            "give it a name: keyswitch login NAME --orphan",
        ) from e


def _keep_refused(workspace: Workspace, parts: Login, store: str) -> None:
    """Keep a new login that cannot have the name that it was meant for."""

    def make(draft: Draft) -> None:
        logins = LoginBook(draft, workspace.places)
        logins.keep_orphan(parts, store)
        logins.finish()
        draft.command, draft.beside = "login", True

    commit(workspace, make)


def _logins(draft: Draft) -> LoginBook:
    """Return the usual folder's login, without keyswitch's approvals."""
    places = draft.workspace.places
    look = Draft(draft.workspace)  # which nobody carries out
    plan_keys(look, Switch(None), places)
    return LoginBook(draft, places, config=look.read(places.global_config))
