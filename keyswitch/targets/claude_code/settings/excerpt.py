"""Edit a file of megabytes as if it were one of some lines.

`.claude.json` holds what Claude Code remembers of every project. What is
edited is a text without these long values; `restored` puts their bytes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.targets.claude_code.settings import json_text
from keyswitch.targets.claude_code.settings.json_text import (
    LEFT_OUT,
    PLACEHOLDER,
    JsonTextError,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from keyswitch.targets.claude_code.settings.json_text import Child

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
