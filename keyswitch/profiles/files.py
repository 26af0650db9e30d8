"""Profile files: TOML that a person may edit and commit to a repository.

Reading uses `tomllib`. Writing edits the text with tomlkit, so that comments
and order stay, and proves with `tomllib` that the new text means exactly what
was wanted before anybody writes it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from keyswitch.errors import InputError, KeyswitchError, NotFoundError
from keyswitch.model import Profile, SecretRef
from keyswitch.profiles.atomic import read_regular
from keyswitch.profiles.names import check_name, nearest
from keyswitch.profiles.toml_text import parse_bytes, parse_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.profiles.paths import Paths

PROFILE_LIMIT = 64 * 1024  # bytes, checked before parsing
EXPECTATIONS = ("", "api", "subscription", "cloud")

_REF_KEYS = ("store", "item", "generation", "fingerprint", "hint", "uri")
_REF_DEFAULTS = {"generation": 1, "fingerprint": "", "hint": "", "uri": ""}


@dataclass(frozen=True, slots=True)
class Broken:
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
    data = read_regular(path, PROFILE_LIMIT)
    if data is None:
        raise missing(paths, name)
    return _profile(path, name, parse_bytes(data, path)), data


def missing(paths: Paths, name: str) -> NotFoundError:
    """Return the error for a name that is no profile, with a near miss."""
    names = scan(paths)
    near = nearest(name, names)
    if near:
        hint = f"did you mean '{near}'?"
    elif names:
        hint = "'keyswitch list' shows the profiles"
    else:
        hint = f"make it: keyswitch add {name} --provider anthropic"
    return NotFoundError(f"there is no profile '{name}'", hint)


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
    return _profile(path, name, parse_text(text, path))


def _profile(path: str, name: str, document: Mapping[str, Any]) -> Profile:
    def wrong(what: str, hint: str = "mend that line") -> InputError:
        return InputError(f"{path}: {what}", hint)

    def text(key: str) -> str:
        value = document.get(key, "")
        if not isinstance(value, str) or not value.isprintable():
            raise wrong(f"'{key}' has to be a text of printable characters")
        return value

    def day(key: str) -> date | None:
        value = document.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            raise wrong(f"'{key}' has to be a date such as 2027-02-01")
        return value

    if not text("provider"):
        raise wrong(
            "'provider' is missing", 'for example: provider = "anthropic"'
        )
    if text("expect") not in EXPECTATIONS:
        raise wrong("'expect' has to be api, subscription or cloud")
    refs = {
        key: _ref(path, key, value)
        for key, value in _table(document, "secrets", wrong).items()
    }
    return Profile(
        name=name,
        provider=text("provider"),
        label=text("label"),
        created=day("created"),
        expires=day("expires"),
        expect=text("expect"),
        **_folder(document, wrong),
        fields=MappingProxyType(_plain_fields(document, wrong)),
        secrets=MappingProxyType(refs),
    )


def _folder(document: Mapping[str, Any], wrong: Any) -> dict[str, Any]:
    """Return what is said of a configuration folder of its own."""
    isolated, shared = document.get("isolated", False), document.get("shared")
    if not isinstance(isolated, bool):
        raise wrong("'isolated' has to be true or false")
    if shared is None:
        return {"isolated": isolated}
    if not isinstance(shared, list) or not all(
        isinstance(s, str) and s.isprintable() for s in shared
    ):
        raise wrong("'shared' has to be a list such as ['commands', 'agents']")
    return {"isolated": isolated, "shared": tuple(map(str, shared))}


def _plain_fields(document: Mapping[str, Any], wrong: Any) -> dict[str, str]:
    fields = dict(_table(document, "fields", wrong))
    for key, value in fields.items():
        if not isinstance(value, str) or not value.isprintable():
            raise wrong(
                f"'fields.{key}' has to be a text of printable characters"
            )
    return fields


def _table(
    document: Mapping[str, Any], key: str, wrong: Any
) -> Mapping[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise wrong(f"[{key}] has to be a table")
    return value


def _ref(path: str, field: str, table: Any) -> SecretRef:
    where = f"{path}: [secrets.{field}]"
    if not isinstance(table, dict):
        raise InputError(
            f"{where} has to be a table",
            "a secret never stands in this file: keyswitch rotate stores one",
        )
    values = {k: table.get(k, _REF_DEFAULTS.get(k)) for k in _REF_KEYS}
    generation = values.pop("generation")
    if type(generation) is not int or generation < 1:
        raise InputError(
            f"{where}: 'generation' has to be a number from 1", "mend that line"
        )
    for key, value in values.items():
        if not isinstance(value, str) or not value.isprintable():
            raise InputError(
                f"{where}: '{key}' has to be a text", "mend that line"
            )
        if key in ("store", "item", "uri") and " " in value:
            raise InputError(
                f"{where}: '{key}' holds a space", "mend that line"
            )
    return SecretRef(generation=generation, **values)


def dumps_new(profile: Profile) -> str:
    """Return the text of a new profile file."""
    import tomlkit

    document = tomlkit.document()
    document["provider"] = profile.provider
    _put(document, profile)
    text = tomlkit.dumps(document)
    _prove(text, profile)
    return text


def edited(text: str, profile: Profile) -> str:
    """Return `text` changed so that it means `profile`.

    Comments, order, unknown keys, a byte order mark and the kind of line ends
    stay as they are.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    mark = "\ufeff" if text.startswith("\ufeff") else ""
    try:
        document = tomlkit.parse(text.removeprefix(mark))
        _put(document, profile)
        after = mark + tomlkit.dumps(document)
    except TOMLKitError as e:
        raise _cannot_edit(profile.name) from e
    if "\r\n" in text:
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    _prove(after, profile)
    return after


