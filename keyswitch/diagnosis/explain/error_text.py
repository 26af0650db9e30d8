"""Reads a pasted error text, whatever a terminal or a log made of it.

Terminals colour texts and break them in the middle of words, logs escape
them, programs put their own sentences around them. Sentences are therefore
compared by their letters and digits alone.
"""

from __future__ import annotations

import re
import unicodedata

from keyswitch.model import Frozen

GAP = 160  # letters that "*" in a phrase may stand for: a long ARN
BEFORE = 8  # characters that are looked at for the end of a clause

# From the first backslash only: of a million each would be tried.
_ESCAPED_CODE = r"(?<!\\)\\+u([0-9a-fA-F]{4})"
_ESCAPED_SPACE = r"(?<!\\)\\+[nrt]"
_NO_CHARACTER = r"&#[0-9]{8,};?"  # too long for `int`, maybe
_COLOUR = (
    r"(?:\x1b|\\x1b|\\033|\\e|\^\[)\[[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b]{0,1000}(?:\x07|\x1b\\)"
    r"|\x1b[@-Z\\^_]"
    r"|\[[0-9;]{1,12}m"  # what a paste leaves of a colour
)
# A number is an HTTP status only where something says so.
_STATUS = (
    r"(?:error|error code|status(?:[ _]?code)?|http(?:/[0-9.]+)?|code)"
    r"(?: ?\([^()\n]{0,80}\))?[^a-z0-9]{1,4}([45][0-9]{2})\b"
    r"|\(([45][0-9]{2})\)"
    r"|\b([45][0-9]{2}) \{"
)


class ErrorText(Frozen):
    """One text in the forms that phrases are looked for in."""

    words: str  # lower case, without colours and escapes
    letters: str  # of these the letters and digits
    statuses: frozenset[int]
    _hidden = ("words", "letters")


class Hit(Frozen):
    """Where a phrase stands in a text, and how long it is."""

    phrase: str
    weight: int  # letters of the phrase
    start: int = -1  # among the letters of the text; -1: not looked for there
    end: int = -1

    def inside(self, other: Hit) -> bool:
        """Tell whether this is only a part of a longer phrase's place."""
        if self.start < 0 or other.start < 0 or self == other:
            return False
        longer = other.end - other.start > self.end - self.start
        return longer and other.start <= self.start and self.end <= other.end


def read(text: str) -> ErrorText:
    """Return a text without colours, escapes and line breaks."""
    text = re.sub(_ESCAPED_CODE, lambda m: chr(int(m[1], 16)), text)
    text = re.sub(_COLOUR, "", text)
    text = re.sub(_ESCAPED_SPACE, " ", text)
    if "&" in text:
        import html  # its table of names is long

        text = html.unescape(re.sub(_NO_CHARACTER, "", text))
    text = text.replace("\\", "")
    words = unicodedata.normalize("NFKC", text).casefold()
    statuses = {
        int(number)
        for match in re.finditer(_STATUS, words)
        for number in match.groups()
        if number
    }
    return ErrorText(words, _letters(words), frozenset(statuses))


def find(phrase: str | int, text: ErrorText) -> Hit | None:
    """Look for a phrase: one word as a whole word, several by their letters.

    "*" between words stands for a few others; a number is an HTTP status. "^"
    is for words that prose has too: programs begin a clause with them.
    """
    if isinstance(phrase, int):
        known = phrase in text.statuses
        return Hit(f"HTTP status {phrase}", 0) if known else None
    if phrase.startswith("^"):
        return _clause(phrase[1:], text)
    pieces = [_letters(piece) for piece in phrase.casefold().split("*")]
    weight = sum(map(len, pieces))
    # Most phrases are not there; an expression takes longer than to see that.
    if " " not in phrase and phrase.isascii():  # Chinese has no spaces
        word = phrase.casefold()
        if word.rstrip("*") not in text.words:
            return None
        family = re.escape(word).replace(r"\*", "[a-z0-9]*")
        whole = rf"(?<![a-z0-9_]){family}(?![a-z0-9_])"
        return Hit(phrase, weight) if re.search(whole, text.words) else None
    if any(piece not in text.letters for piece in pieces):
        return None
    gapped = f".{{0,{GAP}}}?".join(map(re.escape, pieces))
    match = re.search(gapped, text.letters)
    return Hit(phrase, weight, *match.span()) if match else None


def _clause(phrase: str, text: ErrorText) -> Hit | None:
    """Look for a phrase after a line's start, a sign or a number."""
    letters = _letters(phrase.casefold())
    if letters not in text.letters:
        return None
    spaced = r"[\W_]*".join(letters)
    for match in re.finditer(rf"(?<!\w){spaced}(?!\w)", text.words):
        at = match.start()
        before = text.words[max(0, at - BEFORE) : at].rstrip(" \t")
        if not before[-1:].isalpha():
            return Hit(phrase, len(letters))
    return None


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
