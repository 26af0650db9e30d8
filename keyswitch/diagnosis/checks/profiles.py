"""Profiles that are broken, changed, old or double, and their secrets."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyswitch.diagnosis.one_step import NOTHING, command_in, one_step
from keyswitch.errors import (
    DamagedFileError,
    FileStateError,
    KeyswitchError,
    LockedError,
    NoItemError,
)
from keyswitch.kernel_keyring import available
from keyswitch.profiles import settings, state
from keyswitch.providers.schema import ignored_here
from keyswitch.secrets.keychain.store import Availability, open_keychain
from keyswitch.secrets.stores import open_store
from keyswitch.targets.verdict import ERROR, NOTE, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.model import Profile
    from keyswitch.secrets.stores import SecretStore


SOON = 14  # days
ROTATE_AFTER = 365  # days, where a provider says nothing else


def broken(situation: Situation) -> Iterator[Finding]:
    """Find profile files that cannot be used."""
    accounts, name = situation.accounts, situation.chosen
    for entry in accounts.broken:
        grave = situation.severity_of(entry.name)
        what = f"profile '{entry.name}' cannot be used: {entry.error.message}"
        place = accounts.paths.profile(entry.name)
        state, fix = "is not valid", f"keyswitch edit {entry.name}"
        if isinstance(entry.error, FileStateError):  # no editor opens it
            state, fix = "cannot be read", f"make {place} a file you can read"
        why = f"its file {state}; other profiles are not affected"
        why = _with_hint(why, entry.error)
        yield Finding("profile-broken", grave, what, why, fix, place)
    names = {entry.name for entry in accounts.broken}
    if name and situation.wanted is None and name not in names:
        what = f"'{name}' is active, but there is no such profile"
        why = f"it was chosen by: {situation.how}"
        yield Finding("profile-missing", ERROR, what, why, situation.ended_by)


def unusable(situation: Situation) -> Iterator[Finding]:
    """Find profiles whose file can be read and whose content is refused."""
    accounts = situation.accounts
    for profile in accounts.profiles:
        error = accounts.refusal(profile)
        if error is None:
            continue
        grave = situation.severity_of(profile.name)
        what = f"profile '{profile.name}' is refused: {error.message}"
        why = _with_hint(
            "no program gets its secret until that is fixed", error
        )
        fix = command_in(error.hint)
        if not fix or "VALUE" in fix:
            fix = f"keyswitch edit {profile.name}"
        place = accounts.paths.profile(profile.name)
        yield Finding("profile-refused", grave, what, why, fix, place)


def _with_hint(why: str, error: KeyswitchError) -> str:
    """Return why a profile's file is at fault, with what has to be in it."""
    return f"{why}; {error.hint}" if error.hint else why


def other_use(situation: Situation) -> Iterator[Finding]:
    """Find profile files that would send a stored secret to another place."""
    accounts = situation.accounts
    for profile in accounts.profiles:
        for found in accounts.other_uses(profile):
            yield Finding(
                "secret-for-another-place",
                situation.severity_of(profile.name),
                found.what,
                f"no program gets its secret; {found.otherwise}",
                found.fix,
                accounts.paths.profile(profile.name),
            )


def unknown_settings(situation: Situation) -> Iterator[Finding]:
    """Find keys of `config.toml` that are no setting."""
    paths = situation.accounts.paths
    try:
        names = settings.unknown(paths)
    except KeyswitchError:
        return  # what cannot be read is said of all own files
    for name in names:
        what = f"unknown setting '{name}' in {paths.config_file}"
        why = "it has no effect: it is misspelt or from a newer keyswitch"
        fix = f"remove '{name}' from {paths.config_file}"
        place = paths.config_file
        yield Finding("setting-unknown", WARNING, what, why, fix, place)


def rules_without_git(situation: Situation) -> Iterator[Finding]:
    """Find rules by git remote where there is no git to ask."""
    paths = situation.accounts.paths
    try:
        found = settings.load(paths).links
    except KeyswitchError:
        return
    if found and not shutil.which(
        "git", path=situation.scene.environ.get("PATH")
    ):
        what = (
            f"{paths.config_file} has rules for git remotes, but git is not on "
            "PATH"
        )
        why = "such a rule has no effect: only git knows the remotes"
        fix = "put git on PATH"
        place = paths.config_file
        yield Finding("rules-without-git", WARNING, what, why, fix, place)


def dates(situation: Situation) -> Iterator[Finding]:
    """Find profiles that expire, and keys that are due for rotation."""
    today = datetime.now(UTC).astimezone().date()
    for profile in situation.accounts.profiles:
        name = profile.name
        path = situation.accounts.paths.profile(name)
        fix = f"keyswitch rotate {name}"
        left = (profile.expires - today).days if profile.expires else SOON + 1
        age = (today - profile.created).days if profile.created else 0
        if profile.expires_expected and left <= SOON:
            what = f"'{name}' {'expires' if left >= 0 else 'expired'} about "
            what += f"{profile.expires}, expected"
            why = "this kind usually lasts until then; no date was given"
            yield Finding("profile-expires", WARNING, what, why, fix, path)
        elif left < 0:
            grave = situation.severity_of(name)
            why = "services reject its secret, or soon will"
            what = f"'{name}' expired on {profile.expires}"
            yield Finding("profile-expired", grave, what, why, fix, path)
        elif left <= SOON:
            what = f"'{name}' expires in {left} d"
            why = "after that, services reject its secret"
            yield Finding("profile-expires", WARNING, what, why, fix, path)
        elif not profile.expires and profile.secrets and age > ROTATE_AFTER:
            what = f"'{name}' is {age} days old"
            why = (
                "rotating keys at least once a year limits what a stolen key "
                "is worth; the service makes the new one"
            )
            yield Finding("key-due-for-rotation", NOTE, what, why, fix, path)


