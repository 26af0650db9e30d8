"""Where there is a Claude Code on this machine. None is started."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.disk.atomic import names_in, read_regular
from keyswitch.errors import KeyswitchError
from keyswitch.model import Frozen
from keyswitch.targets.claude_code import rules, versions
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.targets.verdict import NOTE, WARNING, Finding

# Where installers put it besides PATH, relative to the home directory.
_USUAL = (".local/bin/claude", ".claude/local/claude", ".npm-global/bin/claude")
# Editors start the program of their extension.
_EDITORS = (".vscode", ".vscode-server", ".cursor", ".windsurf")
_EXTENSION = "anthropic.claude-code-"
_VERSION = r"[0-9]{1,9}(?:\.[0-9]{1,9}){2}"
# Homebrew, mise and asdf name a folder by the version, Nix and pnpm call it
# claude-code-2.1.330 or claude-code@2.1.330.
_VERSION_FOLDER = rf"(?:.*claude-code[-@])?({_VERSION})(?![.\d])(?:[-+_].*)?"
_SCRIPT = 1 << 16  # bytes of a script that starts a program elsewhere


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
    """Return an installation's version as its files tell it, or "".

    By its path, by its package file, or by the path in a script that starts it.
    """
    found = _by_path(target) or _by_package(target)
    return found or next(filter(None, map(_by_path, _started_by(target))), "")


def _by_path(target: str) -> str:
    for name in reversed(target.split(os.sep)):
        found = re.fullmatch(_VERSION_FOLDER, name)
        if found:
            return found[1]
    return ""


def _by_package(target: str) -> str:
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


def _started_by(target: str) -> list[str]:
    """Return the paths to a Claude Code in a script of a package manager."""
    try:
        if os.path.getsize(target) > _SCRIPT:
            return []
        data = read_regular(target, _SCRIPT) or b""
    except (KeyswitchError, OSError):
        return []
    text = data.decode("utf-8", "replace") if data.startswith(b"#!") else ""
    return re.findall(r"[^\s\"'=:]*claude-code[^\s\"'=:]*", text)


def running(situation: Situation) -> Install | None:
    """Return the Claude Code that a verdict is about, if it is found."""
    scene = situation.scene
    if rules.entrypoint(scene.environ) == rules.VSCODE_ENTRYPOINT:
        return _of_editors(scene.home)
    return next(iter(installs(scene)), None)


def _of_editors(home: str) -> Install | None:
    """Return the newest extension of an editor."""
    found = []
    for editor in _EDITORS:
        folder = os.path.join(home, editor, "extensions")
        for name in names_in(folder):
            version = re.match(_VERSION, name.removeprefix(_EXTENSION))
            if version and name.startswith(_EXTENSION):
                found.append(Install(os.path.join(folder, name), version[0]))
    return max(found, key=lambda i: versions.parts(i.version), default=None)


class Prediction(Frozen):
    """Which version is here, and whether a prediction holds for it."""

    installed: str | None
    observed: tuple[str, ...]
    doubt: str | None


def prediction(situation: Situation) -> Prediction:
    """Return whether the rules were observed on the version that is here."""
    install = running(situation)
    installed = install.version if install else ""
    doubt = versions.doubt(installed) or None
    return Prediction(installed or None, versions.OBSERVED, doubt)


def unobserved(situation: Situation) -> Iterator[Finding]:
    """Find a version that the rules were not observed on."""
    install = running(situation)
    doubt = versions.doubt(install.version) if install else ""
    if install is None or not doubt:
        return
    known = [c.what for c in versions.old_behaviors_of(install.version)]
    why = "the prediction may be wrong"
    fix = "update keyswitch"
    if known:
        why, fix = f"{why}: {'; '.join(known)}", "claude update"
    what, path = doubt, install.path
    yield Finding("claude-version", NOTE, what, why, fix, path)


def duplicates(situation: Situation) -> Iterator[Finding]:
    """Find several installations."""
    found = installs(situation.scene)
    if len(found) > 1:
        listed = ", ".join(f"{i.path} ({i.version or '?'})" for i in found)
        path = found[0].path
        what = f"{len(found)} installations of Claude Code found"
        why = (
            f"{listed}; PATH decides which one runs, and they read credentials "
            "differently"
        )
        fix = f"remove {found[1].path}"
        yield Finding("claude-twice", WARNING, what, why, fix, path)