def _put(document: Any, profile: Profile) -> None:
    """Set every value that differs; take away what is not wanted."""
    import tomlkit

    wanted = _plain(profile)
    for key in (
        "provider",
        "label",
        "created",
        "expires",
        "expect",
        "isolated",
        "shared",
    ):
        _set(document, key, wanted.get(key))
    for section in ("fields", "secrets"):
        values = wanted.get(section, {})
        table = document.get(section)
        if table is None:
            if not values:
                continue
            table = tomlkit.table(is_super_table=section == "secrets")
            document.append(section, table)
            table = document[section]
        for key in [k for k in table if k not in values]:
            del table[key]
        for key, value in values.items():
            if isinstance(value, dict):
                if key not in table:
                    table.append(key, tomlkit.table())
                for name, part in value.items():
                    _set(table[key], name, part)
            else:
                _set(table, key, value)


def _set(table: Any, key: str, value: object) -> None:
    if value in (None, ""):
        if key in table:
            del table[key]
    elif key not in table or table[key] != value:
        table[key] = value


def _plain(profile: Profile) -> dict[str, Any]:
    """Return a profile as the document that its file has to mean."""
    document: dict[str, Any] = {
        "provider": profile.provider,
        "label": profile.label,
        "created": profile.created,
        "expires": profile.expires,
        "expect": profile.expect,
        "isolated": profile.isolated or None,
        "shared": None if profile.shared is None else list(profile.shared),
        "fields": dict(profile.fields),
        "secrets": {
            field: {
                key: getattr(ref, key)
                for key in _REF_KEYS
                if getattr(ref, key) != ""
            }
            for field, ref in profile.secrets.items()
        },
    }
    return {k: v for k, v in document.items() if v not in (None, "", {})}


def _prove(text: str, profile: Profile) -> None:
    """Raise unless the text means the profile, and nothing of it was lost."""
    try:
        found = parse(text, profile.name + ".toml")
    except InputError as e:
        raise _cannot_edit(profile.name) from e
    if _plain(found) != _plain(profile) or len(text.encode()) > PROFILE_LIMIT:
        raise _cannot_edit(profile.name)


def _cannot_edit(name: str) -> InputError:
    return InputError(
        f"the file of profile '{name}' cannot be edited without changing its "
        "meaning",
        f"edit it yourself: keyswitch edit {name}",
    )
