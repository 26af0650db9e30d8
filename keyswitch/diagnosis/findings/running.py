"""Run a helper as Claude Code would, for a person who asked for that.

Observed, Claude Code 2.1.330: `/bin/sh -c` in the working directory, with the
variables of the session and of settings, but not of a repository's.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyswitch.errors import InputError
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.verdict import Value

LIMIT = 10.0  # seconds
COMMANDS = (rules.HELPER, rules.AWS_EXPORT)
_ANSWER_LIMIT = 1 << 20  # bytes that are looked at


@dataclass(frozen=True, slots=True)
class Ran:
    """How a helper ended. `problem` is "" where it gave an answer."""

    answer: str = field(repr=False)
    seconds: float
    problem: str = ""


def require_trust(scene: Scene, trusts: Callable[[Value], bool]) -> None:
    """Raise where a program of a repository would be run without a yes."""
    for key in COMMANDS:
        command = scene.command(key)
        if (
            command is not None
            and command.source.set_by in rules.REPOSITORY_LEVELS
            and not trusts(command)
        ):
            raise InputError(
                f"not run: a repository's settings name {key} "
                f"({command.source.place})",
                "look at that file; on a terminal keyswitch asks about it",
            )


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
        return None if found.problem else found.answer

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
            return Ran("", 0.0, f"cannot be started: {e}")
        try:
            out, _ = child.communicate(timeout=self.limit)
        except subprocess.TimeoutExpired:
            # The whole group: what the shell started would live on.
            os.killpg(child.pid, signal.SIGKILL)
            # Not communicate: what left the group may hold the pipe open.
            if child.stdout is not None:
                child.stdout.close()
            child.wait()
            return Ran("", self.limit, f"no answer within {self.limit:.0f} s")
        seconds = time.monotonic() - began
        if child.returncode:
            return Ran("", seconds, f"ends with status {child.returncode}")
        text = out[:_ANSWER_LIMIT].decode("utf-8", "replace")
        return Ran(text, seconds, "" if text.strip() else "prints nothing")
