"""Profiles that are broken, changed or double, and keys that end or are old."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.finding import ERROR, NOTE, WARNING, Finding
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import settings
from keyswitch.providers.schema import refuse_named
from keyswitch.secrets.keychain.store import open_keychain
from keyswitch.secrets.session.kernel_keyring import available

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.situation import Situation

SOON = 14  # days
ROTATE_AFTER = 365  # days, where a provider says nothing else


def broken(situation: Situation) -> Iterator[Finding]:
    """Find profile files that cannot be used."""
    accounts, name = situation.accounts, situation.chosen
    for entry in accounts.broken:
        yield Finding(
            "profile-broken",
            situation.severity_of(entry.name),
            f"profile '{entry.name}' cannot be used: {entry.error.message}",
            "its file is not valid; other profiles are not affected",
            entry.error.hint or f"keyswitch edit {entry.name}",
            accounts.paths.profile(entry.name),
        )
    names = {entry.name for entry in accounts.broken}
    if name and situation.wanted is None and name not in names:
        here = situation.scene.environ.get("KEYSWITCH_PROFILE") == name
        yield Finding(
            "profile-missing",
            ERROR,
            f"'{name}' is chosen, and there is no such profile",
            f"it was chosen by: {situation.how}",
            'eval "$(keyswitch off --here)"'
            if here
            else "keyswitch list, then keyswitch use NAME",
        )


def unusable(situation: Situation) -> Iterator[Finding]:
    """Find profiles whose file can be read and whose content is refused."""
    accounts = situation.accounts
    for profile in accounts.profiles:
        try:
            provider = accounts.catalogue.get(profile.provider)
            provider.check(profile)
            refuse_named(provider, profile)
        except KeyswitchError as e:
            yield Finding(
                "profile-refused",
                situation.severity_of(profile.name),
                f"profile '{profile.name}' is refused: {e.message}",
                "no program gets its secret until that is mended",
                e.hint or f"keyswitch edit {profile.name}",
                accounts.paths.profile(profile.name),
            )


def other_use(situation: Situation) -> Iterator[Finding]:
    """Find profile files that would send a stored secret to another place."""
    accounts = situation.accounts
    for profile in accounts.profiles:
        for found in accounts.other_uses(profile):
            yield Finding(
                "secret-for-another-place",
                situation.severity_of(profile.name),
                found.what,
                "until you decide, the secret is handed to no program",
                found.how,
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
        yield Finding(
            "setting-unknown",
            WARNING,
            f"{paths.config_file} says '{name}', which is no setting",
            "it has no effect: it is misspelt, or of a newer keyswitch",
            f"correct it, or take '{name}' out",
            paths.config_file,
        )


def dates(situation: Situation) -> Iterator[Finding]:
    """Find profiles that expire, and keys that are due for rotation."""
    today = datetime.now(UTC).astimezone().date()
    for profile in situation.accounts.profiles:
        name, path = (
            profile.name,
            situation.accounts.paths.profile(profile.name),
        )
        fix = f"keyswitch rotate {name}"
        left = (profile.expires - today).days if profile.expires else SOON + 1
        age = (today - profile.created).days if profile.created else 0
        if left < 0:
            yield Finding(
                "profile-expired",
                situation.severity_of(name),
                f"'{name}' expired on {profile.expires}",
                "its secret is refused, or soon will be",
                fix,
                path,
            )
        elif left <= SOON:
            yield Finding(
                "profile-expires",
                WARNING,
                f"'{name}' expires in {left} d",
                "after that its secret is refused",
                fix,
                path,
            )
        elif not profile.expires and profile.secrets and age > ROTATE_AFTER:
            yield Finding(
                "key-due-for-rotation",
                NOTE,
                f"'{name}' is {age} days old",
                "a key that is changed once a year is worth less to a thief",
                f"make a new one at the service, then: {fix}",
                path,
            )


def doubles(situation: Situation) -> Iterator[Finding]:
    """Find profiles that hold the same secret."""
    holders: dict[str, list[str]] = {}
    for profile in situation.accounts.profiles:
        for ref in profile.secrets.values():
            if ref.fingerprint:
                holders.setdefault(ref.fingerprint, []).append(profile.name)
    for names in sorted(map(sorted, map(set, holders.values()))):
        if len(names) > 1:
            yield Finding(
                "same-secret-twice",
                NOTE,
                f"{' and '.join(repr(n) for n in names)} hold the same secret",
                "switching between them changes nothing for the service",
                "remove one: keyswitch remove NAME",
            )


def stores(situation: Situation) -> Iterator[Finding]:
    """Find where the secrets lie, and whether they can be read now."""
    used = {
        ref.store
        for profile in situation.accounts.profiles
        for ref in profile.secrets.values()
    }
    if "keychain" in used:
        yield from _keychain(situation)
    works, why = available() if used else (True, "")
    if not works:
        yield Finding(
            "no-session-keyring",
            NOTE,
            f"unlocked values are not kept between commands: {why}",
            "each command reads its secret store anew, which is slower",
            "nothing has to be done",
        )


def _keychain(situation: Situation) -> Iterator[Finding]:
    locked = False
    try:
        found = open_keychain(situation.accounts.paths).probe()
    except KeyswitchError as e:
        works, why = False, e.message
    else:
        works, locked = found.ok, found.locked
        why = "; ".join(f"{title}: {reason}" for title, reason in found.tried)
    if not works:
        yield Finding(
            "keychain-unusable",
            ERROR,
            "the keychain that profiles use cannot be reached",
            why or "none of the known ones answers",
            "log in to a desktop session, or start a keyring daemon; "
            "'keyswitch vault init' is for machines without one",
        )
    elif locked:
        yield Finding(
            "keychain-locked",
            WARNING,
            "the keychain is locked",
            "'env' and the helper print nothing until it is unlocked",
            "keyswitch unlock, or unlock it in your desktop",
        )
