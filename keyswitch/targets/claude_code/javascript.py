"""How a JavaScript program reads text and numbers, where Python differs."""

from __future__ import annotations

import math

# What String.prototype.trim takes away. Python's strip() takes more control
# characters and leaves the byte order mark.
_SPACES = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)


def trim(text: str) -> str:
    """Return a text without outer white space."""
    return text.strip(_SPACES)


def double(value: float) -> float:
    """Return a number of a JSON file as the double that it becomes."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def number(value: float) -> str:
    """Return a number of a JSON file as the text that it becomes.

    All of them are doubles: from 1e21 on they are written with an exponent.
    """
    found = double(value)
    if math.isinf(found):
        return "Infinity" if found > 0 else "-Infinity"
    if found.is_integer() and abs(found) < 1e21:
        return str(int(found))
    text = repr(found)
    if "e" not in text:
        return text
    digits, _, exponent = text.partition("e")
    sign = "-" if exponent.startswith("-") else "+"
    return f"{digits}e{sign}{exponent.lstrip('+-').lstrip('0')}"
