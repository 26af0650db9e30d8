"""Headers that a person has Claude Code add to every request.

Observed, Claude Code 2.1.330 and 2.1.332: ANTHROPIC_CUSTOM_HEADERS holds a
header a line, whichever line end is between them; empty lines and those without
a colon are passed over, of two with one name the last counts, and white space
around names and values goes. A settings file's value takes the place of the
environment's.

A switch of accounts keeps what carries no credential, and drops the rest: it
would speak for the former account. Whether a header carries one is told by its
name, and by the look of its value; in doubt it does.
"""

from __future__ import annotations

from keyswitch.compiled import HEADERS
from keyswitch.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Parts of names of headers that say who asks.
_NAMES = (
    "access", "auth", "cert", "cookie", "cred", "jwt", "key", "pass", "secret",
    "session", "sign", "token",
)  # fmt: skip
# How a value begins that says so.
_SCHEMES = ("basic ", "bearer ", "digest ", "negotiate ", "sk-", "token ")
_LONG = 16  # characters of a word that may be a key, if it has digits
_DIGITS = 4  # in it; a version has fewer
_RANDOM = 20  # characters in a row that are no word of a language
_LONGEST_NAME = 60  # characters
_NO_NAME = "a line without a name"
# Between the headers of a profile and those of a person: an empty line.
_BETWEEN = "\n\n"


def split(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (name, value, line) of each header; "" for a name that is none."""
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        name = name.strip()
        if not (colon and _is_name(name)):
            name = ""
        if line.strip():
            yield name, value.strip(), line.rstrip("\r")


def _is_name(text: str) -> bool:
    """Tell whether a text can be shown as a header's name."""
    plain = text.replace("-", "").replace("_", "")
    return (
        plain.isascii()
        and plain.isalnum()
        and len(text) <= _LONGEST_NAME
        and not _looks_random(text)
    )


def is_credential(name: str, value: str) -> bool:
    """Tell whether a header may say who asks, or for whom."""
    if not name or any(part in name.lower() for part in _NAMES):
        return True
    return value.lower().startswith(_SCHEMES) or _looks_random(value)


def _looks_random(text: str) -> bool:
    """Tell whether a word of a text may be a key, by its look."""
    plain = "".join(c if c.isalnum() or c in "_+/=~.-" else " " for c in text)
    for word in plain.split():
        digits = sum(c.isdigit() for c in word)
        if len(word) >= _LONG and digits >= _DIGITS:
            return True
        parts = "".join(" " if c in "_/.-" else c for c in word).split()
        if any(len(part) >= _RANDOM for part in parts):
            return True
    return False


def plain(text: str) -> tuple[str, list[str]]:
    """Return the headers that carry no credential, and the others' names.

    A text of which nothing goes stays as it is.
    """
    kept, dropped = [], []
    for name, value, line in split(text):
        if is_credential(name, value):
            dropped.append(name or _NO_NAME)
        else:
            kept.append(line)
    if not dropped:
        return text, []
    return "\n".join(kept), list(dict.fromkeys(dropped))


def joined(own: str, kept: str) -> str:
    """Return a profile's headers, and those that a person has besides.

    Of two with one name the profile's counts.
    """
    names = {name.lower() for name, _, _ in split(own)}
    rest = [line for n, _, line in split(kept) if n.lower() not in names]
    lines = [line for _, _, line in split(own)]
    return "\n".join(lines) + _BETWEEN * bool(rest) + "\n".join(rest)


def check(name: str, text: str, example: str) -> None:
    """Raise where a profile's plain field is no headers, or a credential."""
    for header, value, _ in split(of_field(text)):
        if not header:
            raise InputError(f"a line of '{name}' is not a header", example)
        if is_credential(header, value):
            raise InputError(
                f"the header {header} in '{name}' may be a credential",
                "store it as a secret: --from-file secret_headers=PATH, with "
                "'keyswitch add' or 'keyswitch rotate'",
            )


def of_field(text: str) -> str:
    """Return the headers of a profile's field, which is one line of text."""
    return text.replace("\\n", "\n")


def of_the_person(text: str) -> str:
    """Return a person's part of what `joined` made."""
    return text.partition(_BETWEEN)[2]


def without_the_persons(text: str) -> str:
    """Return a profile's part of what `joined` made."""
    return text.partition(_BETWEEN)[0]


def beside(own: str, kept: str) -> str:
    """Return a profile's headers and a person's, as settings hold them."""
    if not own:
        return kept
    return joined(own, kept).replace(_BETWEEN, "\n")


def said(names: list[str], where: str = "") -> str:
    """Return what is said of dropped headers: names, never a value."""
    of = f"{HEADERS} in {where}" if where else HEADERS
    is_or_are = "is" if len(names) == 1 else "are"
    return (
        f"{', '.join(names)} of {of} {is_or_are} not sent: it may be another "
        "account's credential"
    )
