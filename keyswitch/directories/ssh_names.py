"""The hosts that a name of an ssh address stands for, by ssh's configuration.

Read and not run: `ssh -G` would run commands of it. Where a condition is not
known to fail, it counts as met, so there may be more hosts than ssh would take.
"""

from __future__ import annotations

import glob
import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from keyswitch.directories import remotes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LIMIT = 1 << 20  # bytes of a file
_DEEPEST = 16  # files that include each other, as in ssh


def hosts_of(name: str, home: str) -> list[str]:
    """Return the other hosts that ssh may connect to for a name."""
    return [
        host
        for folder in (home + "/.ssh", "/etc/ssh")
        for file in ("config", "ssh_config")
        for host in _named_in(os.path.join(folder, file), name, home)
    ]


def _named_in(path: str, name: str, home: str, depth: int = 0) -> Iterator[str]:
    applies = True
    for line in remotes.read(path, _LIMIT).splitlines():
        words = [w.strip('"') for w in line.replace("=", " ", 1).split()]
        key, values = (words[0].lower(), words[1:]) if words else ("", [])
        if key == "host":
            applies = _is_meant(name, values)
        elif key == "match":
            applies = True
        elif not applies or not values:
            continue
        elif key == "hostname":
            yield values[0].replace("%h", name)
        elif key == "canonicaldomains":
            yield from (f"{name}.{domain}" for domain in values)
        elif key == "include" and depth < _DEEPEST:
            for pattern in values:
                for file in _files(pattern, os.path.dirname(path), home):
                    yield from _named_in(file, name, home, depth + 1)


def _is_meant(name: str, patterns: Sequence[str]) -> bool:
    wanted = [p.lower() for p in patterns]
    if any(p[0] == "!" and fnmatchcase(name, p[1:]) for p in wanted if p):
        return False
    return any(fnmatchcase(name, p) for p in wanted)


def _files(pattern: str, folder: str, home: str) -> list[str]:
    if pattern.startswith("~/"):
        pattern = home + pattern[1:]
    return sorted(glob.glob(os.path.join(folder, pattern)))
