"""The providers, built-in and a person's own: which there are, and their files.

The person's own file of a provider's name replaces the built-in one. What is
wrong with a file is said exactly.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from keyswitch.disk.atomic import names_in
from keyswitch.errors import InputError, NotFoundError
from keyswitch.profiles.names import did_you_mean
from keyswitch.profiles.paths import Paths
from keyswitch.profiles.toml_text import parse_toml
from keyswitch.providers.schema import ClaudeCode, Ignored, Provider
from keyswitch.providers.shapes import Field, Length, Refusal

PROVIDER_LIMIT = 64 * 1024  # bytes of a provider file
BUILT_IN = os.path.join(os.path.dirname(__file__), "built_in")

# How Claude Code takes a credential.
HOWS = ("helper", "cloud", "environment", "login", "none")


def _of_type(kind: type, names: str) -> dict[str, type]:
    return dict.fromkeys(names.split(), kind)


_PLAIN_KEYS = {
    **_of_type(str, "title bill help_url revoke_url setup not_addable"),
    "expiry_days": int,
}
_PROVIDER_KEYS = {
    **_PLAIN_KEYS,
    "family": str,
    **_of_type(list, "hosts rivals"),
    **_of_type(
        dict, "constants groups fields claude_code verify ignored trace"
    ),
    "team": str,  # whose file it came from; `team` reads it
}
_FIELD_KEYS = {
    **_of_type(str, "title pattern default group help"),
    **_of_type(bool, "secret required free_text lines harmless"),
    **_of_type(list, "env prefixes refuse lengths"),
    "env_unless": dict,
}
_IGNORED_KEYS = _of_type(str, "program what fix when unless")
_CLAUDE_CODE_KEYS = {
    **_of_type(str, "how helper_field"),
    **_of_type(bool, "approve aws_export"),
    "env": dict,
}
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*|\{[a-z_]+\}"


class Catalogue:
    """The providers, read one by one when they are asked for.

    `own` is the person's folder; there are the built-in ones only without it.
    """

    def __init__(self, own: str = os.path.join(BUILT_IN, "none")) -> None:
        self.own = own
        self._read: dict[str, Provider] = {}

    def ids(self) -> list[str]:
        """Return the names of all providers."""
        return sorted(
            {
                name[:-5]
                for name in names_in(BUILT_IN) + names_in(self.own)
                if name.endswith(".toml") and not name.startswith(("_", "."))
            }
        )

    def readable(self) -> Iterator[Provider]:
        """Yield every provider but those whose file is broken."""
        for name in self.ids():
            with suppress(InputError):  # doctor names it
                yield self.get(name)

    def get(self, provider_id: str) -> Provider:
        """Return a provider, or say which one was probably meant."""
        if provider_id not in self._read:
            ids = self.ids()
            if provider_id not in ids:
                known = f"choose one of: {', '.join(ids)}"
                raise NotFoundError(
                    f"unknown provider '{provider_id}'",
                    did_you_mean(provider_id, ids, known),
                )
            self._read[provider_id] = read_provider(self.own, provider_id)
        return self._read[provider_id]

    def take(self, provider: Provider) -> None:
        """Let a provider count that a change is about to write."""
        self._read[provider.id] = provider

    def issuer_of(self, secret: str) -> Provider | None:
        """Return the provider whose keys begin most like this one."""
        fitting = [
            (len(start), name)
            for name in self.ids()
            for field in self.get(name).fields
            for start in (
                *field.prefixes,
                *(one.prefix for one in field.lengths),
            )
            if start and secret.startswith(start)
        ]
        longest = max(fitting, key=lambda found: found[0], default=None)
        return self.get(longest[1]) if longest else None


def load_catalogue(paths: Paths) -> Catalogue:
    """Return the catalogue; no file is read before a provider is wanted."""
    return Catalogue(paths.providers_dir)


def read_provider(own_folder: str, provider_id: str) -> Provider:
    """Read a provider that is known to exist in one of the two folders."""
    for folder in (own_folder, BUILT_IN):
        path = os.path.join(folder, provider_id + ".toml")
        document = parse_toml(path, PROVIDER_LIMIT, ours=folder == own_folder)
        if document is not None:
            found = provider_of(path, provider_id, document)
            return found._replace(own=folder == own_folder)
    raise InputError(
        f"the file of provider '{provider_id}' no longer exists",
        "see 'keyswitch providers'",
    )


def provider_of(
    path: str, provider_id: str, document: dict[str, Any]
) -> Provider:
    """Return the provider that a file's document means; raise InputError."""
    try:
        return _provider(path, provider_id, document)
    except (AttributeError, KeyError, TypeError) as e:
        raise InputError(
            f"{path}: a value has the wrong type or is missing",
            "fix that provider file",
        ) from e


@cache
def _families() -> dict[str, Any]:
    path = os.path.join(BUILT_IN, "_families.toml")
    return parse_toml(path, PROVIDER_LIMIT) or {}


