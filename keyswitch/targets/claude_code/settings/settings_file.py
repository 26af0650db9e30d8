"""A settings file as Claude Code reads it: all of it, or nothing.

Observed, Claude Code 2.1.330: a byte order mark is skipped, comments are not;
one known key of a wrong type drops the whole file. Little-endian UTF-16 with
its mark counts, big-endian does not.
"""

from __future__ import annotations

import codecs
import json
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from keyswitch.targets import json_text
from keyswitch.targets.claude_code import javascript
from keyswitch.targets.claude_code.settings.settings_types import wrong_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

MANAGED = "managed"

# An organisation that Claude Code cannot read is demanded all the same, and
# nobody belongs to it.
NOBODY = "(unreadable)"


_EMPTY: Mapping[str, Any] = MappingProxyType({})

_DEPTH = 100  # of the values that are looked at
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{}\]]', re.DOTALL)


class SettingsFile(NamedTuple):
    """One level's settings. `env` holds what would be set, as text."""

    level: str
    path: str = ""  # "" for text on the command line
    text: str = ""  # to find lines in
    env: Mapping[str, str] = _EMPTY
    document: Mapping[str, Any] = _EMPTY
    problem: str = ""  # why Claude Code ignores it; "" if it does not
    fatal: bool = False  # Claude Code does not start because of it

    def __repr__(self) -> str:
        return f"SettingsFile({self.level}, {self.path}, {self.problem!r})"

    def command(self, key: str) -> str | None:
        """Return a key that holds a shell command; None if it is not there."""
        value = self.document.get(key)
        return value if isinstance(value, str) else None

    def place(self, *keys: str) -> str:
        """Return the file and the line on which a member stands."""
        if not self.path:
            return "the text after --settings"
        line = line_of(self.text, *keys)
        return f"{self.path}:{line}" if line else self.path


def parse(data: bytes, level: str, path: str) -> SettingsFile:
    """Return a file's settings, or the reason why they do not count.

    One value of a wrong type is enough for that; in a managed file only the
    entry is left out. An empty file says nothing.
    """
    encoding = "utf-16-le" if data.startswith(codecs.BOM_UTF16_LE) else "utf-8"
    text = data.decode(encoding, "replace").removeprefix("\ufeff")
    if not text.strip():
        return SettingsFile(level, path, text)
    try:
        document = loads(text)
    except (ValueError, RecursionError) as e:
        return SettingsFile(level, path, text, problem=_why(e))
    if not isinstance(document, dict):
        return SettingsFile(level, path, text, problem="not a JSON object")
    wrong = wrong_keys(document)
    if wrong and level != MANAGED:
        problem = f"the value of '{wrong[0]}' has a wrong type"
        return SettingsFile(level, path, text, problem=problem)
    kept = {k: v for k, v in document.items() if k not in wrong}
    if "forceLoginOrgUUID" in wrong:
        kept["forceLoginOrgUUID"] = NOBODY
    env = {
        k: as_text(v)
        for k, v in kept.get("env", {}).items()
        if not isinstance(v, dict | list)
    }
    return SettingsFile(level, path, text, env, kept)


def loads(text: str) -> Any:
    """Parse JSON as JavaScript does: no NaN, numbers of any length, any depth.

    Python gives up some hundred levels down, where no setting is: what lies
    deeper is left out.
    """
    try:
        return _loads(text)
    except RecursionError:
        return _loads(_without_depths(text))


def _loads(text: str) -> Any:
    return json.loads(
        text, parse_constant=_no_constant, parse_int=json_text.number
    )


def _without_depths(text: str) -> str:
    """Return a JSON text with null for each value that is nested too deeply."""
    kept, depth, at = [], 0, 0
    for found in _STRING_OR_BRACKET.finditer(text):
        bracket = found[0]
        if bracket in ("[", "{"):
            depth += 1
            if depth == _DEPTH:
                kept += [text[at : found.start()], "null"]
        elif bracket in ("]", "}"):
            depth -= 1
            if depth == _DEPTH - 1:
                at = found.end()
    return "".join(kept) + text[at:]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON in line {error.lineno}: {error.msg.lower()}"
    return "not valid JSON"


def as_text(value: Any) -> str:
    """Return a value of an `env` block as the variable that it becomes.

    Observed: a number becomes its text and null the word "null".
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return javascript.number(value)
    return json.dumps(value)


def line_of(text: str, *keys: str) -> int:
    """Return the line, from 1, on which a member's name stands; 0: unknown."""
    at = 0
    for key in keys:
        found = text.find(f"{json.dumps(key)}", at)
        if found < 0:
            return 0
        at = found
    return text.count("\n", 0, at) + 1
