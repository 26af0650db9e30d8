"""Profiles that are broken, expire, are due for a new key, or double."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.finding import ERROR, NOTE, WARNING, Finding
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import settings
from keyswitch.providers.own_variables import refuse_named
from keyswitch.secrets.keychain.store import open_keychain
from keyswitch.secrets.session.kernel_keyring import available

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.secrets.keychain.store import Availability

SOON = 14  # days
ROTATE_AFTER = 365  # days, where a provider says nothing else


def broken(situation: Situation) -> Iterator[Finding]:
    """Find profile files that cannot be used."""
    name = situation.chosen
    names = set()
    for entry in situation.accounts.broken:
        names.add(entry.name)
        yield Finding(
            "profile-broken",
            ERROR if entry.name == name else WARNING,
            f"profile '{entry.name}' cannot be used: {entry.error.message}",
            "its file is not what it has to be; other profiles do not mind",
            entry.error.hint or f"keyswitch edit {entry.name}",
            situation.accounts.paths.profile(entry.name),
        )
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
    """Find profiles that are whole files, and that no command takes."""
    for profile in situation.accounts.profiles:
        try:
            provider = situation.accounts.catalogue.get(profile.provider)
            provider.check(profile)
            refuse_named(provider, profile)
        except KeyswitchError as e:
            chosen = profile.name == situation.chosen
            yield Finding(
                "profile-refused",
                ERROR if chosen else WARNING,
                f"profile '{profile.name}' is refused: {e.message}",
                "no program gets its secret until that is mended",
                e.hint or f"keyswitch edit {profile.name}",
                situation.accounts.paths.profile(profile.name),
            )


def unknown_settings(situation: Situation) -> Iterator[Finding]:
    """Find keys of `config.toml` that count for nothing."""
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
            "it counts for nothing: it is misspelt, or of a newer keyswitch",
            f"correct it, or take '{name}' out",
            paths.config_file,
        )


def dates(situation: Situation) -> Iterator[Finding]:
    """Find ends that come near, and keys that are old."""
    today = datetime.now(UTC).astimezone().date()
    for profile in situation.accounts.profiles:
        path = situation.accounts.paths.profile(profile.name)
        fix = f"keyswitch rotate {profile.name}"
        if profile.expires is not None:
            left = (profile.expires - today).days
            if left < 0:
                yield Finding(
                    "profile-expired",
                    ERROR if profile.name == situation.chosen else WARNING,
                    f"'{profile.name}' expired on {profile.expires}",
                    "its secret is refused, or soon will be",
                    fix,
                    path,
                )
            elif left <= SOON:
                yield Finding(
                    "profile-expires",
                    WARNING,
                    f"'{profile.name}' expires in {left} d",
                    "after that its secret is refused",
                    fix,
                    path,
                )
        elif profile.created is not None and profile.secrets:
            yield from _age(profile.name, profile.created, today, path)


def _age(name: str, created: date, today: date, path: str) -> Iterator[Finding]:
    age = (today - created).days
    if age > ROTATE_AFTER:
        yield Finding(
            "key-due-for-rotation",
            NOTE,
            f"'{name}' is {age} days old",
            "a key that is changed once a year is worth less to a thief",
            f"make a new one at the service, then: keyswitch rotate {name}",
            path,
        )


def doubles(situation: Situation) -> Iterator[Finding]:
    """Find one secret in two profiles."""
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
    if used:
        yield from _session_keyring()


def _keychain(situation: Situation) -> Iterator[Finding]:
    found: Availability | None = None
    try:
        found = open_keychain(situation.accounts.paths).probe()
    except KeyswitchError as e:
        why = e.message
    else:
        tried = found.tried
        why = "; ".join(f"{title}: {reason}" for title, reason in tried)
    if found is None or not found.ok:
        yield Finding(
            "keychain-unusable",
            ERROR,
            "the keychain that profiles use cannot be reached",
            why or "none of the known ones answers",
            "log in to a desktop session, or start a keyring daemon; "
            "'keyswitch vault init' is for machines without one",
        )
    elif found.locked:
        yield Finding(
            "keychain-locked",
            WARNING,
            "the keychain is locked",
            "'env' and the helper print nothing until it is unlocked",
            "keyswitch unlock, or unlock it in your desktop",
        )


def _session_keyring() -> Iterator[Finding]:
    works, why = available()
    if not works:
        yield Finding(
            "no-session-keyring",
            NOTE,
            f"unlocked values are not kept between commands: {why}",
            "each command reads its secret store anew, which is slower",
            "nothing has to be done",
        )
