"""The commands that Claude Code runs for a credential.

Observed, Claude Code 2.1.330: `/bin/sh -c` in the working directory, with the
variables of the session and of settings, but not of a repository's.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
from collections.abc import Callable, Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.errors import InputError
from keyswitch.model import Frozen
from keyswitch.providers.shapes import public_prefix
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import cloud_rules, rules
from keyswitch.targets.claude_code.aws.printed_keys import exported_key
from keyswitch.targets.claude_code.resolver import aws
from keyswitch.targets.claude_code.resolver.candidates import one_word
from keyswitch.targets.claude_code.resolver.resolve import resolve
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.targets.claude_code.settings import wanted
from keyswitch.targets.verdict import ERROR, NOTE, WARNING, Finding, Value

KEYS = (rules.HELPER, rules.AWS_EXPORT)
SLOW = 2.0  # seconds; Claude Code tells a person after ten

# What a shell command may begin with that is no program's name.
_SHELL_WORDS = frozenset("([{!|&;<>$`'\"\\~*?")
# What a shell does by itself, or is sure to have.
_BUILT_IN = (
    ". : [ alias break case cat cd command continue echo eval exec exit export "
    "false for getopts hash if jobs kill local printf pwd read readonly return "
    "set shift source test times trap true type ulimit umask unset until wait "
    "while"
)
_KEY_LENGTH = 20  # characters of a word with digits that is no program's name
# What comes of a command that gives nothing.
_OTHERWISE = {
    rules.HELPER: "Claude Code then sends an empty key, and the request fails",
    rules.AWS_EXPORT: "Claude Code silently falls back to the machine's own "
    "identity",
    **dict.fromkeys(
        cloud_rules.REFRESHES,
        "Claude Code continues with the credentials that are there",
    ),
}


def commands(situation: Situation) -> Iterator[Finding]:
    """Find commands that cannot run, do not answer, or are not keyswitch's."""
    for key in (*KEYS, *cloud_rules.REFRESHES):
        command = situation.scene.command(key)
        if command is None:
            continue
        problem = _cannot_run(situation, command)
        place, used = situation.place(command.source), _is_used(situation, key)
        if problem:
            what, fix = problem
            why = f"{_OTHERWISE[key]} ({place})"
            if not wanted.is_keyswitch(command.text):
                fix = fix or f"correct '{key}' in {place}"
            elif command.source.set_by != "user":
                why = f"{why}; keyswitch did not add it"
                fix = f"remove '{key}' from {place}"
            else:
                why = f"{why}; keyswitch moved; a switch writes its new path"
                fix = situation.use_again
            grave = ERROR if used and key in KEYS else WARNING
            what = f"{key} cannot run: {what}"
            yield Finding("helper-broken", grave, what, why, fix, place)
        elif used and key in KEYS:
            yield from _answered(situation, key, command)
        if command.source.of_repository and (used or key in KEYS):
            what = f"{key} comes with this directory's settings"
            why = "it runs as you, with your variables, if you trust the folder"
            fix = f"remove '{key}' from {place}"
            yield Finding(
                "helper-of-repository", WARNING, what, why, fix, place
            )
        elif (
            key in KEYS
            and situation.chosen
            and not wanted.is_keyswitch(command.text)
        ):
            what = f"{key} does not belong to keyswitch"
            why = "'keyswitch use' replaces it, and 'keyswitch off' restores it"
            fix = situation.use_again
            yield Finding("helper-not-ours", NOTE, what, why, fix, place)


def program_of(command: str) -> str:
    """Return the program that a shell command starts, "" if not plain."""
    words = wanted.words_of(command)
    while words and "=" in words[0].partition("/")[0]:
        words = words[1:]  # NAME=value before the command
    word = words[0] if words else ""
    if not word or word[0] in _SHELL_WORDS:
        return ""
    for punctuation in ";|&<>()":
        word = word.partition(punctuation)[0]
    return "" if any(c in word for c in "$`*?[{") else word


def _is_used(situation: Situation, key: str) -> bool:
    """Tell whether Claude Code runs this command here at all."""
    provider, view = situation.verdict.provider, situation.view
    if key == rules.HELPER:
        sent = situation.verdict.request.headers
        return provider is None or any(h.source.name == key for h in sent)
    if provider is None or view.truthy(provider.skip):
        return False
    if key == cloud_rules.GOOGLE_REFRESH:
        order = cloud_rules.ORDERS[provider.name]
        return any(rule.source == key for rule in order)
    return provider.name in aws.SIGNED and not view.given(aws.BEARER_TOKEN)


def _seems_a_key(word: str) -> bool:
    """Tell whether somebody put the key itself in a command's place."""
    digits = any(c.isdigit() for c in word)
    return bool(public_prefix(word)) or (digits and len(word) >= _KEY_LENGTH)


