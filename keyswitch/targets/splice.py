"""Edit a JSON file by key; every byte outside the edit stays as it is.

Each function returns the new text and what is needed to give back the text
that was there. New members go to the end of their object, in the style of
what stands there.

`.claude.json` holds what Claude Code remembers of every project: megabytes.
What is edited then is an `excerpt`, a text without the long values; `restored`
puts their bytes back.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from keyswitch.targets import json_text
from keyswitch.targets.json_text import (
    LEFT_OUT,
    PLACEHOLDER,
    Container,
    JsonTextError,
    container,
    fail,
    find,
    parsed,
    top,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from keyswitch.targets.json_text import Child


def raw_value(path: str, text: str, keys: Sequence[str]) -> str | None:
    """Return a member's value as it is written, or None if there is none."""
    _, child = find(path, text, keys)
    return None if child is None else text[child.value : child.end]


def replace_value(path: str, text: str, keys: Sequence[str], raw: str) -> str:
    """Replace the value of a member that exists."""
    _, child = find(path, text, keys)
    if child is None:
        raise fail(path, text, 0, f"'{keys[-1]}' is not there")
    return text[: child.value] + raw + text[child.end :]


def insert_member(
    path: str, text: str, keys: Sequence[str], raw: str
) -> tuple[str, str | None]:
    """Add a member to an object that exists.

    Returns the text and, if the object was empty, the white space that stood
    between its braces.
    """
    where = _container(path, text, keys[:-1], "{")
    return _insert(
        text, where, f"{json.dumps(keys[-1])}: {raw}", is_array=False
    )


def append_element(
    path: str, text: str, keys: Sequence[str], raw: str
) -> tuple[str, str | None]:
    """Add an element to an array that exists; returns as `insert_member`."""
    where = _container(path, text, keys, "[")
    return _insert(text, where, raw, is_array=True)


def _insert(
    text: str, where: Container, piece: str, *, is_array: bool
) -> tuple[str, str | None]:
    newline = "\r\n" if "\r\n" in text else "\n"
    if where.children:
        last = where.children[-1]
        before = text[: last.start]
        lead = before[len(before.rstrip(" \t\r\n")) :]
        if not is_array:
            # As the neighbour writes it: `"a": 1` or `"a":1`.
            colon = text[last.start : last.value].rpartition('"')[2]
            name, _, raw = piece.partition('": ')
            piece = f'{name}"{colon}{raw}'
            if not lead and colon.endswith(" "):
                lead = " "
        return text[: last.end] + "," + lead + piece + text[last.end :], None
    gap = text[where.start + 1 : where.end - 1]
    unit = _unit(text)
    if unit is not None:
        base = newline + _indent_at(text, where.start)
        piece = base + unit + piece + base
    return text[: where.start + 1] + piece + text[where.end - 1 :], gap


def _unit(text: str) -> str | None:
    """Return one step of the text's indentation; None for compact texts."""
    found = re.search(r"\n([ \t]+)\"", text)
    if found:
        return found[1]
    stripped = text.strip("\ufeff \t\r\n")
    if "\n" in stripped or len(stripped) <= 3:
        return "  "
    return None


