"""Edit a JSON file by key; every byte outside the edit stays as it is.

New members go to the end of their object, in the style of what stands there.

`.claude.json` holds what Claude Code remembers of every project: megabytes.
What is edited then is an `excerpt`, a text without the long values; `restored`
puts their bytes back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence

from keyswitch.errors import UnreadableTextError
from keyswitch.targets.json_text import (
    LEFT_OUT,
    PLACEHOLDER,
    Child,
    Container,
    JsonText,
)


class Edited(JsonText):
    """A JSON text that is edited by key.

    What adds a member or an element returns, of an object or array that was
    empty, the white space in it; what removes one puts such a `gap` back.
    """

    def replace(self, keys: Sequence[str], raw: str) -> None:
        """Replace the value of a member that exists."""
        _, child = self._present(keys)
        self._put(child.value, child.end, raw)

    def insert(self, keys: Sequence[str], raw: str) -> str | None:
        """Add a member to an object that exists."""
        where = self.inside(keys[:-1], "{")
        return self._add(where, raw, json.dumps(keys[-1]))

    def append(self, keys: Sequence[str], raw: str) -> str | None:
        """Add an element to an array that exists."""
        return self._add(self.inside(keys, "["), raw)

    def remove(self, keys: Sequence[str], gap: str | None = None) -> None:
        """Take a member away."""
        where, child = self._present(keys)
        self._remove(where, where.children.index(child), gap)

    def remove_element(
        self, keys: Sequence[str], index: int, gap: str | None = None
    ) -> None:
        """Take an element of an array away."""
        self._remove(self.inside(keys, "["), index, gap)

    def _present(self, keys: Sequence[str]) -> tuple[Container, Child]:
        where, child = self.find(keys)
        if child is None:
            raise self.fail(0, f"'{keys[-1]}' is missing")
        return where, child

    def _put(self, start: int, end: int, piece: str) -> None:
        self.text = self.text[:start] + piece + self.text[end:]

    def _add(self, where: Container, raw: str, name: str = "") -> str | None:
        text = self.text
        if where.children:
            last = where.children[-1]
            before = text[: last.start]
            lead = before[len(before.rstrip(" \t\r\n")) :]
            if name:
                # As the neighbour writes it: `"a": 1` or `"a":1`.
                colon = text[last.start : last.value].rpartition('"')[2]
                name += colon
                if not lead and colon.endswith(" "):
                    lead = " "
            self._put(last.end, last.end, f",{lead}{name}{raw}")
            return None
        piece = f"{name}: {raw}" if name else raw
        unit = _unit(text)
        if unit is not None:
            newline = "\r\n" if "\r\n" in text else "\n"
            base = newline + _indent_at(text, where.start)
            piece = base + unit + piece + base
        start, end = where.start + 1, where.end - 1
        self._put(start, end, piece)
        return text[start:end]

    def _remove(self, where: Container, index: int, gap: str | None) -> None:
        children = where.children
        if len(children) == 1:
            self._put(where.start + 1, where.end - 1, gap or "")
        elif index:
            self._put(children[index - 1].end, children[index].end, "")
        else:
            self._put(children[0].start, children[1].start, "")

    def restored(self, data: bytes | None) -> bytes:
        """Return the bytes of an edited excerpt of `data`."""
        parts: list[bytes | memoryview] = []
        at = 0
        for found in re.finditer(LEFT_OUT, self.text):
            parts.append(self.text[at : found.start()].encode())
            start, end = int(found[1]), int(found[2])
            parts.append(memoryview(data or b"")[start:end])
            at = found.end()
        return b"".join([*parts, self.text[at:].encode()])


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


_MARK = b"\xef\xbb\xbf"  # of the byte order
_LONG = 1 << 16  # bytes of a value that is left out
_STEP = 1 << 16  # bytes; few enough to stay in the processor's cache
_NO_CHARACTER = bytes(range(0x80, 0xC0))  # a later byte of one


def excerpt(
    path: str, data: bytes, names: Collection[str], *, edits: bool
) -> Edited:
    """Return a file's text without long values of members of other names.

    Raises UnreadableTextError unless all of the file is JSON and, for `edits`,
    may be edited.
    """
    children = _long_members(data, names, edits=edits)
    if children is None:
        whole = Edited.of(path, data)
        whole.checked(edits=edits)
        return whole
    parts, at = [], 0
    for child in children:
        parts += [data[at : child.value].decode(), _placeholder(data, child)]
        at = child.end
    return Edited(path, "".join(parts) + data[at:].decode())


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
        found = JsonText("", text).checked(edits=edits).children
    except (UnreadableTextError, UnicodeDecodeError):
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
