"""What is known of one manager: a row of the table, as its file says it.

Rows that keyswitch brings lie in `built_in/`, one TOML file each. A person's
own row has the same keys, in `[managers.NAME]` of config.toml.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from keyswitch.errors import InputError
from keyswitch.model import Frozen
from keyswitch.profiles.names import did_you_mean

# A word of a command, or words that are left out together where a part that
# they name is empty.
Words = tuple[str | tuple[str, ...], ...]

LONGEST_DEADLINE = 600.0  # seconds
LONGEST_LIFETIME = 86_400  # seconds that a value may be kept
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# How much of an output is the value.
VALUES = ("whole", "first line", "only line")
# How a value is written: as it is, as one line with its end, or as JSON.
WRITTEN = ("value", "line", "json")

_NONE: Mapping[str, Any] = MappingProxyType({})


class Texts(Frozen):
    """Regular expressions of what a manager says, in whatever case."""

    missing: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()


class Manager(Frozen):
    """One manager: how it is asked, and what its answers mean."""

    name: str
    title: str
    form: str  # of its references, for people
    example: str
    pattern: str  # the same as a regular expression; groups are the parts
    command: Words = ()  # with {part}; empty: the programs of [exec]
    write: Words = ()  # takes the value on its stdin
    create: Words = ()  # the same, where there is no item yet
    whole: Words = ()  # gives the document of which a part is to be written
    written: str = "value"  # how it takes that: one of WRITTEN
    probe: Words = ()  # asks whether it would answer, and changes nothing
    defaults: Mapping[str, str] = _NONE  # of parts that are left out
    environment: tuple[str, ...] = ()  # let through; a name may end with *
    options: tuple[str, ...] = ()  # further keys of its table in config.toml
    fixed: Mapping[str, str] = _NONE  # variables that are always so
    file: str = ""  # has to be there, or nothing is asked
    folder: tuple[str, ...] = ()  # of `file`: a variable that names it, a path
    value: str = VALUES[0]
    nothing: str = ""  # what it prints where there is no text
    texts: Texts = Texts()
    deadline: float = 30.0  # seconds
    lifetime: int = 0  # seconds that a value is kept; 0: as any other
    rotate: str = ""  # where a person changes the secret
    sign_in: str = ""  # what mends "locked"
    install: str = ""
    program: str = ""  # in place of the first word of its commands
    own: bool = False  # a row of the person's own
    settings: Mapping[str, Any] = _NONE  # its table in config.toml
    programs: Mapping[str, tuple[str, ...]] = _NONE  # of [exec]

    @property
    def runs_own_command(self) -> bool:
        """Tell whether config.toml says which program is started."""
        return self.own or bool(self.program) or not self.command


_TEXT_KEYS = ("title", "form", "example", "pattern", "file", "value", "nothing")
_WORDS_FOR_PEOPLE = ("rotate", "sign_in", "install")
_LISTS = ("environment", "folder", "options")
_COMMANDS = ("command", "write", "create", "whole", "probe")
_TABLES = ("defaults", "fixed")
# What a person may say of a manager that keyswitch brings.
_CHOICES = ("deadline", "lifetime", "environment", "program")
_BROUGHT_ONLY = ("whole", "options")  # of a manager that keyswitch brings
_OWN_KEYS = {
    *_TEXT_KEYS,
    *_WORDS_FOR_PEOPLE,
    *(key for key in (*_LISTS, *_COMMANDS) if key not in _BROUGHT_ONLY),
    *_TABLES,
    "texts",
    "written",
    "deadline",
    "lifetime",
}


def brought(name: str, path: str, table: Mapping[str, Any]) -> Manager:
    """Return the manager of one of keyswitch's own files."""
    return _checked(_Row(path, table).manager(name), path)


def chosen(manager: Manager, place: str, table: Mapping[str, Any]) -> Manager:
    """Return a manager as a person's table wants it.

    Its `options`, such as an address, are for whoever asks the manager.
    """
    named = {n for way in commands_of(manager) for n in placeholders(way)}
    known = {*_CHOICES, *manager.options, *named - {"reference"}}
    for key in table.keys() - known:
        listed = f"valid keys are {', '.join(sorted(known))}"
        raise InputError(
            f"{place}: unknown key '{key}'",
            did_you_mean(key, sorted(known), listed),
        )
    row = _Row(place, table)
    found = row.some_of(_CHOICES)
    names = (*manager.environment, *found.pop("environment", ()))
    if "program" in found:
        _require_program(place, found["program"])
    row.require_texts(named)
    return manager._replace(settings=table, environment=names, **found)


def own(name: str, place: str, table: Mapping[str, Any]) -> Manager:
    """Return a manager of the person's own."""
    for key in table:
        if key not in _OWN_KEYS:
            raise InputError(
                f"{place}: unknown key '{key}'",
                f"valid keys are {', '.join(sorted(_OWN_KEYS))}",
            )
    if not table.get("command"):
        raise InputError(
            f"{place}: unknown manager '{name}', and it has no 'command'",
            'for example: command = ["corp-secrets", "get", "{path}"]',
        )
    usual = {
        "title": name,
        "form": f"{name}:PATH",
        "example": f"{name}:ai/claude",
        "pattern": f"{re.escape(name)}:(?P<path>.+)",
    }
    found = _Row(place, {**usual, **table}).manager(name)
    _require_program(place, str(found.command[0]))
    return _checked(found._replace(own=True, settings=table), place)


