"""Secrets in plain text in commands and in the settings of servers.

Helpers, hooks, the status line, MCP servers' `env`, `headers` and `args`, and
any other text of a settings file, `.claude.json` or `.mcp.json`. A secret is
recognised by its shape, or by the name of the option, variable or header that
it is the value of. Pure: bytes in, places out.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

from keyswitch.display import secrets_in
from keyswitch.errors import KeyswitchError
from keyswitch.model import Frozen
from keyswitch.targets.claude_code.repository import root_of
from keyswitch.targets.claude_code.rules import (
    APPROVED,
    AWS_EXPORT,
    CONSOLE_KEY,
    HELPER,
    LOGIN,
    REJECTED,
    SECRET_VARIABLES,
)
from keyswitch.targets.claude_code.settings.wanted import ENV
from keyswitch.targets.json_text import JsonText, number

_MCP_FILE = ".mcp.json"
_DEPTH = 40  # nobody nests settings deeper

# Found by other code, or no whole secret.
_KNOWN = (
    (LOGIN,),
    (CONSOLE_KEY,),
    APPROVED,
    REJECTED,
    *((ENV, name) for name in SECRET_VARIABLES),
)
# These may be removed whole, as may members of `env` and `headers`. A hook or
# an argument may be needed without the secret: a person has to edit it.
_WHOLE = (HELPER, AWS_EXPORT)
_MEMBERS = ("env", "headers")
# What is run, or was: a rule repeats the command that it allows.
_COMMANDS = (
    "command", "args", "allow", "ask", "deny", "otelHeadersHelper",
    "headersHelper", "awsAuthRefresh", "gcpAuthRefresh", *_WHOLE,
)  # fmt: skip

_MAY_GIVE = frozenset({*_COMMANDS, *_MEMBERS})

_NAMES_A_SECRET = (
    r"(?i)(?:.*[_-])?(?:key|token|secret|password|passwd|passphrase|pat|cookie"
    r"|authorization|auth|credentials?|bearer|jwt)|.*(?:token|apikey|password)"
)
# Behind a word that says so: no file, no variable, no command.
_GIVEN = re.compile(
    r"(?:\bbearer\s+|(?:key|token|secret|password)[\"']?\s*[=:\s]\s*[\"']?)"
    r"(?P<value>[\w.~+=-]*\d[\w.~+/=-]*)",
    re.IGNORECASE | re.ASCII,
)
# Other ways to give one: AWS's own keys have slashes, curl's user a colon.
_OF_AWS = re.compile(
    r"secret_?access_?key[\s\"':=]+(?P<value>[\w/+]{40})(?![\w/+])",
    re.IGNORECASE | re.ASCII,
)
_OF_CURL = re.compile(
    r"\s(?:-\w*u|--user)[\s=]*[\"']?[\w.@-]+:(?P<value>[^\s\"']+)", re.ASCII
)
# What a helper prints that does nothing else is a secret of whatever shape.
_PRINTED = (
    r"(?a)(?:echo|printf)\s+(?:[\"']?[-%]\S*\s+)?"
    r"[\"']?(?P<value>[\w.~+=-]+)[\"']?"
)
# In an address: a password, or the value of a parameter.
_PASSWORD = r"://[^/\s:@?#]*:(?P<value>[^/\s:@]{8,})@"
_USER = r"(?a)://(?P<value>[\w-]*\d[\w-]*)@"
_PARAMETER = r"(?a)[?&;](?P<name>[\w-]+)=(?P<value>[^\s&;#\"']+)"
_SHORTEST = 16  # characters of a value that has no known shape
_FILLED_IN = r"\$|\{\{|<"


def mcp_files(cwd: str, home: str) -> list[str]:
    """Return where a directory's MCP servers are named."""
    folders = dict.fromkeys((cwd, root_of(cwd, home)))
    return [os.path.join(folder, _MCP_FILE) for folder in folders]


class Literal(Frozen):
    """One secret in one text of a JSON file."""

    keys: tuple[str, ...]  # indexes of arrays as texts
    secret: str
    line: int
    removable: bool  # the member may go as a whole

    @property
    def place(self) -> str:
        """Return the keys as one word."""
        return ".".join(self.keys)


