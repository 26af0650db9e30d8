"""Profile files: TOML that a person may edit and commit to a repository.

Writing edits the text with tomlkit, so that comments and order stay, and
proves by reading it that the new text means exactly what was wanted, before
anybody writes it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keyswitch.disk.atomic import read_regular
from keyswitch.errors import InputError, KeyswitchError, NotFoundError
from keyswitch.profiles.names import check_name, nearest
from keyswitch.profiles.profile_document import REF_KEYS, profile_of
from keyswitch.profiles.toml_text import parse_bytes, parse_text

if TYPE_CHECKING:
    from keyswitch.model import Profile
    from keyswitch.profiles.paths import Paths

PROFILE_LIMIT = 64 * 1024  # bytes, checked before parsing
_PLAIN_KEYS = (
    *("provider", "label", "created", "expires", "expect"),
    *("isolated", "shared", "only", "never"),
)


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
    data = read_regular(path, PROFILE_LIMIT, ours=True)
    if data is None:
        raise missing(paths, name)
    return profile_of(path, name, parse_bytes(data, path)), data


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


def texts_of_people(paths: Paths) -> list[str]:
    """Return the files that people write: settings, profiles, providers."""
    found = [paths.config_file]
    for folder in (paths.profiles_dir, paths.providers_dir):
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        found += [os.path.join(folder, n) for n in names if n.endswith(".toml")]
    return found


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
    for key in _PLAIN_KEYS:
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
        **{key: getattr(profile, key) for key in _PLAIN_KEYS},
        "isolated": profile.isolated or None,
        "shared": None if profile.shared is None else list(profile.shared),
        "only": list(profile.only) or None,
        "never": list(profile.never) or None,
        "fields": dict(profile.fields),
        "secrets": {
            field: {
                key: getattr(ref, key)
                for key in REF_KEYS
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