def _indent_at(text: str, at: int) -> str:
    """Return the indentation of the line that position `at` is in."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def remove_member(
    path: str, text: str, keys: Sequence[str], gap: str | None = None
) -> str:
    """Take a member away; `gap` is put into an object that becomes empty."""
    where, child = find(path, text, keys)
    if child is None:
        raise fail(path, text, 0, f"'{keys[-1]}' is not there")
    return _remove(text, where, where.children.index(child), gap)


def remove_element(
    path: str,
    text: str,
    keys: Sequence[str],
    index: int,
    gap: str | None = None,
) -> str:
    """Take an element of an array away."""
    return _remove(text, _container(path, text, keys, "["), index, gap)


def _remove(text: str, where: Container, index: int, gap: str | None) -> str:
    child = where.children[index]
    if len(where.children) == 1:
        return text[: where.start + 1] + (gap or "") + text[where.end - 1 :]
    if index:
        return text[: where.children[index - 1].end] + text[child.end :]
    return text[: child.start] + text[where.children[1].start :]


def elements(path: str, text: str, keys: Sequence[str]) -> list[object]:
    """Return the parsed elements of an array; none if it is not there."""
    if raw_value(path, text, keys) is None:
        return []
    where = _container(path, text, keys, "[")
    return [parsed(path, text[c.value : c.end]) for c in where.children]


def is_empty(path: str, text: str, keys: Sequence[str]) -> bool:
    """Tell whether the object or array at `keys` has nothing in it."""
    if not keys:
        return not top(path, text).children
    _, child = find(path, text, keys)
    return child is not None and not container(path, text, child.value).children


def _container(
    path: str, text: str, keys: Sequence[str], opening: str
) -> Container:
    """Return the object at `keys`, or the array, by its first character."""
    if not keys:
        return top(path, text)
    _, child = find(path, text, keys)
    if child is None or text[child.value] != opening:
        kind = "object" if opening == "{" else "array"
        at = child.value if child else 0
        raise fail(path, text, at, f"'{keys[-1]}' has to be a JSON {kind}")
    return container(path, text, child.value)


_MARK = b"\xef\xbb\xbf"  # of the byte order
_LONG = 1 << 16  # bytes of a value that is left out
_STEP = 1 << 16  # bytes; few enough to stay in the processor's cache
_NO_CHARACTER = bytes(range(0x80, 0xC0))  # a later byte of one


def excerpt(
    path: str, data: bytes, names: Collection[str], *, edits: bool
) -> str:
    """Return a file's text without long values of members of other names.

    Raises JsonTextError unless all of the file is JSON and, for `edits`, may
    be edited.
    """
    children = _long_members(data, names, edits=edits)
    if children is None:
        text = json_text.decode(path, data)
        json_text.top(path, text)
        if edits:
            json_text.check_depth(path, text)
        return text
    parts, at = [], 0
    for child in children:
        parts += [data[at : child.value].decode(), _placeholder(data, child)]
        at = child.end
    return "".join(parts) + data[at:].decode()


def _long_members(
    data: bytes, names: Collection[str], *, edits: bool
) -> list[Child] | None:
    """Return what is left out; None: nothing, or there is an error to tell.

    One byte is one character here, so that positions are those of bytes and
    one letter of another script does not make the text four times as long.
    """
    if len(data) <= _LONG:
        return None
    try:
        for part in _steps(data):
            part.decode()
        begin = len(_MARK) if data.startswith(_MARK) else 0
        text = str(memoryview(data)[begin:], "latin-1")
        found = json_text.top("", text).children
        if edits:
            json_text.check_depth("", text)
    except (JsonTextError, UnicodeDecodeError):
        return None
    return [
        child._replace(value=child.value + begin, end=child.end + begin)
        for child in found
        if child.end - child.value > _LONG and child.key not in names
    ]


def _steps(data: bytes) -> Iterator[bytes]:
    """Yield the bytes in parts that begin with whole characters."""
    at = 0
    while at < len(data):
        end = at + _STEP
        while end < len(data) and data[end] in _NO_CHARACTER:
            end += 1
        yield data[at:end]
        at = end


def _placeholder(data: bytes, child: Child) -> str:
    lines = data.count(b"\n", child.value, child.end)
    last = max(data.rfind(b"\n", child.value, child.end) + 1, child.value)
    columns = sum(
        len(part.translate(None, _NO_CHARACTER))
        for part in _steps(data[last : child.end])
    )
    return PLACEHOLDER.format(child.value, child.end, lines, columns)


def restored(text: str, data: bytes | None) -> bytes:
    """Return the bytes of an edited excerpt of `data`."""
    parts: list[bytes | memoryview] = []
    at = 0
    for found in LEFT_OUT.finditer(text):
        parts.append(text[at : found.start()].encode())
        parts.append(memoryview(data or b"")[int(found[1]) : int(found[2])])
        at = found.end()
    return b"".join([*parts, text[at:].encode()])
