"""Where the parts of a JSON text stand, without changing a character of it.

Values are skipped by the C scanner of the standard library, which keeps
nothing of their objects: a `.claude.json` of many megabytes costs less than
parsing it once.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, NoReturn, Self

from keyswitch.errors import UnreadableTextError
from keyswitch.model import Frozen

MAX_DEPTH = 200

_SPACE = re.compile(r"[ \t\n\r]*")
_MANY_DIGITS = 40  # no number that means something has as many

# What stands for a value that `splice.excerpt` left out: where its bytes are,
# its line ends, and the characters behind the last of these. No UTF-8 text
# holds such a character.
PLACEHOLDER = '"\ud800{} {} {} {}"'
LEFT_OUT = '"\ud800(\\d+) (\\d+) (\\d+) (\\d+)"'


class Child(Frozen):
    """One member of an object or element of an array, as positions."""

    key: str | None  # None in an array
    start: int  # of the key, or of the element
    value: int  # of the value
    end: int  # behind the value
    inside: Container | None = None  # where it was asked for


class Container(Frozen):
    """An object or array: its children and where it begins and ends."""

    start: int
    end: int  # behind the closing bracket
    children: tuple[Child, ...]


def no_constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python reads and JSON has not."""
    raise ValueError(f"{name} is not JSON")


# Numbers stay texts: 1e400 and 5,000 digits are none of our business. Of an
# object nothing stays but its length.
_scan = json.scanner.make_scanner(  # type: ignore[attr-defined]
    json.JSONDecoder(
        parse_int=str,
        parse_float=str,
        parse_constant=no_constant,
        object_pairs_hook=len,
    )
)


class JsonText:
    """The text of a JSON file, read by key. Messages name its path."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @classmethod
    def of(cls, path: str, data: bytes) -> Self:
        """Return the text of a file; a byte order mark stays in it."""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as e:
            raise UnreadableTextError(
                f"{path}: not valid UTF-8",
                "save the file as UTF-8",
            ) from e
        if "\0" in text[:4]:
            raise UnreadableTextError(
                f"{path}: not UTF-8 text", "save it as UTF-8"
            )
        return cls(path, text)

    def fail(self, at: int, what: str) -> UnreadableTextError:
        """Return the error for a position: file:line:column, no content."""
        before = re.sub(LEFT_OUT, _shape, self.text[:at])
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        return UnreadableTextError(
            f"{self.path}:{line}:{column}: {what}",
            "fix the file; keyswitch does not write what it cannot read",
        )

    def _after_value(self, at: int) -> int:
        """Return the position behind the value that begins at `at`."""
        try:
            _, end = _scan(self.text, at)
        except StopIteration:
            raise self.fail(at, "a value is missing") from None
        except json.JSONDecodeError as e:
            raise self.fail(e.pos, e.msg.lower()) from e
        except RecursionError:
            raise self.fail(at, "nested too deeply") from None
        except ValueError as e:
            raise self.fail(at, str(e)) from e
        return int(end)

    def _space(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def top(self, into: Sequence[str] = ()) -> Container:
        """Return the outermost object, after checking the whole text."""
        at = self._space(1 if self.text.startswith("\ufeff") else 0)
        if not self.text.startswith("{", at):
            raise self.fail(at, "the file must contain a JSON object")
        try:
            found = self.container(at, into)
        except UnreadableTextError:
            self._after_value(at)  # it says better what is wrong
            raise
        end = self._space(found.end)
        if end != len(self.text):
            raise self.fail(end, "extra text after the JSON object")
        return found

    def container(self, at: int, into: Sequence[str] = ()) -> Container:
        """Return the object or array that begins at `at`.

        `into` are keys, each in the object of the one before: their children
        are wanted as well.
        """
        text = self.text
        is_object = text[at] == "{"
        close = "}" if is_object else "]"
        children: list[Child] = []
        position = self._space(at + 1)
        while not text.startswith(close, position) or children:
            start = position
            key = None
            if is_object:
                key, position = self._key(position)
            inside = None
            if into and into[0] == key and text.startswith("{", position):
                inside = self.container(position, into[1:])
            end = inside.end if inside else self._after_value(position)
            children.append(Child(key, start, position, end, inside))
            position = self._space(end)
            if text.startswith(close, position):
                break
            if not text.startswith(",", position):
                raise self.fail(position, "a comma is missing")
            position = self._space(position + 1)
        return Container(at, position + 1, tuple(children))

    def _key(self, at: int) -> tuple[str, int]:
        """Return the key that begins at `at`, and where its value does."""
        if not self.text.startswith('"', at):
            raise self.fail(at, "a key is missing")
        try:
            key, end = scanstring(self.text, at + 1, True)
        except json.JSONDecodeError as e:
            raise self.fail(e.pos, e.msg.lower()) from e
        colon = self._space(end)
        if not self.text.startswith(":", colon):
            raise self.fail(colon, "a colon is missing")
        return str(key), self._space(colon + 1)

    def find(self, keys: Sequence[str]) -> tuple[Container, Child | None]:
        """Return the innermost object on the way to `keys`, and the member.

        None stands for a member that is not there; a key that appears twice on
        the way is refused, because which one counts is a matter of taste.
        """
        where = self.top(keys[:-1])
        child: Child | None = None
        for depth, key in enumerate(keys):
            found = [c for c in where.children if c.key == key]
            if len(found) > 1:
                raise self.fail(found[1].start, f"'{key}' appears twice")
            child = found[0] if found else None
            if child is None or depth == len(keys) - 1:
                break
            if child.inside is None:
                what = f"'{key}' must be a JSON object"
                raise self.fail(child.value, what)
            where = child.inside
        return where, child

    def raw(self, keys: Sequence[str]) -> str | None:
        """Return a member's value as it is written; None: there is none."""
        _, child = self.find(keys)
        return None if child is None else self.text[child.value : child.end]

    def elements(self, keys: Sequence[str]) -> list[object]:
        """Return the parsed elements of an array; none if it is not there."""
        if self.raw(keys) is None:
            return []
        parts = self.inside(keys, "[").children
        return [parsed(self.path, self.text[c.value : c.end]) for c in parts]

    def is_empty(self, keys: Sequence[str] = ()) -> bool:
        """Tell whether the object or array at `keys` has nothing in it."""
        if not keys:
            return not self.top().children
        _, child = self.find(keys)
        return child is not None and not self.container(child.value).children

    def inside(self, keys: Sequence[str], opening: str) -> Container:
        """Return the object at `keys`, or the array, by its first character."""
        if not keys:
            return self.top()
        _, child = self.find(keys)
        if child is None or self.text[child.value] != opening:
            kind = "object" if opening == "{" else "array"
            at = child.value if child else 0
            raise self.fail(at, f"'{keys[-1]}' must be a JSON {kind}")
        return self.container(child.value)

    def checked(self, *, edits: bool) -> Container:
        """Return the outermost object; raise if `edits` are not possible."""
        found = self.top()
        if edits:
            check_depth(self.path, self.text)
        return found


