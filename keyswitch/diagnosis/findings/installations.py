"""Where there is a Claude Code on this machine. Nothing is started."""

from __future__ import annotations

import json
import os
import re
from typing import NamedTuple

from keyswitch.disk.atomic import read_regular
from keyswitch.errors import KeyswitchError

# Where installers put it besides PATH, relative to the home directory.
_USUAL = (".local/bin/claude", ".claude/local/claude", ".npm-global/bin/claude")
_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){2}")


class Install(NamedTuple):
    """One `claude` that could be started."""

    path: str
    target: str  # with links followed
    version: str = ""  # "" where no file tells it


def installs(environ_path: str, home: str) -> list[Install]:
    """Return every Claude Code, in the order in which a shell finds them."""
    found: dict[str, Install] = {}
    places = [os.path.join(f, "claude") for f in environ_path.split(":") if f]
    places += [os.path.join(home, name) for name in _USUAL]
    for path in places:
        if not os.access(path, os.X_OK) or os.path.isdir(path):
            continue
        target = os.path.realpath(path)
        found.setdefault(target, Install(path, target, version_of(target)))
    return list(found.values())


def version_of(target: str) -> str:
    """Return an installation's version, from its path or its package file."""
    named = _VERSION.fullmatch(os.path.basename(target))
    if named:
        return named[0]  # as the native installer keeps them
    folder = os.path.dirname(target)
    for _ in range(2):
        try:
            data = read_regular(os.path.join(folder, "package.json"), 1 << 20)
            document = json.loads(data) if data else {}
        except (KeyswitchError, ValueError, RecursionError):
            document = {}
        name = document.get("name") if isinstance(document, dict) else None
        if isinstance(name, str) and "claude-code" in name:
            found = _VERSION.match(str(document.get("version")))
            return found[0] if found else ""
        folder = os.path.dirname(folder)
    return ""
