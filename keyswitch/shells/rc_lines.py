"""Lines of shell start files that set a variable, found as text.

Pure: text in, places out. A plain assignment of one literal value can be taken
out again. What is computed is found as well, to say where a variable may come
from, and left to the person.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from keyswitch.model import Frozen

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

# Patterns are compiled at their first use: most start files set nothing of
# interest. These are of a literal:
_NAME = r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
_VALUE = r"(?:'(?P<s>[^']*)'|\"(?P<d>[^\"$`\\]*)\"|(?P<p>[^\s'\"$`\\;#&|]*))"
_END = r"\s*(?:;\s*)?(?:#.*)?"
_LITERALS = (
    rf"\s*(?:export\s+)?{_NAME}={_VALUE}{_END}",
    rf"\s*set\s+(?:-[gxUL]+\s+|--\w+\s+)+{_NAME}\s+{_VALUE}{_END}",
    rf"\s*\$env\.{_NAME}\s*=\s*{_VALUE}\s*(?:#.*)?",
)
# And these of any value:
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


class Assignment(Frozen):
    """One line that sets a variable; `value` None: it is computed."""

    line: int  # from 1
    name: str
    value: str | None
    text: str  # the line as it stands
    path: str = ""
    _hidden = ("value", "text")

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


def find_exports(text: str, names: Collection[str]) -> list[Assignment]:
    """Return the lines that set one of these variables to a literal."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        for form in _LITERALS if len(line) <= LONGEST else ():
            match = re.fullmatch(form, line.rstrip("\r"))
            if match and match["name"] in names:
                value = match["s"] or match["d"] or match["p"] or ""
                if value:
                    found.append(Assignment(number, match["name"], value, line))
                break
    return found


def without_lines(text: str, numbers: Collection[int]) -> str:
    """Return the text without these lines; the others stay byte for byte."""
    lines = text.split("\n")
    kept = [line for n, line in enumerate(lines, 1) if n not in numbers]
    return "\n".join(kept)
