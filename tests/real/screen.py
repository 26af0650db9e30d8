"""The interactive Claude Code in a pseudo-terminal, as a person sees it."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Self

import pexpect
import pyte

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

ROWS, COLUMNS = 60, 180
WAIT = 40  # seconds until something that is not shown is a failure
_STEP = 0.1
# Alone, it is the place where a person types.
_INPUT = "\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}"


class Screen:
    """A program with a terminal of its own; what it draws, as lines."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path
    ) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._child = pexpect.spawn(
            command[0],
            list(command[1:]),
            env={**env, "TERM": "xterm-256color"},
            cwd=str(cwd),
            dimensions=(ROWS, COLUMNS),
            timeout=WAIT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *unused: object) -> None:
        self._child.kill(signal.SIGKILL)
        self._child.wait()
        self._child.close()

    @property
    def text(self) -> str:
        """Return what is shown now, without empty lines."""
        lines = (line.rstrip() for line in self._screen.display)
        return "\n".join(line for line in lines if line)

    def _look(self) -> None:
        try:
            self._stream.feed(self._child.read_nonblocking(1 << 16, _STEP))
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            raise AssertionError(f"it has ended:\n{self.text}") from None

    def until(self, seen: Callable[[str], bool]) -> str:
        """Return what is shown as soon as `seen` holds of it."""
        end = time.monotonic() + WAIT
        while not seen(self.text):
            assert time.monotonic() < end, f"it waits at:\n{self.text}"
            self._look()
        return self.text

    def settle(self, seconds: float = 1.5) -> str:
        """Return what is shown after a while: notices come late."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._look()
        return self.text

    def ready(self) -> str:
        """Return what is shown once a person may type."""
        self.until(lambda text: _INPUT in text)
        return self.settle()

    def type(self, text: str) -> None:
        """Type something and press Enter."""
        self._child.send(text)
        self.settle(0.3)
        self._child.send("\r")
