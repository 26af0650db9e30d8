"""Where there is a Claude Code on this machine. None is started."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import KeyswitchError
from keyswitch.model import Frozen
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.targets.verdict import NOTE, WARNING, Finding

# Where installers put it besides PATH, relative to the home directory.
_USUAL = (".local/bin/claude", ".claude/local/claude", ".npm-global/bin/claude")
_VERSION = r"[0-9]{1,9}(?:\.[0-9]{1,9}){2}"


class Install(Frozen):
    """One `claude` that could be started."""

    path: str
    version: str = ""  # "" where no file tells it


def installs(scene: Scene) -> list[Install]:
    """Return every Claude Code, in the order in which a shell finds them."""
    found: dict[str, Install] = {}
    folders = scene.environ.get("PATH", "").split(":")
    places = [os.path.join(folder, "claude") for folder in folders if folder]
    places += [os.path.join(scene.home, name) for name in _USUAL]
    for path in places:
        if not os.access(path, os.X_OK) or os.path.isdir(path):
            continue
        target = os.path.realpath(path)
        found.setdefault(target, Install(path, version_of(target)))
    return list(found.values())


def version_of(target: str) -> str:
    """Return an installation's version, from its path or its package file."""
    named = re.fullmatch(_VERSION, os.path.basename(target))
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
            found = re.match(_VERSION, str(document.get("version")))
            return found[0] if found else ""
        folder = os.path.dirname(folder)
    return ""


def duplicates(situation: Situation) -> Iterator[Finding]:
    """Find several installations, and a version older than the observed one."""
    found = installs(situation.scene)
    if len(found) > 1:
        listed = ", ".join(f"{i.path} ({i.version or '?'})" for i in found)
        path = found[0].path
        what = f"there are {len(found)} installations of Claude Code"
        why = f"{listed}; PATH chooses, and they read credentials differently"
        fix = f"keep one, then: {path} update"
        yield Finding("claude-twice", WARNING, what, why, fix, path)
    version = found[0].version if found else ""
    known = rules.OBSERVED_VERSION
    if version and _parts(version) < _parts(known):
        what = f"Claude Code is {version}; what keyswitch knows is of {known}"
        why = "older versions lost logins and damaged files; that is fixed"
        fix, path = "claude update", found[0].path
        yield Finding("claude-old", NOTE, what, why, fix, path)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
