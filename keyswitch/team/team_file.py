"""The team file: the providers and profiles of a team, as one TOML document.

It holds no secret, no command and no setting of keyswitch. It is read as
strictly as a file of anybody's: an unknown key, and every value that is not
exactly what it has to be, is refused, and with it the whole file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from keyswitch.directories import patterns
from keyswitch.errors import InputError, NotFoundError
from keyswitch.model import REFERENCE, Frozen, Profile
from keyswitch.profiles import profile_files, toml_edits
from keyswitch.profiles.names import check_name
from keyswitch.profiles.settings import Settings
from keyswitch.profiles.toml_text import parse_text
from keyswitch.providers.catalogue import PROVIDER_LIMIT, Catalogue
from keyswitch.providers.schema import Provider
from keyswitch.providers.steering import refuse_named
from keyswitch.providers.verification import verification_of
from keyswitch.secrets.references import managers
from keyswitch.secrets.references.managers import Managers
from keyswitch.team import open_texts
from keyswitch.team.foreign_providers import provider_in
from keyswitch.team.open_texts import refused
from keyswitch.team.toml_writing import text_of

NAME = "keyswitch-team.toml"
LIMIT = 4 << 20  # bytes, checked before parsing
MOST = 10_000  # profiles
MOST_PROVIDERS = 100
_DESCRIPTION = 500  # characters
_KEYS = ("name", "description", "providers", "profiles")
_PROFILE_KEYS = ("provider", "label", "expires", "expect", "only", "never")
_TABLES = ("fields", "references")
_REFERENCE_KEYS = ("reference", "lifetime")


class Item(Frozen):
    """One file that a team file stands for."""

    kind: str  # "provider" or "profile"
    name: str


class Team(Frozen):
    """What a team file says. Its profiles have references for secrets."""

    name: str
    description: str
    providers: Mapping[str, Provider]
    profiles: Mapping[str, Profile]
    texts: Mapping[Item, bytes]  # of the files that it stands for


@cache
def built_in() -> Catalogue:
    """Return the providers of every machine, with no file of this one."""
    return Catalogue()


def parse(data: bytes, place: str) -> Team:
    """Read a team file; `place` says where it is from. Raises InputError."""
    try:
        return _parsed(data, place)
    except (InputError, NotFoundError) as e:
        what = e.message.removeprefix(f"{place}: ")
        at = "" if what.startswith(place) else f"{place}: "
        raise InputError(at + what, open_texts.ASK) from e


def _parsed(data: bytes, place: str) -> Team:
    if len(data) > LIMIT:
        raise refused(place, f"larger than {LIMIT >> 20} MiB")
    text = open_texts.decoded(place, data)
    document = parse_text(text, place)
    open_texts.check(place, document)
    _refuse_unknown(place, document, _KEYS)
    name, description = _titles(place, document)
    tables = _tables(place, document, "providers", MOST_PROVIDERS)
    providers = {i: provider_in(place, i, t) for i, t in tables.items()}
    catalogue = Catalogue()
    for provider in providers.values():
        catalogue.take(provider)
    entries = _tables(place, document, "profiles", MOST)
    if not entries:
        raise refused(place, "it contains no profile")
    profiles = {
        key: _profile(place, key, entry, catalogue)._replace(team=name)
        for key, entry in entries.items()
    }
    texts = {}
    for key, table in tables.items():
        item = Item("provider", key)
        texts[item] = _text(place, item, {"team": name, **table})
    for key, profile in profiles.items():
        document = toml_edits.document_of(profile)
        del document["name"]
        item = Item("profile", key)
        texts[item] = _text(place, item, document)
    return Team(name, description, providers, profiles, texts)


def _titles(place: str, document: Mapping[str, Any]) -> tuple[str, str]:
    name, description = (document.get(k, "") for k in ("name", "description"))
    if not isinstance(name, str) or not isinstance(description, str):
        raise refused(place, "'name' and 'description' must be strings")
    if not name:
        raise refused(place, "the team's 'name' is missing")
    if len(description) > _DESCRIPTION:
        raise refused(
            place, f"'description' is longer than {_DESCRIPTION} characters"
        )
    _check_name(f"{place}: name", name)
    return name, description


def _refuse_unknown(
    place: str, table: Mapping[str, Any], known: tuple[str, ...]
) -> None:
    for key in table:
        if key not in known:
            raise refused(
                place, f"unknown key '{key}'; valid keys are {', '.join(known)}"
            )


def _tables(
    place: str, document: Mapping[str, Any], key: str, most: int
) -> Mapping[str, Any]:
    table = document.get(key, {})
    if not isinstance(table, dict):
        raise refused(place, f"'{key}' must be a table of tables")
    if len(table) > most:
        raise refused(place, f"it has more than {most} {key}")
    for name in table:
        _check_name(f"{place}: {key}", name)
    return table


def _check_name(where: str, name: str) -> None:
    """Raise unless a name can be that of a file."""
    try:
        check_name(name)
    except InputError as e:
        raise refused(where, e.message) from e


def _profile(
    place: str, name: str, entry: Any, catalogue: Catalogue
) -> Profile:
    where = f"{place}: [profiles.{name}]"
    if not isinstance(entry, dict):
        raise refused(where, "it must be a table")
    if "secrets" in entry:
        raise refused(where, "it takes 'references', not 'secrets'")
    _refuse_unknown(where, entry, (*_PROFILE_KEYS, *_TABLES))
    references = entry.get("references", {})
    if not isinstance(references, dict):
        raise refused(where, "'references' must be a table")
    document = {key: entry[key] for key in _PROFILE_KEYS if key in entry}
    document["fields"] = entry.get("fields", {})
    document["secrets"] = {
        field: _reference(f"{where}: '{field}'", value)
        for field, value in references.items()
    }
    try:
        profile = profile_files.profile_of(where, name, document)
        _check(catalogue, profile)
    except (InputError, NotFoundError) as e:
        what = e.message.removeprefix(where).removeprefix(":").strip()
        raise refused(where, what) from e
    return profile


def _reference(where: str, value: Any) -> dict[str, Any]:
    """Return a reference as a profile file has it."""
    table = {"reference": value} if isinstance(value, str) else value
    if not isinstance(table, dict) or not isinstance(
        table.get("reference"), str
    ):
        raise refused(
            where, 'a reference is a string, such as "op://Eng/key/pw"'
        )
    _refuse_unknown(where, table, _REFERENCE_KEYS)
    _check_reference(where, table["reference"])
    found = {"store": REFERENCE, "item": table["reference"]}
    if "lifetime" in table:
        found["lifetime"] = table["lifetime"]
    return found


def _check_reference(where: str, text: str) -> None:
    """Raise unless a manager that is built in has references of this form.

    A program of the person's own (`exec:`, a row of config.toml) is no team's
    to start.
    """
    if text.startswith(f"{managers.EXEC}:"):
        raise refused(where, "a team file cannot name a program to run")
    try:
        _managers().parse(text)
    except InputError as e:
        raise refused(where, e.message) from e


@cache
def _managers() -> Managers:
    """Return the managers of every machine: settings of this one add none."""
    return managers.load(Settings())


def _check(catalogue: Catalogue, profile: Profile) -> None:
    """Raise unless a profile is complete, and sets what a credential needs."""
    provider = catalogue.get(profile.provider)
    provider.check_addable()
    for name in profile.fields:
        if provider.field(name).secret:
            raise InputError(
                f"'{name}' is a secret: name its place in 'references'"
            )
    provider.check(profile)
    refuse_named(provider, profile)
    if provider.own and provider.verify:
        verification_of(provider, profile)
    for pattern in (*profile.only, *profile.never):
        patterns.check(pattern)


def _text(place: str, item: Item, document: Mapping[str, Any]) -> bytes:
    """Return the text of a file, proved by reading it."""
    text = text_of(document)
    data = text.encode()
    if len(data) > _SIZES[item.kind] or parse_text(text, "") != document:
        raise refused(
            place,
            f"{item.kind} '{item.name}' does not make a valid {item.kind} file",
        )
    return data


_SIZES = {"profile": profile_files.PROFILE_LIMIT, "provider": PROVIDER_LIMIT}