def _shape(left_out: re.Match[str]) -> str:
    """Return a text of the lines and columns of what was left out."""
    return "\n" * int(left_out[3]) + " " * int(left_out[4])


def check_depth(path: str, raw: str) -> None:
    """Raise for JSON that is nested deeper than anybody nests.

    Python itself gives up at a depth that differs from one call to the next.
    """
    rest = _brackets(raw)
    for _ in range(MAX_DEPTH):
        rest = rest.replace(b"[]", b"")  # the innermost pairs
        if not rest:
            return
    raise UnreadableTextError(
        f"{path}: nested more than {MAX_DEPTH} levels deep",
        "fix the file; keyswitch does not write what it cannot read",
    )


def parsed(path: str, raw: str) -> Any:
    """Return the value of a part that was found in a file."""
    check_depth(path, raw)
    return json.loads(raw, parse_int=number)


def number(digits: str) -> float:
    """Return a whole number; one of too many digits is none, as elsewhere."""
    if len(digits) < _MANY_DIGITS:
        return int(digits)
    return -math.inf if digits.startswith("-") else math.inf


_STEP = 1 << 16  # characters; few enough to stay in the processor's cache
_AS_ARRAYS = bytes.maketrans(b"{}", b"[]")
_NOT_QUOTED = bytes(b for b in range(256) if b not in b'[]{}"')
# What may stand behind a backslash stays until the backslash goes.
_PLAIN = bytes(b for b in _NOT_QUOTED if b not in rb"\/bfnrtu")


def _brackets(raw: str) -> bytes:
    """Return the brackets outside of strings, all of them as of arrays."""
    found, at, in_string = bytearray(), 0, 0
    while at < len(raw):
        end = at + _STEP
        while raw.startswith("\\", end - 1):
            end += 1  # what is escaped belongs to its backslash
        step = raw[at:end].encode("latin-1", "replace").translate(None, _PLAIN)
        at = end
        step = step.replace(rb"\\", b"").replace(rb"\"", b"")
        parts = step.translate(_AS_ARRAYS, _NOT_QUOTED).split(b'"')
        found += b"".join(parts[in_string::2])
        in_string = (in_string + len(parts) - 1) % 2
    return bytes(found)
