"""A settings file as Claude Code reads it: all of it, or nothing.

Observed, Claude Code 2.1.330: a byte order mark is skipped, comments are not;
one known key of a wrong type drops the whole file without a word.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NoReturn

# Keys whose type was observed to matter.
_TEXT = (
    "apiKeyHelper",
    "awsAuthRefresh",
    "awsCredentialExport",
    "forceLoginMethod",
    "model",
)
_TABLES = ("env", "hooks", "permissions")


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """One level's settings. `env` holds what would be set, as text."""

    level: str
    path: str = ""  # "" for text on the command line
    text: str = field(default="", repr=False)  # to find lines in
    env: dict[str, str] = field(default_factory=dict, repr=False)
    document: dict[str, Any] = field(default_factory=dict, repr=False)
    problem: str = ""  # why Claude Code ignores it; "" if it does not

    def command(self, key: str) -> str | None:
        """Return a key that holds a shell command; None if it is not there."""
        value = self.document.get(key)
        return value if isinstance(value, str) else None


def parse(data: bytes, level: str, path: str) -> SettingsFile:
    """Return a file's settings, or the reason why they do not count."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        document = loads(text)
    except (ValueError, RecursionError) as e:
        return SettingsFile(level, path, text, problem=_why(e))
    problem = _wrong_type(document)
    if problem:
        return SettingsFile(level, path, text, problem=problem)
    env = {k: as_text(v) for k, v in (document.get("env") or {}).items()}
    return SettingsFile(level, path, text, env, document)


def loads(text: str) -> Any:
    """Parse JSON as JavaScript does, which knows no NaN or Infinity."""
    return json.loads(text, parse_constant=_no_constant)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON in line {error.lineno}: {error.msg.lower()}"
    return "not valid JSON"


def _wrong_type(document: Any) -> str:
    if not isinstance(document, dict):
        return "not a JSON object"
    for key in _TEXT:
        if key in document and not isinstance(document[key], str):
            return f"'{key}' is not a text"
    for key in _TABLES:
        if key in document and not isinstance(document[key], dict):
            return f"'{key}' is not an object"
    for name, value in document.get("env", {}).items():
        if isinstance(value, dict | list):
            return f"env.{name} is not a text"
    return ""


def as_text(value: Any) -> str:
    """Return a value of an `env` block as the variable that it becomes.

    Observed: a number becomes its text and null the word "null".
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
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