def find(path: str, data: bytes | None) -> list[Literal]:
    """Return the secrets in a file's texts, in their order."""
    if not data or not data.strip():
        return []
    text = data.decode("utf-8", "replace")
    try:
        text = JsonText.of(path, data).text
        document = json.loads(text.removeprefix("\ufeff"), parse_int=number)
    except (KeyswitchError, ValueError, RecursionError):
        # Claude Code does not read it; it is as plain as before.
        return in_text(text)
    return list(_in(document, (), text))


def _in(value: Any, keys: tuple[str, ...], text: str) -> Iterator[Literal]:
    if keys in _KNOWN or len(keys) > _DEPTH:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            if _may_hold_one(inner):
                yield from _in(inner, (*keys, name), text)
    elif isinstance(value, list):
        yield from _in_list(value, keys, text)
    elif isinstance(value, str):
        named = len(keys) > 1 and keys[-2] in _MEMBERS
        found = secrets_in(value)
        if named and not found:
            found = _of_a_name(keys[-1], value)
        # Or the rest of it may be needed: a proxy, for one.
        whole = keys in [(name,) for name in _WHOLE] or (named and bool(found))
        for secret in found or _given(value, keys) or _in_addresses(value):
            yield _literal(keys, secret, text, whole=whole)


def _in_list(
    value: list[Any], keys: tuple[str, ...], text: str
) -> Iterator[Literal]:
    for index, inner in enumerate(value):
        if not _may_hold_one(inner):
            continue
        at = (*keys, str(index))
        option = value[index - 1] if index else None
        if (
            isinstance(option, str)
            and option.startswith("-")  # `--api-key`, and its value
            and isinstance(inner, str)
            and not secrets_in(inner)
        ):
            for secret in _of_a_name(option.strip("-"), inner):
                yield _literal(at, secret, text, whole=False)
        for one in _in(inner, at, text):
            # Only members of objects have a key to be removed by.
            yield one._replace(removable=False)


def _may_hold_one(value: Any) -> bool:
    """Tell whether a value is long enough; `.claude.json` can be 100 MB."""
    if isinstance(value, str):
        return len(value) >= _SHORTEST
    return bool(value) and isinstance(value, (dict, list))


def _of_a_name(name: str, value: str) -> list[str]:
    """Return the value of a variable or header that is named like a secret."""
    value = value.strip()
    if not re.fullmatch(_NAMES_A_SECRET, name) or re.search(_FILLED_IN, value):
        return []
    word = value.split()[-1] if value else ""
    if len(word) < _SHORTEST or word.startswith(("/", "~", ".", "http")):
        return []  # a place, an address, or a word that only sets something
    return [word]


def _given(value: str, keys: tuple[str, ...]) -> list[str]:
    """Return what a command gives by `--token ...`, `Bearer ...` or `KEY=`."""
    if _MAY_GIVE.isdisjoint(keys):
        return []
    found = [
        match["value"]
        for form in (_GIVEN, _OF_AWS, _OF_CURL)
        for match in form.finditer(value)
    ]
    if keys[-1] in _WHOLE and (match := re.fullmatch(_PRINTED, value.strip())):
        found.append(match["value"])
    return [
        word
        for word in dict.fromkeys(found)
        if len(word) >= _SHORTEST and not re.search(_FILLED_IN, word)
    ]


def _in_addresses(value: str) -> list[str]:
    """Return the passwords and credentials in addresses of a text."""
    if "://" not in value:
        return []
    found = [match["value"] for match in re.finditer(_PASSWORD, value)]
    found += [
        match["value"]
        for match in re.finditer(_USER, value)
        if len(match["value"]) >= _SHORTEST
    ]
    found += [
        match["value"]
        for match in re.finditer(_PARAMETER, value)
        if re.fullmatch(_NAMES_A_SECRET, match["name"])
        and len(match["value"]) >= _SHORTEST
    ]
    return [word for word in found if not re.search(_FILLED_IN, word)]


def in_text(text: str) -> list[Literal]:
    """Return the secrets of a known shape in a text of any form."""
    return [_literal((), s, text, whole=False) for s in secrets_in(text)]


def _literal(
    keys: tuple[str, ...], secret: str, text: str, *, whole: bool
) -> Literal:
    at = text.find(secret)
    line = text.count("\n", 0, at) + 1 if at >= 0 else 0
    return Literal(keys, secret, line, whole)
