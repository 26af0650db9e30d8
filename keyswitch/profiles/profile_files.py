"""Profile files: TOML that a person may edit and commit to a repository.

They are read strictly, value by value; `toml_edits` has their new texts.
"""

from __future__ import annotations

import os
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from keyswitch.disk.atomic import names_in, read_regular
from keyswitch.errors import InputError, KeyswitchError, NotFoundError
from keyswitch.model import Frozen, Profile, SecretRef
from keyswitch.profiles.names import check_name, did_you_mean
from keyswitch.profiles.toml_text import parse_bytes, parse_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.profiles.paths import Paths

PROFILE_LIMIT = 64 * 1024  # bytes, checked before parsing
PLACES_LIMIT = 32  # patterns of `only` or `never`


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
    check_name(name)
    path = paths.profile(name)
    data = read_regular(path, PROFILE_LIMIT, ours=True)
    if data is None:
        raise missing(paths, name)
    return profile_of(path, name, parse_bytes(data, path)), data


def missing(paths: Paths, name: str) -> NotFoundError:
    """Return the error for a name that is no profile, with a near miss."""
    names = scan(paths)
    hint = f"make it: keyswitch add {name} --provider anthropic"
    if names:
        listed = "'keyswitch list' shows the profiles"
        hint = did_you_mean(name, names, listed)
    return NotFoundError(f"there is no profile '{name}'", hint)


def texts_of_people(paths: Paths) -> list[str]:
    """Return the files that people write: settings, profiles, providers."""
    return [paths.config_file] + [
        os.path.join(folder, name)
        for folder in (paths.profiles_dir, paths.providers_dir)
        for name in names_in(folder)
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


def profile_of(path: str, name: str, document: Mapping[str, Any]) -> Profile:
    """Return the profile that a file's document means; raise InputError."""
    read = _Document(path, document)
    if not read.text("provider"):
        raise read.wrong(
            "'provider' is missing", 'for example: provider = "anthropic"'
        )
    if read.text("expect") not in ("", "api", "subscription", "cloud"):
        raise read.wrong("'expect' has to be api, subscription or cloud")
    if not isinstance(document.get("isolated", False), bool):
        raise read.wrong("'isolated' has to be true or false")
    fields, secrets = read.table("fields"), read.table("secrets")
    for key, value in fields.items():
        if not _is_text(value):
            raise read.wrong(
                f"'fields.{key}' has to be a text of printable characters"
            )
    refs = {key: _ref(path, key, table) for key, table in secrets.items()}
    return Profile(
        name=name,
        provider=read.text("provider"),
        label=read.text("label"),
        created=read.day("created"),
        expires=read.day("expires"),
        expect=read.text("expect"),
        isolated=document.get("isolated", False),
        shared=read.texts("shared", "'commands', 'agents'")
        if "shared" in document
        else None,
        only=read.places("only"),
        never=read.places("never"),
        fields=MappingProxyType(dict(fields)),
        secrets=MappingProxyType(refs),
    )


class _Document:
    """The values of a file, each of the type that is asked for."""

    def __init__(self, path: str, values: Mapping[str, Any]) -> None:
        self.path = path
        self.values = values

    def wrong(self, what: str, hint: str = "mend that line") -> InputError:
        return InputError(f"{self.path}: {what}", hint)

    def text(self, key: str) -> str:
        value: str = self.values.get(key, "")
        if not _is_text(value):
            raise self.wrong(
                f"'{key}' has to be a text of printable characters"
            )
        return value

    def texts(self, key: str, example: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(map(_is_text, value)):
            raise self.wrong(f"'{key}' has to be a list such as [{example}]")
        return tuple(map(str, value))

    def places(self, key: str) -> tuple[str, ...]:
        """Return the patterns of `only` or `never`."""
        found = self.texts(key, "'~/clients/**'")
        if len(found) > PLACES_LIMIT or "" in found:
            raise self.wrong(
                f"'{key}' has to be a list such as ['~/clients/**']"
            )
        return found

    def table(self, key: str) -> Mapping[str, Any]:
        value: Any = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(f"[{key}] has to be a table")
        return value

    def day(self, key: str) -> date | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.wrong(f"'{key}' has to be a date such as 2027-02-01")
        return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()


def _ref(path: str, field: str, table: Any) -> SecretRef:
    read = _Document(f"{path}: [secrets.{field}]", table)
    if not isinstance(table, dict):
        raise InputError(
            f"{read.path} has to be a table",
            "a secret never stands in this file: keyswitch rotate stores one",
        )
    generation = table.get("generation", 1)
    if type(generation) is not int or generation < 1:
        raise read.wrong("'generation' has to be a number from 1")
    texts = {"fingerprint": "", "hint": "", **table}
    for key in ("store", "item", "fingerprint", "hint"):
        if not _is_text(texts.get(key)):
            raise read.wrong(f"'{key}' has to be a text")
        if key in ("store", "item") and " " in texts[key]:
            raise read.wrong(f"'{key}' holds a space")
    return SecretRef(
        texts["store"],
        texts["item"],
        generation,
        texts["fingerprint"],
        texts["hint"],
    )
