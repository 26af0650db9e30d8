"""Where the parts of a JSON text stand, without changing a character of it.

Values are skipped by the C scanner of the standard library, which keeps
nothing of their objects: a `.claude.json` of many megabytes costs less than
parsing it once.
"""

from __future__ import annotations

import json
import math
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, NoReturn

from keyswitch.errors import UnreadableTextError
from keyswitch.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DEPTH = 200

_SPACE = re.compile(r"[ \t\n\r]*")
_MANY_DIGITS = 40  # no number that means something has as many

# What stands for a value that `splice.excerpt` left out: where its bytes are,
# its line ends, and the characters behind the last of these. No UTF-8 text
# holds such a character.
PLACEHOLDER = '"\ud800{} {} {} {}"'
LEFT_OUT = re.compile('"\ud800(\\d+) (\\d+) (\\d+) (\\d+)"')


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


class JsonTextError(UnreadableTextError):
    """A text is not the JSON that it has to be; carries the place."""


def fail(path: str, text: str, at: int, what: str) -> JsonTextError:
    """Return the error for a position: file:line:column, no content."""
    before = LEFT_OUT.sub(_shape, text[:at])
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    return JsonTextError(
        f"{path}:{line}:{column}: {what}",
        "mend that place; keyswitch does not write what it cannot read",
    )


def _shape(left_out: re.Match[str]) -> str:
    """Return a text of the lines and columns of what was left out."""
    return "\n" * int(left_out[3]) + " " * int(left_out[4])


def decode(path: str, data: bytes) -> str:
    """Return the text of a JSON file; a byte order mark stays in it."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise JsonTextError(
            f"{path}: not valid UTF-8",
            "save that file as UTF-8",
        ) from e
    if "\0" in text[:4]:
        raise JsonTextError(f"{path}: not UTF-8 text", "save it as UTF-8")
    return text


def skip_value(path: str, text: str, at: int) -> int:
    """Return the position behind the value that begins at `at`."""
    try:
        _, end = _scan(text, at)
    except StopIteration:
        raise fail(path, text, at, "a value is missing") from None
    except json.JSONDecodeError as e:
        raise fail(path, text, e.pos, e.msg.lower()) from e
    except RecursionError:
        raise fail(path, text, at, "nested too deeply") from None
    except ValueError as e:
        raise fail(path, text, at, str(e)) from e
    return int(end)


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def top(path: str, text: str, into: Sequence[str] = ()) -> Container:
    """Return the outermost object, after checking the whole text."""
    at = _space(text, 1 if text.startswith("\ufeff") else 0)
    if not text.startswith("{", at):
        raise fail(path, text, at, "the file has to hold a JSON object")
    try:
        found = container(path, text, at, into)
    except JsonTextError:
        skip_value(path, text, at)  # it says better what is wrong
        raise
    end = _space(text, found.end)
    if end != len(text):
        raise fail(path, text, end, "something follows the JSON object")
    return found


def container(
    path: str, text: str, at: int, into: Sequence[str] = ()
) -> Container:
    """Return the object or array that begins at `at`.

    `into` are keys, each in the object of the one before: their children
    are wanted as well.
    """
    is_object = text[at] == "{"
    close = "}" if is_object else "]"
    children: list[Child] = []
    position = _space(text, at + 1)
    while not text.startswith(close, position) or children:
        start = position
        key = None
        if is_object:
            if not text.startswith('"', position):
                raise fail(path, text, position, "a key is missing")
            key, position = _key(path, text, position)
            position = _space(text, position)
            if not text.startswith(":", position):
                raise fail(path, text, position, "a colon is missing")
            position = _space(text, position + 1)
        inside = None
        if into and into[0] == key and text.startswith("{", position):
            inside = container(path, text, position, into[1:])
        end = inside.end if inside else skip_value(path, text, position)
        children.append(Child(key, start, position, end, inside))
        position = _space(text, end)
        if text.startswith(close, position):
            break
        if not text.startswith(",", position):
            raise fail(path, text, position, "a comma is missing")
        position = _space(text, position + 1)
    return Container(at, position + 1, tuple(children))


def _key(path: str, text: str, at: int) -> tuple[str, int]:
    """Return the key that begins at `at`, and the position behind it."""
    try:
        key, end = scanstring(text, at + 1, True)
    except json.JSONDecodeError as e:
        raise fail(path, text, e.pos, e.msg.lower()) from e
    return str(key), int(end)


def find(
    path: str, text: str, keys: Sequence[str]
) -> tuple[Container, Child | None]:
    """Return the innermost object on the way to `keys`, and the member.

    None stands for a member that is not there; a key that appears twice on
    the way is refused, because which one counts is a matter of taste.
    """
    where = top(path, text, keys[:-1])
    child: Child | None = None
    for depth, key in enumerate(keys):
        found = [c for c in where.children if c.key == key]
        if len(found) > 1:
            raise fail(path, text, found[1].start, f"'{key}' appears twice")
        child = found[0] if found else None
        if child is None or depth == len(keys) - 1:
            break
        if child.inside is None:
            raise fail(
                path, text, child.value, f"'{key}' has to be a JSON object"
            )
        where = child.inside
    return where, child


def whole(path: str, text: str) -> None:
    """Raise unless a file's whole text is JSON that may be edited."""
    top(path, text)
    check_depth(path, text)


def check_depth(path: str, raw: str) -> None:
    """Raise for JSON that is nested deeper than anybody nests.

    Python itself gives up at a depth that differs from one call to the next.
    """
    if is_deeper(raw, MAX_DEPTH):
        raise JsonTextError(
            f"{path}: nested more than {MAX_DEPTH} deep",
            "mend that file; keyswitch does not write what it cannot read",
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


def is_deeper(raw: str, limit: int) -> bool:
    """Tell whether a valid JSON text is nested deeper than the limit."""
    rest = _brackets(raw)
    for _ in range(limit):
        rest = rest.replace(b"[]", b"")  # the innermost pairs
        if not rest:
            return False
    return True


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
