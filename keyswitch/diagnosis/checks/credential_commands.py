"""The commands that Claude Code runs for a credential."""

from __future__ import annotations

import os
import shlex
import shutil
from typing import TYPE_CHECKING

from keyswitch.diagnosis.finding import ERROR, NOTE, WARNING, Finding
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.situation import Situation
    from keyswitch.diagnosis.verdict import Value

KEYS = ("apiKeyHelper", "awsCredentialExport")
SLOW = 2.0  # seconds; Claude Code tells a person after ten

# What a shell command may begin with that is no program's name.
_SHELL_WORDS = frozenset("([{!|&;<>$`'\"\\~*?")
_BUILT_IN = frozenset(
    [
        "case",
        "cat",
        "cd",
        "command",
        "echo",
        "eval",
        "exec",
        "exit",
        "export",
        "for",
        "if",
        "printf",
        "read",
        "set",
        "test",
        "trap",
        "umask",
        "unset",
        "until",
        "while",
    ]
)
# What comes of a command that gives nothing.
_OTHERWISE = {
    "apiKeyHelper": "Claude Code sends an empty key then, and the request "
    "fails",
    "awsCredentialExport": "Claude Code silently falls back to the machine's "
    "own identity",
}


def commands(situation: Situation) -> Iterator[Finding]:
    """Find helpers that cannot run, do not answer, or are somebody else's."""
    for key in KEYS:
        command = situation.scene.command(key)
        if command is None:
            continue
        problem = _cannot_run(situation, command)
        if problem:
            yield _broken(situation, key, command, *problem)
        else:
            yield from _answered(situation, key, command)
        yield from _foreign(situation, key, command)


def program_of(command: str) -> str:
    """Return the program that a shell command starts, "" if not plain."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    while words and "=" in words[0].partition("/")[0]:
        words = words[1:]  # NAME=value before the command
    word = words[0] if words else ""
    return "" if not word or word[0] in _SHELL_WORDS else word


def _cannot_run(situation: Situation, command: Value) -> tuple[str, str] | None:
    """Return (what, fix) if the command's program cannot be started."""
    word = program_of(command.text)
    if not word or word in _BUILT_IN:
        return None
    if "/" not in word:
        path = situation.scene.environ.get("PATH", os.defpath)
        if shutil.which(word, path=path):
            return None
        return f"there is no program '{word}'", "install it, or remove the key"
    word = os.path.join(situation.scene.cwd, word)
    if not os.path.exists(word):
        return f"{word} does not exist", "mend or remove it"
    if os.path.isdir(word) or not os.access(word, os.X_OK):
        return f"{word} is not executable", f"chmod u+x {shlex.quote(word)}"
    return None


def _broken(
    situation: Situation, key: str, command: Value, what: str, fix: str
) -> Finding:
    place = situation.place(command.source)
    ours = situation.accounts.looks_like_ours(command.text)
    if ours:
        name = situation.chosen.name or "NAME"
        fix = f"keyswitch moved: keyswitch use {name} writes the new path"
    return Finding(
        "helper-broken",
        ERROR,
        f"{key} cannot run: {what}",
        _OTHERWISE[key],
        f"{fix} ({place})",
        place,
    )


def _answered(
    situation: Situation, key: str, command: Value
) -> Iterator[Finding]:
    """Say how it went, if a person had it run."""
    ran = situation.ran(command)
    if ran is None:
        return
    place = situation.place(command.source)
    if ran.problem:
        yield Finding(
            "helper-failing",
            ERROR,
            f"{key} {ran.problem}",
            _OTHERWISE[key],
            f"run it by hand to see why, or remove '{key}' from {place}",
            place,
        )
    elif ran.seconds > SLOW:
        yield Finding(
            "helper-slow",
            WARNING,
            f"{key} took {ran.seconds:.1f} s",
            "every session waits for it, and again each time it is renewed",
            f"make it faster, or cache its answer; it stands in {place}",
            place,
        )


def _foreign(
    situation: Situation, key: str, command: Value
) -> Iterator[Finding]:
    place = situation.place(command.source)
    if command.source.set_by in rules.REPOSITORY_LEVELS:
        yield Finding(
            "helper-of-repository",
            WARNING,
            f"{key} comes with this directory's settings",
            "it runs as you, with your variables",
            f"look at it before you trust this directory, or remove '{key}' "
            f"from {place}",
            place,
        )
    elif situation.chosen.name and not situation.accounts.looks_like_ours(
        command.text
    ):
        yield Finding(
            "helper-not-ours",
            NOTE,
            f"{key} is not keyswitch's",
            "'keyswitch use' puts its own in its place and keeps this one",
            f"keyswitch use {situation.chosen.name}",
            place,
        )
