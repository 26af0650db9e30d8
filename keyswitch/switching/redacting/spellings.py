r"""How a secret may be written in a program's output.

A `Form` is one way: a row of units, each the set of byte strings that may stand
for a character there. So `%2F`, `\/` and `/` may be mixed in one text, as they
are where one program quotes what another has quoted. What is encrypted, packed
or hashed is in no form.
"""

from __future__ import annotations

import html
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from keyswitch.model import Frozen
from keyswitch.providers.shapes import public_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Unit = frozenset[bytes]

SHORTEST = 6  # characters; a shorter text stands in too many others

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_62, _63 = ("+", "-"), ("/", "_")  # standard, and safe in addresses
_SHOWN = 3  # units of a beginning that a person may see
_TELLING = 8  # units of a beginning that say something of the rest
_LONG = 16  # units of which three quarters are no other word
_ESCAPES = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
_QUOTES = {"'": (r"'\''", "'\"'\"'", "''"), '"': ('""',)}


class Form(Frozen):
    """One way to write a secret; `units` is secret.

    The last units may be missing, down to `least`. The first `public` ones say
    too little to be kept from a terminal that waits; `enough` are worth masking
    without the rest.
    """

    units: Sequence[Unit]
    least: int
    public: int
    enough: int
    label: bytes  # what is printed in the secret's place
    _hidden = ("units",)


def forms(text: str, label: bytes) -> Iterator[Form]:
    """Return every form of a secret."""
    raw = [spellings(one) for one in text]
    yield _form(raw, label, public=len(public_prefix(text)))
    data = text.encode("utf-8", "surrogateescape")
    for before in range(3):
        yield _form(_base64(data, before), label, [spellings("=")] * 2)
    yield _form(list(_hexadecimal(data)), label)


def _form(
    units: list[Unit],
    label: bytes,
    optional: Sequence[Unit] = (),
    public: int = 0,
) -> Form:
    size = len(units)
    public = max(public, min(_SHOWN, size // 4))
    enough = size
    if size >= _LONG:
        enough = min(max(size * 3 // 4, public + _TELLING), size)
    every = [*units, *optional]
    return Form(every, size, public, enough, label)


@cache
def spellings(character: str) -> Unit:
    """Return what may stand for a character, quoted once or twice."""
    once = {character, *_quoted(character)}
    found = {*once}
    for text in once - {character}:
        found |= {
            text.replace("\\", "\\\\").replace('"', '\\"'),  # JSON in JSON
            text.replace("%", "%25"),
            quote(text, safe=""),
            html.escape(text),
        }
    return frozenset(t.encode("utf-8", "surrogateescape") for t in found)


def _quoted(character: str) -> Iterator[str]:
    """Yield a character as addresses, JSON, shells, markup and C write it."""
    data = character.encode("utf-8", "surrogateescape")
    for byte in ("%02x", "%02X"):
        for sign in ("%", "\\x"):
            yield "".join(sign + byte % one for one in data)
    yield "".join(f"\\{one:03o}" for one in data)
    wide = character.encode("utf-16-be", "surrogatepass").hex()
    for digits in (wide, wide.upper()):
        pairs = (digits[at : at + 4] for at in range(0, len(digits), 4))
        yield "".join(f"\\u{pair}" for pair in pairs)
    yield f"&#{ord(character)};"
    yield f"&#x{ord(character):x};"
    yield html.escape(character)
    yield from _QUOTES.get(character, ())
    if character == " ":
        yield "+"
    if character in _ESCAPES:
        yield f"\\{_ESCAPES[character]}"
    elif not character.isalnum():
        yield f"\\{character}"


def _base64(data: bytes, before: int) -> list[Unit]:
    """Return the units of base64 where so many other bytes come before.

    At each end a digit may have bits of the secret and of its neighbour. The
    first of those, with four bits at most, is left as it is.
    """
    bits = "".join(f"{byte:08b}" for byte in data)
    bits = bits[-before * 8 % 6 :]
    return [_digit(bits[at : at + 6]) for at in range(0, len(bits), 6)]


@cache
def _digit(bits: str) -> Unit:
    """Return what may stand for a base64 digit that begins with these bits."""
    free = 6 - len(bits)
    first = int(bits, 2) << free
    found: set[bytes] = set()
    for value in range(first, first + (1 << free)):
        signs = (*_BASE64, _62, _63)[value]
        found.update(*map(spellings, signs))
    return frozenset(found)


def _hexadecimal(data: bytes) -> Iterator[Unit]:
    """Yield the units of hexadecimal digits, with ':' or blanks or without."""
    for at, byte in enumerate(data):
        pairs = {b"%02x" % byte, b"%02X" % byte}
        signs = (b"", b":", b" ") if at else (b"",)
        yield frozenset(sign + pair for sign in signs for pair in pairs)
