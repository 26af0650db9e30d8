"""Whether a text of a team file shows all that it says, and holds no secret.

A person agrees to what is on the screen. A character that no screen shows can
make it another text, and a key in the file would be everybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from keyswitch.display import printable, secrets_in
from keyswitch.errors import InputError

ASK = "nothing of it was taken over; ask whoever maintains the team file"

_MOST_LINES = 150_000
_MOST_DOTS = 16  # of keys, in one line
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')
# Keys whose beginning does not tell that they are one: words of all kinds of
# characters, hexadecimal ones, and base64 of the length that AWS has.
_WORD = re.compile(r"[A-Za-z0-9]{20,}")
_LONG = 32  # characters of a word that no person made up, one number or more
_HEXADECIMAL = re.compile(r"(?a)(?<![\w-])(?=[a-f]*\d)[0-9a-f]{32,}(?![\w-])")
_BASE64 = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9+/]{38,}={0,2}")


# Printable for Python, and not to be seen: fillers, blanks, joiners, variation
# selectors where there is nothing to be varied (Unicode, DerivedCoreProperties:
# Default_Ignorable_Code_Point).
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0"
    "\U000e0100-\U000e01ef]|(?<![^\x00-\x7f])[\ufe00-\ufe0f]"
)


def refused(place: str, what: str) -> InputError:
    """Return the error for a team file that nobody should take over."""
    return InputError(f"{place}: {what}", ASK)


def decoded(place: str, data: bytes) -> str:
    """Return a file's text, or say what is hidden or secret in it."""
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as e:
        at = data.count(b"\n", 0, e.start) + 1
        raise refused(f"{place}:{at}", "not valid UTF-8") from e
    lines = text.split("\n")
    if len(lines) > _MOST_LINES:
        raise refused(place, f"it has more than {_MOST_LINES} lines")
    for number, line in enumerate(lines, 1):
        wrong = _hidden(line.removesuffix("\r").replace("\t", ""))
        if not wrong and secrets_in(line):
            wrong = _SECRET
        if not wrong and _is_slow(line):
            wrong = "a key with too many parts, or a string of several lines"
        if wrong:
            raise refused(f"{place}:{number}", wrong)
    return text


def _is_slow(line: str) -> bool:
    """Tell whether a line may take long to be parsed; see `toml_text`."""
    if '"""' in line or "'''" in line:
        return True  # what is a key would not be told by lines any more
    return (
        line.count(".") > _MOST_DOTS
        and not line.lstrip().startswith("#")
        and _QUOTED.sub("", line).count(".") > _MOST_DOTS
    )


_SECRET = (
    "something that looks like a secret; a team file contains only references"
)


def check(place: str, document: Mapping[str, Any]) -> None:
    """Check every key and value of a document, TOML's escapes resolved."""
    texts = list(_texts(document))
    for where, text in texts:
        if hidden := _hidden(text):
            raise refused(f"{place}: {where}", hidden)
        is_path = ".references." in where  # of a manager, with any names
        if secrets_in(text) or (looks_random(text) and not is_path):
            raise refused(f"{place}: {where}", _SECRET)


def looks_random(text: str) -> bool:
    """Tell whether a text has the look of a key that nothing else tells."""
    return (
        any(map(_is_random, _WORD.findall(text)))
        or bool(_HEXADECIMAL.search(text))
        or bool(_BASE64.fullmatch(text))
    )


def _is_random(word: str) -> bool:
    """Tell a key from names in a row: those have a number at most, a year."""
    kinds = (str.isdigit, str.islower, str.isupper)
    numbers = len(re.findall(r"\d+", word))
    return all(any(map(kind, word)) for kind in kinds) and (
        numbers > 1 or len(word) >= _LONG
    )


def _hidden(text: str) -> str:
    """Return which character does not show, in words; "": there is none."""
    if text.isascii() and text.isprintable():
        return ""  # at once, since there may be thousands
    odd = next((c for c in text if not c.isprintable()), "")
    if not odd and (found := _UNSEEN.search(text)):
        odd = found[0]
    if not odd:
        return ""
    shown = printable(odd) if not odd.isprintable() else f"U+{ord(odd):04X}"
    return f"a control or invisible character: {shown}"


def _texts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (where, text) of each key and each value."""
    left: list[tuple[str, Any]] = [("", document)]
    while left:
        where, value = left.pop()
        if isinstance(value, str):
            yield where, value
        elif isinstance(value, list):
            left += [(where, one) for one in value]
        elif isinstance(value, dict):
            for key, one in value.items():
                yield where or "a key", key
                left.append((f"{where}.{printable(key)}".lstrip("."), one))