def _cannot_run(situation: Situation, command: Value) -> tuple[str, str] | None:
    """Return (what, fix) if the command's program cannot be started.

    The fix is "" where the command has to be corrected.
    """
    word = program_of(command.text)
    if not word or word in _BUILT_IN.split():
        return None
    if "/" not in word:
        import shutil  # which loads compressors, and is seldom needed

        path = situation.view.text("PATH") or os.defpath
        if shutil.which(word, path=path):
            return None
        if _seems_a_key(word):
            name = situation.free_name("work")
            keep = f"keyswitch add {name} --provider anthropic"
            return "it looks like a key, not a command", keep
        return f"program not found: '{word}'", ""
    word = os.path.join(situation.scene.cwd, word)
    if not os.path.isdir(os.path.dirname(word)) and _seems_a_key(word):
        # A key may have slashes in it.
        return "its program is missing", ""
    if not os.path.exists(word):
        return f"{word} is missing", ""
    if os.path.isdir(word):
        return f"{word} is a folder", ""
    if not os.access(word, os.X_OK):
        return f"{word} is not executable", f"chmod u+x {shlex.quote(word)}"
    return None


def _answered(
    situation: Situation, key: str, command: Value
) -> Iterator[Finding]:
    """Find that a command that was run failed, or was slow."""
    if not isinstance(situation.run, Runner):
        return
    situation.run(command)
    ran = situation.run.ran[command.text]
    place = situation.place(command.source)
    problem, answer = ran.problem, ran.answer.reveal()
    if not problem and key == rules.HELPER and not one_word(answer):
        problem = "prints more than one word"
    elif not problem and key != rules.HELPER and not exported_key(answer):
        problem = "prints an incomplete set of keys"
    if problem:
        what = f"{key}: {problem}"
        why = f"{_OTHERWISE[key]}; run it by hand to see what is missing"
        fix = f"correct '{key}' in {place}"
        if words := situation.accounts.own_words(command.text):
            why, fix = _OTHERWISE[key], shlex.join(["keyswitch", *words])
        yield Finding("helper-failing", ERROR, what, why, fix, place)
    elif ran.seconds > SLOW:
        what = f"{key} took {ran.seconds:.1f} s"
        why = "every session waits for it at the start and at each renewal"
        fix = f"make '{key}' in {place} faster"
        yield Finding("helper-slow", WARNING, what, why, fix, place)


LIMIT = 10.0  # seconds
_ANSWER_LIMIT = 1 << 20  # bytes that are looked at


class Ran(Frozen):
    """How a helper ended. `problem` is "" where it gave an answer."""

    seconds: float
    problem: str = ""
    answer: Secret = Secret("")


def _to_run(scene: Scene) -> list[tuple[str, Value]]:
    """Return the commands that the resolver may run, with their settings.

    Such as the `credential_process` of a profile: the resolver itself says
    which one that is.
    """
    found = [(k, c) for k in KEYS if (c := scene.command(k)) is not None]

    def note(command: Value) -> None:
        if command.source.kind == "aws_profile":
            found.append((cloud_rules.PROCESS, command))

    resolve(scene, note)
    return found


def require_trust(scene: Scene, trusts: Callable[[Value], bool]) -> None:
    """Raise where a program of a repository would be run without a yes."""
    for key, command in _to_run(scene):
        of_repository = command.source.of_repository
        if of_repository and not trusts(command):
            raise InputError(
                f"not run: a repository's files name {key} "
                f"({command.source.place})",
                "check that file; on a terminal keyswitch asks whether to run "
                "it",
            )
        found = "" if of_repository else _file_here(scene, command.text)
        if found:
            raise InputError(
                f"not run: {key} ({command.source.place}) takes '{found}' "
                "from the current directory",
                f"set its full path in {command.source.path or 'settings'}",
            )


def _file_here(scene: Scene, command: str) -> str:
    """Return the word of a command that means another file in each place."""
    if os.path.realpath(scene.cwd) == os.path.realpath(scene.home):
        return ""
    for word in re.split(r"[\s;|&<>()'\"`=]+", command):
        if os.path.isabs(word):
            continue
        if word and os.path.isfile(os.path.join(scene.cwd, word)):
            return word
    return ""


class Runner:
    """Runs each command once and remembers how it went."""

    def __init__(self, scene: Scene, limit: float = LIMIT) -> None:
        self.scene = scene
        self.limit = limit
        self.ran: dict[str, Ran] = {}

    def __call__(self, command: Value) -> str | None:
        """Return the answer of a command, or None if it gives none."""
        if command.text not in self.ran:
            self.ran[command.text] = self._run(command.text)
        found = self.ran[command.text]
        return None if found.problem else found.answer.reveal()

    def _run(self, command: str) -> Ran:
        import subprocess
        import time

        began = time.monotonic()
        try:
            child = subprocess.Popen(
                ["/bin/sh", "-c", command],
                cwd=self.scene.cwd,
                env=self.scene.effective_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as e:
            return Ran(0.0, f"cannot be started: {e}")
        try:
            out, _ = child.communicate(timeout=self.limit)
        except subprocess.TimeoutExpired:
            # The whole group: what the shell started would live on.
            os.killpg(child.pid, signal.SIGKILL)
            # Not communicate: what left the group may hold the pipe open.
            if child.stdout is not None:
                child.stdout.close()
            child.wait()
            return Ran(self.limit, f"no answer within {self.limit:.0f} s")
        seconds = time.monotonic() - began
        if child.returncode:
            return Ran(seconds, f"failed with status {child.returncode}")
        text = out[:_ANSWER_LIMIT].decode("utf-8", "replace")
        problem = "" if text.strip() else "prints nothing"
        return Ran(seconds, problem, Secret(text))