class _Reader:
    """Takes typed values out of one table and names what is wrong."""

    def __init__(self, path: str, place: str, table: Mapping[str, Any]) -> None:
        self.path = path
        self.place = place
        self.table = table

    def wrong(self, text: str) -> InputError:
        where = f" in [{self.place}]" if self.place else ""
        return InputError(
            f"{self.path}{where}: {text}", "fix that provider file"
        )

    def checked(self, allowed: Mapping[str, type]) -> Mapping[str, Any]:
        for key, value in self.table.items():
            if key not in allowed:
                raise self.wrong(f"unknown key '{key}'")
            if type(value) is not allowed[key]:
                raise self.wrong(f"'{key}' has the wrong type")
        return self.table

    def strings(self, key: str) -> tuple[str, ...]:
        value = self.table.get(key, [])
        if not all(isinstance(item, str) for item in value):
            raise self.wrong(f"'{key}' must contain only strings")
        return tuple(value)

    def variables(self, key: str) -> tuple[str, ...]:
        names = self.strings(key)
        for name in names:
            if not re.fullmatch(_VARIABLE, name):
                raise self.wrong(f"'{key}' is not a variable name")
        return names

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        table = self.table.get(key, {})
        for name, value in table.items():
            if not re.fullmatch(_VARIABLE, name) or not isinstance(value, str):
                raise self.wrong(
                    f"'{key}' must have the form VARIABLE = \"text\""
                )
        return tuple(sorted(table.items()))


def _provider(
    path: str, provider_id: str, document: dict[str, Any]
) -> Provider:
    reader = _Reader(path, "", document)
    table = reader.checked(_PROVIDER_KEYS)
    family = table.get("family", "")
    if family and family not in _families():
        raise reader.wrong(f"unknown family '{family}'")
    of_family = _families().get(family, {})
    groups = table.get("groups", {})
    fields = [
        _field(path, name, entry)
        for name, entry in table.get("fields", {}).items()
    ]
    models = _models(of_family.get("models", {}), table.get("fields", {}))
    fields += [
        Field(name, "name of a model", env=(variable,), harmless=True)
        for name, variable in models.items()
    ]
    for found in fields:
        if found.group and found.group not in groups:
            raise reader.wrong(f"unknown group '{found.group}'")
    plain = {key: table[key] for key in _PLAIN_KEYS if key in table}
    return Provider(
        id=provider_id,
        **{"title": provider_id, **plain},
        fields=tuple(fields),
        rivals=tuple(
            sorted({*of_family.get("rivals", ()), *reader.variables("rivals")})
        ),
        constants=reader.pairs("constants"),
        group_constants=tuple(
            (name, _Reader(path, f"groups.{name}", entry).pairs("constants"))
            for name, entry in groups.items()
        ),
        groups=tuple(groups),
        claude_code=_claude_code(path, table.get("claude_code", {}), models),
        hosts=reader.strings("hosts"),
        ignored=_ignored(path, table.get("ignored", {})),
        verify=table.get("verify", {}),
        trace=reader.pairs("trace"),
    )


def _models(
    of_family: Mapping[str, str], own: Collection[str]
) -> dict[str, str]:
    """Return {field: variable} of a family's models; a file's own come first.

    The field of the default model is `model`, of others `models.opus` ...
    """
    names = {
        "model" if kind == "default" else f"models.{kind}": variable
        for kind, variable in of_family.items()
    }
    return {name: names[name] for name in names if name not in own}


def _field(path: str, name: str, entry: Any) -> Field:
    reader = _Reader(path, f"fields.{name}", entry)
    table = reader.checked(_FIELD_KEYS)
    lists: dict[str, Any] = {
        "env": reader.variables("env"),
        "env_unless": reader.pairs("env_unless"),
        "prefixes": reader.strings("prefixes"),
        "refuse": tuple(_refusal(reader, e) for e in table.get("refuse", [])),
        "lengths": tuple(_length(reader, e) for e in table.get("lengths", [])),
    }
    try:
        re.compile(table.get("pattern", ""))
    except (re.error, OverflowError, RecursionError):
        raise reader.wrong("'pattern' is not a regular expression") from None
    return Field(name, **{"title": name, **table, **lists})


def _refusal(reader: _Reader, entry: Mapping[str, Any]) -> Refusal:
    found = Refusal(entry["prefix"], entry["why"], entry.get("hint", ""))
    if not all(isinstance(text, str) for text in found):
        raise reader.wrong("'refuse' must contain only strings")
    return found


def _ignored(path: str, table: Mapping[str, Any]) -> tuple[Ignored, ...]:
    found = []
    for name, entry in table.items():
        reader = _Reader(path, f"ignored.{name}", entry)
        found.append(Ignored(**reader.checked(_IGNORED_KEYS)))
    return tuple(found)


def _length(reader: _Reader, entry: Mapping[str, Any]) -> Length:
    found = Length(entry["prefix"], entry["shortest"], entry["longest"])
    if [type(value) for value in found] != [str, int, int]:
        raise reader.wrong("'lengths' must contain a string and two numbers")
    return found


def _claude_code(
    path: str, table: dict[str, Any], models: Mapping[str, str]
) -> tuple[tuple[str, ClaudeCode], ...]:
    """Read [claude_code], or [claude_code.GROUP] for each alternative.

    `models` are the fields of a family that name models, with the variable
    of each.
    """
    if not table:
        return ()
    entries = {"": table} if "how" in table else table
    result = []
    for group, entry in entries.items():
        reader = _Reader(path, f"claude_code.{group}".rstrip("."), entry)
        if entry.get("how") not in HOWS:
            raise reader.wrong(f"'how' must be one of {', '.join(HOWS)}")
        plain = reader.checked(_CLAUDE_CODE_KEYS)
        filled = (
            (variable, f"{{{name}}}") for name, variable in models.items()
        )
        made = ClaudeCode(**{**plain, "env": (*filled, *reader.pairs("env"))})
        result.append((group, made))
    return tuple(result)
