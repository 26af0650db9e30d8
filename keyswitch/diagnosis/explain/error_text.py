"""Reads a pasted error text: what is left of it when its dress is taken off.

Terminals colour texts and break them in the middle of words, logs escape
them, programs put their own sentences around them. Sentences are therefore
compared by their letters and digits alone.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache

GAP = 120  # letters that "*" in a phrase may stand for

# From the first backslash only: of a million each would be tried.
_ESCAPED_CODE = re.compile(r"(?<!\\)\\+u([0-9a-fA-F]{4})")
_ESCAPED_SPACE = re.compile(r"(?<!\\)\\+[nrt]")
_NO_CHARACTER = re.compile(r"&#[0-9]{8,};?")  # too long for `int`, maybe
_COLOUR = re.compile(
    r"(?:\x1b|\\x1b|\\033|\\e|\^\[)\[[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b]{0,1000}(?:\x07|\x1b\\)"
    r"|\x1b[@-Z\\^_]"
    r"|\[[0-9;]{1,12}m"  # what a paste leaves of a colour
)
# A number is an HTTP status only where something says so.
_STATUS = re.compile(
    r"(?:error|error code|status(?:[ _]?code)?|http(?:/[0-9.]+)?|code)"
    r"(?: ?\([^()\n]{0,80}\))?[^a-z0-9]{1,4}([45][0-9]{2})\b"
    r"|\(([45][0-9]{2})\)"
    r"|\b([45][0-9]{2}) \{"
)


@dataclass(frozen=True, slots=True)
class ErrorText:
    """One text in the forms that phrases are looked for in."""

    words: str = field(repr=False)  # lower case, undressed
    letters: str = field(repr=False)  # of these the letters and digits
    statuses: frozenset[int]


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a phrase stands, and how much of the text it accounts for."""

    phrase: str
    weight: int  # letters of the phrase
    start: int = -1  # among the letters of the text; -1: a single word
    end: int = -1

    def inside(self, other: Hit) -> bool:
        """Tell whether this is only a part of a longer phrase's place."""
        if self.start < 0 or other.start < 0 or self == other:
            return False
        longer = other.end - other.start > self.end - self.start
        return longer and other.start <= self.start and self.end <= other.end


def read(text: str) -> ErrorText:
    """Undress a text."""
    words = _undressed(text)
    letters = "".join(c for c in words if c.isalnum())
    statuses = {
        int(number)
        for match in _STATUS.finditer(words)
        for number in match.groups()
        if number
    }
    return ErrorText(words, letters, frozenset(statuses))


def _undressed(text: str) -> str:
    text = _ESCAPED_CODE.sub(lambda m: chr(int(m[1], 16)), text)
    text = _COLOUR.sub("", text)
    text = _ESCAPED_SPACE.sub(" ", text)
    text = html.unescape(_NO_CHARACTER.sub("", text)).replace("\\", "")
    return unicodedata.normalize("NFKC", text).casefold()


def find(phrase: str | int, text: ErrorText) -> Hit | None:
    """Look for a phrase: one word as a whole word, several by their letters.

    "*" between words stands for a few others; a number is an HTTP status.
    """
    if isinstance(phrase, int):
        known = phrase in text.statuses
        return Hit(f"HTTP status {phrase}", 0) if known else None
    weight = _weight(phrase)
    if " " not in phrase:
        found = _word(phrase).search(text.words)
        return Hit(phrase, weight) if found else None
    first, *rest = _pieces(phrase)
    if not rest:
        start = text.letters.find(first)
        if start < 0:
            return None
        return Hit(phrase, weight, start, start + len(first))
    match = _gapped(phrase).search(text.letters)
    return Hit(phrase, weight, *match.span()) if match else None


@cache
def _weight(phrase: str) -> int:
    return sum(c.isalnum() for c in phrase)


@cache
def _pieces(phrase: str) -> tuple[str, ...]:
    return tuple(
        "".join(c for c in piece.casefold() if c.isalnum())
        for piece in phrase.split("*")
    )


@cache
def _gapped(phrase: str) -> re.Pattern[str]:
    gap = f".{{0,{GAP}}}?"
    return re.compile(gap.join(map(re.escape, _pieces(phrase))))


@cache
def _word(phrase: str) -> re.Pattern[str]:
    word = re.escape(phrase.casefold())
    return re.compile(rf"(?<![a-z0-9_]){word}(?![a-z0-9_])")
