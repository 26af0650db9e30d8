"""What a profile and a variable may be called.

Part of the express lane. Profiles' names become file names and stand in shell
prompts, so they are plain ASCII on every system; free text goes into the label.
"""

from __future__ import annotations

from keyswitch.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LENGTH = 64

# Of the name of an environment variable, which no digit begins.
VARIABLE_CHARACTERS = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
)

_FIRST = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_REST = _FIRST | frozenset("._-")

# Windows opens a device for these, whatever follows the first dot.
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"com{i}" for i in range(10)]
    + [f"lpt{i}" for i in range(10)]
)


def check_name(name: str) -> None:
    """Raise InputError unless `name` can be a profile's name."""
    if not name:
        raise InputError("the profile name is empty", "for example: work")
    if len(name) > MAX_LENGTH:
        raise InputError(
            f"'{_shown(name)}…' is too long for a profile name",
            f"use at most {MAX_LENGTH} characters; the label takes free text",
        )
    if name[0] not in _FIRST or not _REST.issuperset(name):
        raise InputError(
            f"'{_shown(name)}' cannot be a profile name",
            "use a-z, 0-9, dot, hyphen and underscore, starting with a letter "
            "or digit; the label takes free text",
        )
    if name[-1] == ".":
        raise InputError(f"'{name}' ends in a dot", "leave out the last dot")
    if name.partition(".")[0] in _DEVICES:
        raise InputError(
            f"'{name}' is a device name on Windows",
            "choose another name so that the profile works everywhere",
        )


def _shown(name: str) -> str:
    from keyswitch.display import printable

    return printable(name[:MAX_LENGTH])


def is_variable(name: str) -> bool:
    """Tell whether a shell can have an environment variable of this name."""
    return VARIABLE_CHARACTERS.issuperset(name) and not (
        name[:1].isdigit() or name == ""
    )


def did_you_mean(
    name: str, known: Iterable[str], otherwise: str, before: str = ""
) -> str:
    """Return the hint for a name that is not known."""
    near = nearest(name, known)
    return f"did you mean '{before}{near}'?" if near else otherwise


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that was most likely meant, if one is near."""
    import difflib

    found = difflib.get_close_matches(name.lower(), list(candidates), 1, 0.6)
    return found[0] if found else None
