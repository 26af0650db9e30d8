"""Which start file sets a variable of this process, as file and line.

A process does not know where its variables come from, so this looks for a
line that sets the same value; failing that, for one that computes it.
"""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyswitch.disk.atomic import read_regular
from keyswitch.errors import KeyswitchError
from keyswitch.shells.rc_lines import (
    DIRECTORY_FILES,
    SESSION_FILES,
    SYSTEM_FILES,
    find_assignments,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_LIMIT = 1 << 20  # bytes of a start file that is looked into
_DEPTH = 20  # directories above the working directory


@dataclass(frozen=True, slots=True)
class Origin:
    """A line that sets a variable. Not `certain`: its value is computed."""

    name: str
    path: str
    line: int
    value: str | None = field(default=None, repr=False)
    text: str = field(default="", repr=False)  # the line as it stands

    @property
    def certain(self) -> bool:
        """Tell whether the line's value is known to be this one."""
        return self.value is not None

    @property
    def place(self) -> str:
        """The file and line."""
        return f"{self.path}:{self.line}"


class StartFiles:
    """Every start file of a person, read once."""

    def __init__(self, home: str, cwd: str, zdotdir: str = "") -> None:
        self.home = home
        self.cwd = cwd
        self.zdotdir = zdotdir
        self._texts: list[tuple[str, str]] | None = None

    def paths(self) -> Iterator[str]:
        """Yield the files that may be there, a directory's own first."""
        folder = self.cwd
        for _ in range(_DEPTH):
            for name in DIRECTORY_FILES:
                yield os.path.join(folder, name)
            parent = os.path.dirname(folder)
            if parent == folder:
                break
            folder = parent
        for name in SESSION_FILES:
            yield from _expanded(self.home, name)
            if self.zdotdir and name.startswith(".z"):
                yield os.path.join(self.zdotdir, name)
        for name in SYSTEM_FILES:
            yield from _expanded("/", name.lstrip("/"))

    def texts(self) -> list[tuple[str, str]]:
        """Return (path, text) of the files that are there."""
        if self._texts is None:
            found = {}
            for path in self.paths():
                text = _read(path) if path not in found else ""
                if text:
                    found[path] = text
            self._texts = list(found.items())
        return self._texts

    def assignments(self, names: Collection[str]) -> list[Origin]:
        """Return every line that sets one of these variables."""
        return [
            Origin(a.name, path, a.line, a.value, a.text)
            for path, text in self.texts()
            for a in find_assignments(text, names)
        ]

    def origin_of(self, name: str, value: str) -> Origin | None:
        """Return the line that probably set a variable to this value."""
        found = self.assignments({name})
        same = [o for o in found if o.value == value]
        computed = [o for o in found if o.value is None]
        return next(iter(same + computed), None)


def _expanded(folder: str, pattern: str) -> list[str]:
    if "*" not in pattern:
        return [os.path.join(folder, pattern)]
    return sorted(glob.glob(os.path.join(glob.escape(folder), pattern)))


def _read(path: str) -> str:
    try:
        data = read_regular(path, _LIMIT)
    except (KeyswitchError, ValueError):
        return ""
    return data.decode("utf-8", "replace") if data else ""