def _require_program(place: str, program: str) -> None:
    """Refuse what would be another file in another directory."""
    if not program or "{" in program or program.startswith("-"):
        raise InputError(
            f"{place}: '{program}' is not a program",
            "the first word must be its name or path",
        )
    if "/" in program and not program.startswith(("/", "~/")):
        raise InputError(
            f"{place}: the path of '{program}' is relative",
            "use a path that starts with /, or a name on PATH",
        )


def _checked(manager: Manager, place: str) -> Manager:
    """Return a row whose commands name only what there is."""
    try:
        with warnings.catch_warnings(action="ignore"):
            groups = re.compile(manager.pattern).groupindex
            for text in (t for texts in manager.texts for t in texts):
                re.compile(text)
    except (re.error, OverflowError, RecursionError) as e:
        raise InputError(
            f"{place}: invalid regular expression: {e}", "fix that table"
        ) from e
    if not manager.own:
        return manager
    known = {*groups, *manager.defaults, "reference"}
    for command in commands_of(manager):
        unknown = placeholders(command) - known
        if unknown:
            raise InputError(
                f"{place}: {{{min(unknown)}}} is not in 'pattern'",
                f"valid parts are {', '.join(sorted(known))}",
            )
    return manager


def commands_of(manager: Manager) -> list[Words]:
    """Return each way in which a manager's tool is started."""
    return [way for key in _COMMANDS if (way := getattr(manager, key))]


def placeholders(command: Words) -> set[str]:
    """Return the parts that a command's words name."""
    groups = ([one] if isinstance(one, str) else one for one in command)
    return {
        name
        for group in groups
        for word in group
        for name in PLACEHOLDER.findall(word)
    }


def filled(text: str, parts: Mapping[str, str]) -> str:
    """Return a text with its placeholders replaced, each once."""
    return PLACEHOLDER.sub(lambda found: parts.get(found[1], ""), text)


class _Row:
    """Takes checked values out of one table."""

    def __init__(self, place: str, table: Mapping[str, Any]) -> None:
        self._place = place
        self._table = table

    def manager(self, name: str) -> Manager:
        keys = [k for k in self._table if k in {*_OWN_KEYS, *_BROUGHT_ONLY}]
        return Manager(name, **self.some_of(keys))

    def some_of(self, keys: list[str] | tuple[str, ...]) -> dict[str, Any]:
        return {key: self._value(key) for key in keys if key in self._table}

    def require_texts(self, keys: set[str]) -> None:
        """Raise unless each of these is a text, where it is there."""
        for key in keys & self._table.keys():
            self._text(key, self._table[key])

    def _value(self, key: str) -> Any:
        value = self._table[key]
        if key == "deadline":
            return self._number(key, value, LONGEST_DEADLINE)
        if key == "lifetime":
            return int(self._number(key, value, LONGEST_LIFETIME))
        if key in _LISTS:
            return self._texts(key, value)
        if key in _COMMANDS:
            return self._words(key, value)
        if key in _TABLES:
            return self._table_of_texts(key, value)
        if key == "texts":
            return self._answers(value)
        for one, choices in ("value", VALUES), ("written", WRITTEN):
            if key == one and value not in choices:
                raise self._wrong(key, f"one of {', '.join(choices)}")
        return self._text(key, value)

    def _wrong(self, key: str, wanted: str) -> InputError:
        return InputError(
            f"{self._place}: '{key}' must be {wanted}", "fix that table"
        )

    def _text(self, key: str, value: object) -> str:
        if not isinstance(value, str) or "\0" in value:
            raise self._wrong(key, "a string")
        return value

    def _texts(self, key: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise self._wrong(key, "a list of strings")
        return tuple(self._text(key, one) for one in value)

    def _number(self, key: str, value: object, highest: float) -> float:
        if type(value) not in (int, float) or not 0 < value <= highest:  # type: ignore[operator]
            raise self._wrong(key, f"a number of seconds up to {highest:g}")
        return float(value)  # type: ignore[arg-type]

    def _words(self, key: str, value: object) -> Words:
        if not isinstance(value, list) or not value:
            raise self._wrong(key, "a list of words")
        found = tuple(
            self._texts(key, one)
            if isinstance(one, list)
            else self._text(key, one)
            for one in value
        )
        if not isinstance(found[0], str):
            raise self._wrong(key, "a list that starts with the program")
        return found

    def _table_of_texts(self, key: str, value: object) -> Mapping[str, str]:
        if not isinstance(value, dict):
            raise self._wrong(key, "a table of strings")
        return {name: self._text(key, text) for name, text in value.items()}

    def _answers(self, value: object) -> Texts:
        if not isinstance(value, dict) or value.keys() - {*Texts._fields}:
            raise self._wrong("texts", f"a table of {', '.join(Texts._fields)}")
        return Texts(
            **{name: self._texts(name, one) for name, one in value.items()}
        )
