"""Exports that stand in shell start files, found as text.

Pure: text in, places out. Only plain assignments of one literal value are
recognised; anything computed is left to the person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

LONGEST = 8192  # characters; no line that sets one credential is longer

# Relative to the home directory.
RC_FILES = (
    ".bash_login",
    ".bash_profile",
    ".bashrc",
    ".config/fish/config.fish",
    ".config/nushell/config.nu",
    ".config/nushell/env.nu",
    ".kshrc",
    ".mkshrc",
    ".profile",
    ".zlogin",
    ".zprofile",
    ".zshenv",
    ".zshrc",
)

_NAME = r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
_VALUE = r"(?:'(?P<s>[^']*)'|\"(?P<d>[^\"$`\\]*)\"|(?P<p>[^\s'\"$`\\;#&|]*))"
_END = r"\s*(?:;\s*)?(?:#.*)?"
# Compiled at their first use, since most start files set nothing of interest.
_FORMS = (
    rf"\s*(?:export\s+)?{_NAME}={_VALUE}{_END}",
    rf"\s*set\s+(?:-[gxUL]+\s+|--\w+\s+)+{_NAME}\s+{_VALUE}{_END}",
    rf"\s*\$env\.{_NAME}\s*=\s*{_VALUE}\s*(?:#.*)?",
)


@dataclass(frozen=True, slots=True)
class Export:
    """One line that sets a variable."""

    line: int  # from 1
    name: str
    value: str


def find_exports(text: str, names: Collection[str]) -> list[Export]:
    """Return the lines that set one of these variables to a literal."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        for form in _FORMS if len(line) <= LONGEST else ():
            match = re.fullmatch(form, line.rstrip("\r"))
            if match and match["name"] in names:
                value = match["s"] or match["d"] or match["p"] or ""
                if value:
                    found.append(Export(number, match["name"], value))
                break
    return found


def without_lines(text: str, numbers: Collection[int]) -> str:
    """Return the text without these lines; the others stay byte for byte."""
    lines = text.split("\n")
    kept = [line for n, line in enumerate(lines, 1) if n not in numbers]
    return "\n".join(kept)
