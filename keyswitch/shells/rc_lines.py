"""Lines of shell start files that set a variable, whatever its value.

Pure: text in, places out. `rc_files` finds plain literals that can be taken
out again; this also finds what is computed, to say where a variable may come
from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyswitch.shells.rc_files import RC_FILES, find_exports

if TYPE_CHECKING:
    from collections.abc import Collection

# Read by login shells and sessions of the whole machine; patterns are globs.
SYSTEM_FILES = (
    "/etc/environment",
    "/etc/profile",
    "/etc/profile.d/*.sh",
    "/etc/bash.bashrc",
    "/etc/zsh/zshenv",
    "/etc/zsh/zprofile",
    "/etc/zsh/zshrc",
    "/etc/environment.d/*.conf",
)

# Relative to the home directory, beside the shells' own files.
SESSION_FILES = (
    *RC_FILES,
    ".bash_aliases",
    ".config/environment.d/*.conf",
    ".config/fish/conf.d/*.fish",
    ".config/plasma-workspace/env/*.sh",
    ".pam_environment",
    ".xprofile",
    ".xsessionrc",
)

# Read in a directory and those above it, where a program is there to do so.
DIRECTORY_FILES = (".envrc", "mise.toml", ".mise.toml")

# Compiled at their first use, since most start files set nothing of interest.
_POSIX = r"(?:^|[\s;&|(])([A-Za-z_][A-Za-z0-9_]*)\s?="
# A bound on the options: a line of nothing else would be read again and again.
_FISH = r"\bset\s+(?:-\S+\s+){1,9}([A-Za-z_][A-Za-z0-9_]*)\s"
_NU = r"\$env\.([A-Za-z_][A-Za-z0-9_]*)\s*="
_CSH = r"\bsetenv\s+([A-Za-z_][A-Za-z0-9_]*)\s"
_PAM = r"\b([A-Za-z_][A-Za-z0-9_]*)\s+(?:DEFAULT|OVERRIDE)="
_FORMS = (_POSIX, _FISH, _NU, _CSH, _PAM)

# Nobody writes a literal like that, and `find_exports` would try every way to
# divide the space.
_WIDE = r"\s{30}"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line that sets a variable; `value` None: it is computed."""

    line: int  # from 1
    name: str
    value: str | None = field(default=None, repr=False)
    text: str = field(default="", repr=False)  # the line as it stands
    path: str = ""

    @property
    def certain(self) -> bool:
        """Tell whether the line's value is known to be this one."""
        return self.value is not None

    @property
    def place(self) -> str:
        """The file and line."""
        return f"{self.path}:{self.line}"


def find_assignments(
    text: str, names: Collection[str], path: str = ""
) -> list[Assignment]:
    """Return the lines of a file that set one of these variables."""
    if not any(name in text for name in names):
        return []
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("#") or not any(n in line for n in names):
            continue
        exports = [] if re.search(_WIDE, line) else find_exports(line, names)
        literals = {e.name: e.value for e in exports}
        words = {m[1] for form in _FORMS for m in re.finditer(form, line)}
        found += [
            Assignment(number, name, literals.get(name), line, path)
            for name in sorted(words & set(names))
        ]
    return found
