"""Which start file sets a variable of this process, as file and line.

A process does not know where its variables come from, so this looks for a
line that sets the same value; failing that, for one that computes it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from functools import cached_property
from itertools import islice

from keyswitch.disk.atomic import read_regular
from keyswitch.disk.opening import upwards
from keyswitch.errors import KeyswitchError
from keyswitch.shells.rc_lines import (
    DIRECTORY_FILES,
    SESSION_FILES,
    SYSTEM_FILES,
    Assignment,
    find_assignments,
)
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.targets.verdict import Source

_LIMIT = 1 << 20  # bytes of a start file that is looked into
_DEPTH = 20  # directories above the working directory


class StartFiles:
    """Every start file of a scene's person, read once."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def paths(self) -> Iterator[str]:
        """Yield the files that may be there, a directory's own first."""
        scene, zdotdir = self.scene, self.scene.environ.get("ZDOTDIR", "")
        for folder in islice(upwards(scene.cwd), _DEPTH):
            for name in DIRECTORY_FILES:
                yield os.path.join(folder, name)
        for name in SESSION_FILES:
            yield from _expanded(scene.home, name)
            if zdotdir and name.startswith(".z"):
                yield os.path.join(zdotdir, name)
        for name in SYSTEM_FILES:
            yield from _expanded("/", name.lstrip("/"))

    @cached_property
    def texts(self) -> dict[str, str]:
        """The texts of the files that are there, by path."""
        found = {path: read_text(path) for path in dict.fromkeys(self.paths())}
        return {path: text for path, text in found.items() if text}

    def assignments(self, names: Collection[str]) -> list[Assignment]:
        """Return every line that sets one of these variables."""
        return [
            found
            for path, text in self.texts.items()
            for found in find_assignments(text, names, path)
        ]

    def origin(self, source: Source) -> Assignment | None:
        """Return the line that probably sets a variable of this process."""
        value = self.scene.environ.get(source.name)
        if source.set_by != "process" or source.kind == "file_descriptor":
            return None
        found = self.assignments({source.name}) if value is not None else []
        same = [o for o in found if o.value == value]
        computed = [o for o in found if o.value is None]
        return next(iter(same + computed), None)


def _expanded(folder: str, pattern: str) -> list[str]:
    if "*" not in pattern:
        return [os.path.join(folder, pattern)]
    import glob

    return sorted(glob.glob(os.path.join(glob.escape(folder), pattern)))


def read_text(path: str) -> str:
    """Return a small file's text, "" if it cannot be read."""
    try:
        data = read_regular(path, _LIMIT)
    except (KeyswitchError, ValueError):
        return ""
    return data.decode("utf-8", "replace") if data else ""