def doubles(situation: Situation) -> Iterator[Finding]:
    """Find profiles that hold the same secret."""
    holders: dict[str, list[str]] = {}
    for profile in situation.accounts.profiles:
        for ref in profile.secrets.values():
            if ref.fingerprint:
                holders.setdefault(ref.fingerprint, []).append(profile.name)
    used = {situation.chosen, situation.accounts.helper_profile}
    with suppress(KeyswitchError):  # said of all own files
        used.add(state.read(situation.accounts.paths).active)
    for names in sorted(map(sorted, map(set, holders.values()))):
        if len(names) > 1:
            spare = [name for name in names if name not in used] or names
            what = f"{' and '.join(map(repr, names))} have the same secret"
            why = "switching between them changes nothing for the service"
            fix = f"keyswitch remove {spare[-1]}"
            yield Finding("same-secret-twice", NOTE, what, why, fix)


_PATIENCE = 1.2  # seconds that a keychain may take for one item


def secrets(situation: Situation) -> Iterator[Finding]:
    """Find stores that are missing, old or damaged, and items that are gone.

    Nobody is asked: of a locked store nothing is known.
    """
    held: dict[str, list[tuple[Profile, str]]] = {}
    for profile in situation.accounts.profiles:
        for field, ref in sorted(profile.secrets.items()):
            if not ref.is_reference:  # see the checks of managers
                held.setdefault(ref.store, []).append((profile, field))
    works, why = available() if held else (True, "")
    if not works:
        what = f"unlocked secrets are not cached between commands: {why}"
        why = "each command reads the secret store again, which is slower"
        yield Finding("no-session-keyring", NOTE, what, why, NOTHING)
    for store, here in sorted(held.items()):
        try:
            yield from _of_store(situation, store, here)
        except DamagedFileError:
            raise  # the command line sets it aside
        except LockedError as e:
            why = f"cannot check the secrets of {_names(*here)} now"
            why, fix = one_step(e, why, "keyswitch unlock")
            yield Finding("store-locked", NOTE, e.message, why, fix)
        except KeyswitchError as e:
            grave, name = _severity(situation, *here), here[0][0].name
            what = f"no program gets the secret of {_names(*here)}"
            place = situation.accounts.paths.vault_file * (store == "vault")
            again = f"restore {place}" if place else f"keyswitch rotate {name}"
            why, fix = one_step(e, e.message, again, name)
            yield Finding("store-unusable", grave, what, why, fix, place)


def _of_store(
    situation: Situation, name: str, held: list[tuple[Profile, str]]
) -> Iterator[Finding]:
    paths = situation.accounts.paths
    store: SecretStore
    if name == "keychain":
        store = keychain = open_keychain(paths, _PATIENCE)
        problem = _problem_of(keychain.probe())
        if problem is not None:
            yield problem
            return
    else:
        store = open_store(name, paths, None)
    for profile, field in held:
        ref = profile.secrets[field]
        try:
            store.get(ref.item, ref.generation)
        except NoItemError as e:
            login = profile.provider == "claude-login"
            yield Finding(
                "secret-missing",
                _severity(situation, (profile, field)),
                f"the secret of '{profile.name}' ({field}) is not in the "
                f"{name}",
                f"{e.message}; every program that needs it fails",
                f"keyswitch {'login' if login else 'rotate'} {profile.name}",
                paths.profile(profile.name),
            )


def _problem_of(keychain: Availability) -> Finding | None:
    if not keychain.ok:
        why = "; ".join(f"{name}: {reason}" for name, reason in keychain.tried)
        return Finding(
            "keychain-unusable",
            ERROR,
            "cannot reach the keychain that profiles use",
            f"{why or 'no known keychain answers'}; a machine without one "
            "needs the vault: keyswitch vault init",
            "log in to a desktop session that has a keyring",
        )
    if keychain.locked:
        what = "the keychain is locked"
        why = "'env' and the helper print nothing until it is unlocked"
        fix = "unlock it on your desktop"
        return Finding("keychain-locked", WARNING, what, why, fix)
    return None


def _severity(situation: Situation, *held: tuple[Profile, str]) -> str:
    used = {situation.chosen, situation.accounts.helper_profile}
    return ERROR if any(p.name in used for p, _ in held) else WARNING


def _names(*held: tuple[Profile, str]) -> str:
    return listed(profile.name for profile, _ in held)


def listed(names: Iterable[str]) -> str:
    """Return names of profiles as a finding has them: three, and how many."""
    found = sorted(set(names))
    shown = ", ".join(f"'{name}'" for name in found[:3])
    more = len(found) - 3
    return f"{shown} and {more} more" if more > 0 else shown


def exported(situation: Situation) -> Iterator[Finding]:
    """Find a terminal that exports a profile which is not there any more."""
    name, _, _ = situation.scene.environ.get("KEYSWITCH_ENV", "").partition(":")
    accounts = situation.accounts
    known = accounts.get(name) or name in {b.name for b in accounts.broken}
    if name and not known and situation.exported:
        what = f"this terminal exports '{name}', but there is no such profile"
        why = f"its programs still use {', '.join(situation.exported)}"
        fix = 'eval "$(keyswitch env --unset)"'
        yield Finding("exported-profile-missing", ERROR, what, why, fix)


def ignored(situation: Situation) -> Iterator[Finding]:
    """Find what an installed program does not take of the chosen profile."""
    profile = situation.wanted
    provider = profile and situation.accounts.provider_of(profile)
    if profile is None or provider is None:
        return
    for one in ignored_here(provider, profile, situation.scene.environ):
        why = f"'{profile.name}' is active, and {one.program} is here"
        yield Finding("export-ignored", NOTE, one.what, why, one.fix)
