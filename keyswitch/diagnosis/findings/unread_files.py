"""Files of Claude Code that say nothing though they are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from shlex import quote

from keyswitch.diagnosis.findings.situation import Scene, Situation
from keyswitch.targets.claude_code.login.stored import parsed
from keyswitch.targets.claude_code.resolver.resolve import name_of, stops
from keyswitch.targets.claude_code.settings.settings_file import (
    SettingsFile,
)
from keyswitch.targets.verdict import ERROR, SERVER, WARNING, Finding


def passed_over(situation: Situation) -> Iterator[Finding]:
    """Find each of its files that says nothing though it is there.

    Observed, Claude Code 2.1.330 and 2.1.332: a settings file, `.claude.json`
    or `.credentials.json` that is a directory, a link to nothing or a loop of
    links counts as absent. Managed settings that cannot be read stop it.
    """
    found = [
        *_settings(situation),
        *_global_config(situation),
        *_credentials(situation),
    ]
    yield from found
    said = {finding.place for finding in found}
    said |= {f.path for f in situation.scene.files if f.problem}
    for path, problem in situation.scene.unread.items():
        if path not in said:
            what = f"{path} is ignored: {problem}"
            why = "Claude Code behaves as if it did not exist"
            fix = f"replace {path} with a file that can be read"
            yield Finding("file-unreadable", WARNING, what, why, fix, path)


def _settings(situation: Situation) -> Iterator[Finding]:
    for file in situation.scene.files:
        if not file.problem:
            continue
        place, refused = name_of(file), stops(file)
        does = "refuses to start for" if refused else "ignores all of"
        what = f"Claude Code {does} {place}: {file.problem}"
        why = (
            "JSON allows no comments or trailing commas; a single wrong type "
            "is enough"
        )
        if not file.text:  # nothing of it was read
            why = "it says so and stops" if refused else "it does not say so"
        fix = f"correct {at_fault(file)}"
        if file.level == SERVER:
            why = "Claude Code asks for it again at its next start"
            fix = f"rm {quote(place)}"
        yield Finding("settings-ignored", ERROR, what, why, fix, place)


def at_fault(file: SettingsFile) -> str:
    """Return a broken settings file with the line, where that is known."""
    found = re.search(r"\bline (\d+)", file.problem)
    return f"{name_of(file)}:{found[1]}" if found else name_of(file)


def _global_config(situation: Situation) -> Iterator[Finding]:
    scene = situation.scene
    path = scene.places.global_config
    if scene.config.broken:
        what = f"{path} is not valid JSON, and Claude Code does not start"
        why = (
            "a crash or a full disk cut it short, or a tool wrote only part "
            "of it"
        )
        copy = _newest_good_copy(scene)
        fix = f"correct {path}"
        if copy:
            why = f"{why}; {copy} is the newest good copy"
            fix = f"cp {quote(copy)} {quote(path)}"
        yield Finding("config-corrupted", ERROR, what, why, fix, path)
    elif path in scene.unread:
        what = f"Claude Code ignores {path}: {scene.unread[path]}"
        why = (
            "it starts as if new: no account, no saved answers, no trusted "
            "folders"
        )
        fix = f"mv {quote(path)} {quote(path + '.old')}"
        yield Finding("config-unreadable", ERROR, what, why, fix, path)


def _newest_good_copy(scene: Scene) -> str:
    """Return the newest copy of `.claude.json` that can be read, or ""."""
    # Each is named by the milliseconds at which Claude Code made it.
    for path in reversed(scene.listed(scene.places.backups)):
        if ".backup." in path and parsed(scene.read(path) or b"") is not None:
            return path
    return ""


def _credentials(situation: Situation) -> Iterator[Finding]:
    scene = situation.scene
    path = scene.places.credentials
    data, problem = scene.read(path), scene.unread.get(path, "")
    if data and data.startswith(b"\xef\xbb\xbf"):
        problem = "it starts with a byte order mark"
    elif data and data.strip() and parsed(data) is None:
        problem = "it is not a JSON object"
    if problem:
        what = f"Claude Code cannot read {path}: {problem}"
        why = "it behaves as if there were no login, and does not say so"
        fix = f"correct {path}"
        yield Finding("login-unreadable", ERROR, what, why, fix, path)
