"""Profile files: TOML that a person may edit and commit to a repository.

They are read strictly, value by value; `toml_edits` has their new texts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from keyswitch.disk.atomic import names_in, read_regular
from keyswitch.errors import InputError, KeyswitchError, NotFoundError
from keyswitch.model import REFERENCE, Frozen, Profile, SecretRef
from keyswitch.profiles.names import check_name, did_you_mean
from keyswitch.profiles.paths import Paths
from keyswitch.profiles.toml_text import (
    Kinds,
    checked_values,
    parse_bytes,
    parse_text,
)

PROFILE_LIMIT = 64 * 1024  # bytes, checked before parsing
PLACES_LIMIT = 32  # patterns of `only` or `never`
MOST_LIFETIME = 86_400  # seconds of a value in the unlock cache
_EXPECTATIONS = ("", "api", "subscription", "cloud")


class Broken(Frozen):
    """A profile file that cannot be used, and why."""

    name: str
    error: KeyswitchError


def scan(paths: Paths) -> list[str]:
    """Return the names of all profiles, sorted, from file names alone."""
    try:
        entries = os.listdir(paths.profiles_dir)
    except (FileNotFoundError, NotADirectoryError):
        return []
    names = []
    for entry in entries:
        if entry.endswith(".toml"):
            try:
                check_name(entry[:-5])
            except InputError:
                continue
            names.append(entry[:-5])
    return sorted(names)


def load(paths: Paths, name: str) -> tuple[Profile, bytes]:
    """Read one profile and the bytes of its file."""
    data, path = read(paths, name), paths.profile(name)
    return profile_of(path, name, parse_bytes(data, path)), data


def read(paths: Paths, name: str) -> bytes:
    """Read a profile's file, whether or not it is valid."""
    try:
        check_name(name)
    except InputError as e:
        hint = did_you_mean(name, scan(paths), e.hint)
        raise InputError(e.message, hint) from e
    data = read_regular(paths.profile(name), PROFILE_LIMIT, ours=True)
    if data is None:
        raise missing(paths, name)
    return data


def missing(paths: Paths, name: str) -> NotFoundError:
    """Return the error for a name that is no profile, with a near miss."""
    names = scan(paths)
    hint = f"create it: keyswitch add {name} --provider anthropic"
    if names:
        listed = "see 'keyswitch list'"
        hint = did_you_mean(name, names, listed)
    return NotFoundError(f"no profile named '{name}'", hint)


def texts_of_people(paths: Paths) -> list[str]:
    """Return the files that people write: settings, profiles, providers."""
    return [paths.config_file] + [
        os.path.join(folder, name)
        for folder in (paths.profiles_dir, paths.providers_dir)
        for name in sorted(names_in(folder))
        if name.endswith(".toml")
    ]


def load_all(paths: Paths) -> tuple[list[Profile], list[Broken]]:
    """Read every profile; a broken file breaks only itself."""
    profiles, broken = [], []
    for name in scan(paths):
        try:
            profiles.append(load(paths, name)[0])
        except NotFoundError:
            continue  # removed since it was listed
        except KeyswitchError as e:
            broken.append(Broken(name, e))
    return profiles, broken


def parse(text: str, path: str) -> Profile:
    """Parse a profile file's text; the name comes from the file's name."""
    name = os.path.basename(path).removesuffix(".toml")
    return profile_of(path, name, parse_text(text, path))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_word(value: Any) -> bool:
    return _is_text(value) and " " not in value


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_places(value: Any) -> bool:
    return _are_texts(value) and len(value) <= PLACES_LIMIT and "" not in value


_TEXT = _is_text, "a string of printable characters"
_DAY = _is_day, "a date such as 2027-02-01"
_YES_OR_NO = (lambda value: isinstance(value, bool)), "true or false"
_PLACES = _are_places, "a list such as ['~/clients/**']"
_KINDS: Kinds = {
    "provider": _TEXT,
    "label": _TEXT,
    "created": _DAY,
    "expires": _DAY,
    "expires_expected": _YES_OR_NO,
    "expect": (_EXPECTATIONS.__contains__, "api, subscription or cloud"),
    "isolated": _YES_OR_NO,
    "shared": (_are_texts, "a list such as ['commands', 'agents']"),
    "only": _PLACES,
    "never": _PLACES,
    "team": _TEXT,
}
_WORD = _is_word, "a string without spaces"
_KINDS_OF_REF: Kinds = {  # in the order of its fields
    "store": _WORD,
    "item": _WORD,
    "generation": (
        lambda value: type(value) is int and value >= 1,
        "a number of at least 1",
    ),
    "fingerprint": _TEXT,
    "hint": _TEXT,
    "lifetime": (
        lambda value: type(value) is int and 0 <= value <= MOST_LIFETIME,
        f"a number of seconds up to {MOST_LIFETIME}",
    ),
}
_KINDS_OF_REFERENCE: Kinds = {**_KINDS_OF_REF, "item": _TEXT}


def profile_of(path: str, name: str, document: Mapping[str, Any]) -> Profile:
    """Return the profile that a file's document means; raise InputError."""
    values = checked_values(path, document, _KINDS)
    if not values.get("provider"):
        raise InputError(
            f"{path}: 'provider' is missing",
            'for example: provider = "anthropic"',
        )
    for key in values.keys() & {"shared", "only", "never"}:
        values[key] = tuple(values[key])
    fields, secrets = (document.get(k, {}) for k in ("fields", "secrets"))
    for section, table in (("fields", fields), ("secrets", secrets)):
        if not isinstance(table, dict):
            raise InputError(
                f"{path}: [{section}] must be a table", "fix that line"
            )
    fields = _flat(fields)
    checked_values(f"{path}: [fields]", fields, dict.fromkeys(fields, _TEXT))
    refs = {
        key: _ref(f"{path}: [secrets.{key}]", table)
        for key, table in secrets.items()
    }
    return Profile(
        name=name,
        **values,
        fields=MappingProxyType(dict(fields)),
        secrets=MappingProxyType(refs),
    )


def _flat(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return [fields] with `models.opus` as one name, however it is written."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            found |= {f"{name}.{part}": text for part, text in value.items()}
        else:
            found[name] = value
    return found


def _ref(place: str, table: Any) -> SecretRef:
    if not isinstance(table, dict):
        raise InputError(
            f"{place} must be a table",
            "delete it: no secret belongs in this file; to store one then: "
            "keyswitch rotate NAME",
        )
    needed = {"store": None, "item": None, "generation": 1}
    table = {**needed, "fingerprint": "", "hint": "", "lifetime": 0, **table}
    kinds = _KINDS_OF_REF
    if table["store"] == REFERENCE:
        kinds = _KINDS_OF_REFERENCE  # which may have spaces
    return SecretRef(*checked_values(place, table, kinds).values())
