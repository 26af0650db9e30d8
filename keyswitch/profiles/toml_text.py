"""TOML text from a file, bounded before it is parsed.

`tomllib` is quadratic in the number of dots of one key (64 KiB of dots take
20 s), so long lines and long keys are refused first.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from keyswitch.disk.atomic import read_regular
from keyswitch.errors import InputError

MAX_LINE = 8 * 1024  # bytes
MAX_DOTS = 32  # in one key

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
