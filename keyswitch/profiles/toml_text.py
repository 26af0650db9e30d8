"""TOML text from a file, bounded before it is parsed.

`tomllib` is quadratic in the number of dots of one key (64 KiB of dots take
20 s), so long lines and long keys are refused first.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from keyswitch.disk.atomic import read_regular
from keyswitch.errors import InputError

MAX_LINE = 8 * 1024  # bytes
MAX_DOTS = 32  # in one key

# A line as keyswitch writes it, and a person's own line of a comment.
_LINE = re.compile(
    r"""(?:
      \[(?P<table>[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)?)\]
    | (?P<key>[A-Za-z0-9_-]+)\ =\ (?:
        "(?P<text>[^"\\\x00-\x1f\x7f]*)"
      | (?P<number>[1-9][0-9]{0,8})
      | (?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2}))
    | \#[^\x00-\x1f\x7f]*
    )?""",
    re.VERBOSE,
)
_SMALL = MAX_LINE // 4  # characters, of four bytes at most
_POSITION = re.compile(r"\s*\(at line (\d+), column (\d+)\)")
_HINT = "mend that place; the other files are not affected"


def parse_toml(
    path: str, limit: int, *, ours: bool = False
) -> dict[str, Any] | None:
    """Return the document of a file, or None if there is no such file."""
    data = read_regular(path, limit, ours=ours)
    return None if data is None else parse_bytes(data, path)


def decode(data: bytes, path: str) -> str:
    """Return a file's text; a byte order mark stays in front of it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        column = e.start - data.rfind(b"\n", 0, e.start)
        raise InputError(
            f"{path}:{line}:{column}: not valid UTF-8", _HINT
        ) from e


def parse_bytes(data: bytes, path: str) -> dict[str, Any]:
    """Parse bytes that came from `path`."""
    return parse_text(decode(data, path), path)


def parse_text(text: str, path: str) -> dict[str, Any]:
    """Parse text that came from `path`; a byte order mark is passed over."""
    text = text.removeprefix("\ufeff")
    plain = _plain(text) if len(text) <= _SMALL else None
    if plain is not None:
        return plain
    import tomllib  # not at the top: seldom needed, and pure Python

    for number, line in enumerate(text.split("\n"), 1):
        if len(line.encode("utf-8", "replace")) > MAX_LINE:
            raise InputError(
                f"{path}:{number}:1: the line is longer than {MAX_LINE} bytes",
                _HINT,
            )
        if line.partition("=")[0].count(".") > MAX_DOTS:
            raise InputError(
                f"{path}:{number}:1: the key has more than {MAX_DOTS} dots",
                _HINT,
            )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise InputError(_located(path, text, str(e)), _HINT) from e
    except (RecursionError, ValueError) as e:
        # Deep nesting, and integers beyond Python's limit of digits.
        raise InputError(f"{path}:1:1: not acceptable TOML", _HINT) from e


def _plain(text: str) -> dict[str, Any] | None:
    """Return the document of a text as keyswitch writes it, at once.

    None stands for any other form, and for every error: there `tomllib` takes
    its time.
    """
    document: dict[str, Any] = {}
    table = document
    for line in text.split("\n"):
        found = _LINE.fullmatch(line)
        if found is None:
            return None
        if found["table"]:
            outer, dot, name = found["table"].rpartition(".")
            parent = document.setdefault(outer, {}) if dot else document
            if not isinstance(parent, dict) or name in parent:
                return None
            table = parent[name] = {}
        elif key := found["key"]:
            if key in table:
                return None
            table[key] = _value(found)
            if table[key] is None:
                return None
    return document


def _value(found: re.Match[str]) -> str | int | date | None:
    if found["text"] is not None:
        return found["text"]
    if found["number"]:
        return int(found["number"])
    try:
        return date.fromisoformat(found["day"])
    except ValueError:
        return None


def _located(path: str, text: str, message: str) -> str:
    """Put the place first: file:line:column: what is wrong.

    The parser's words name keys and single characters, never a value.
    """
    match = _POSITION.search(message)
    if match:
        place = f"{match[1]}:{match[2]}"
    else:
        place = f"{text.count(chr(10)) + 1}:1"
    words = _POSITION.sub("", message).replace(" (at end of document)", "")
    return f"{path}:{place}: {words[:1].lower()}{words[1:]}"
