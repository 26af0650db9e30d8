"""TOML text from a file, bounded before it is parsed.

`tomllib` is quadratic in the number of dots of one key (64 KiB of dots take
20 s), so long lines and long keys are refused first.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from keyswitch.disk.atomic import read_regular
from keyswitch.errors import InputError

# Of each key, whether its value is right, and in words what it has to be.
Kinds = Mapping[str, tuple[Callable[[Any], bool], str]]

MAX_LINE = 8 * 1024  # bytes
MAX_DOTS = 32  # in one key

# A line as keyswitch writes it, and a person's own line of a comment.
_LINE = re.compile(
    r"""\[(?P<table>[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)?)\]
    | (?P<key>[A-Za-z0-9_-]+)\ =\ (?:
        "(?P<text>[^"\\\x00-\x1f\x7f]*)" | (?P<value>.+))
    | (?:\#[^\x00-\x1f\x7f]*)?""",
    re.VERBOSE,
)
# What a value is made of. It means the same in JSON, apart from a key and from
# a comma behind the last value of a list. A line ends where a value follows.
_TOKEN = re.compile(
    r"""(?P<key>[A-Za-z0-9_-]+)\ =\ |
    (?P<last>(?<=["\]}0-9e]),(?=\s*\])) |
    (?<=[\[,])\n(?![ ]*[A-Za-z0-9_-]+\ =) |
    "(?:[^"\\\x00-\x1f\x7f]|\\["\\])*" |
    [1-9][0-9]{0,8} | true | false | [\[\]{},\ ]""",
    re.VERBOSE,
)
_SMALL = MAX_LINE // 4  # characters, of four bytes at most
_POSITION = r"\s*\(at line (\d+), column (\d+)\)"
_HINT = "fix that line; the other files are not affected"


def parse_toml(
    path: str, limit: int, *, ours: bool = False
) -> dict[str, Any] | None:
    """Return the document of a file, or None if there is no such file."""
    data = read_regular(path, limit, ours=ours)
    return None if data is None else parse_bytes(data, path)


def parse_bytes(data: bytes, path: str) -> dict[str, Any]:
    """Parse bytes that came from `path`."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        column = e.start - data.rfind(b"\n", 0, e.start)
        raise InputError(
            f"{path}:{line}:{column}: not valid UTF-8", _HINT
        ) from e
    return parse_text(text, path)


def parse_text(text: str, path: str) -> dict[str, Any]:
    """Parse text that came from `path`; a byte order mark is passed over."""
    text = text.removeprefix("\ufeff")
    lines = text.split("\n")
    if max(map(len, lines)) <= _SMALL:
        with contextlib.suppress(ValueError, RecursionError):
            return _plain(lines)
    import tomllib  # not at the top: seldom needed, and pure Python

    for number, line in enumerate(lines, 1):
        what = ""
        if len(line.encode("utf-8", "replace")) > MAX_LINE:
            what = f"the line is longer than {MAX_LINE} bytes"
        elif line.partition("=")[0].count(".") > MAX_DOTS:
            what = f"the key has more than {MAX_DOTS} dots"
        if what:
            raise InputError(f"{path}:{number}:1: {what}", _HINT)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise InputError(_located(path, text, str(e)), _HINT) from e
    except (RecursionError, ValueError) as e:
        # Deep nesting, and integers beyond Python's limit of digits.
        raise InputError(f"{path}:1:1: invalid TOML", _HINT) from e


def _plain(lines: list[str]) -> dict[str, Any]:
    """Return the document of lines of a simple form, at once.

    ValueError stands for any other form, and for every error: there `tomllib`
    takes its time.
    """
    document: dict[str, Any] = {}
    table, headed = document, set()  # names of tables with a heading
    rest = iter(lines)
    for line in rest:
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(line)
        heading, key, text, value = found.groups()
        if heading:
            outer, _, name = heading.rpartition(".")
            if outer in document and outer not in headed:
                raise ValueError(line)
            headed.add(outer or name)
            parent = document.setdefault(outer, {}) if outer else document
            if name in parent:
                raise ValueError(line)
            table = parent[name] = {}
        elif key:
            if key in table:
                raise ValueError(line)
            table[key] = text if value is None else _value(value, rest)
    return document


def _value(text: str, rest: Iterator[str]) -> Any:
    """Return what a value means that is a day, or has the tokens of JSON.

    A list goes on in the rest of the lines.
    """
    while text.startswith("[") and not text.endswith("]"):
        text += "\n" + next(rest, "?]")  # without an end: no value
    # Without patterns, which take a part of a command's start to be compiled.
    if text.isdecimal() and text.isascii() and text[0] != "0":
        return int(text)
    if len(text) == 10 and text[:4].isdecimal() and text[4] == "-":
        return date.fromisoformat(text)
    parts, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(text)
        key = found["key"]
        parts.append(f'"{key}":' if key else "" if found["last"] else found[0])
        at = found.end()
    return json.loads("".join(parts), object_pairs_hook=_table)


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError(pairs)
    return found


def checked_values(
    place: str, table: Mapping[str, Any], kinds: Kinds
) -> dict[str, Any]:
    """Return the values of those keys that are there, or say what is wrong."""
    found = {}
    for key, (is_right, words) in kinds.items():
        if key in table:
            found[key] = value = table[key]
            if not is_right(value):
                raise InputError(
                    f"{place}: '{key}' must be {words}", "fix that line"
                )
    return found


def _located(path: str, text: str, message: str) -> str:
    """Put the place first: file:line:column: what is wrong.

    The parser's words name keys and single characters, never a value.
    """
    match = re.search(_POSITION, message)
    if match:
        place = f"{match[1]}:{match[2]}"
    else:
        place = f"{text.count(chr(10)) + 1}:1"
    words = re.sub(_POSITION, "", message).replace(" (at end of document)", "")
    return f"{path}:{place}: {words[:1].lower()}{words[1:]}"
