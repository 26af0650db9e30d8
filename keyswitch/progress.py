"""How far a command is, on one line of a terminal."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.cli.session import Session
    from keyswitch.secret import Secret

_PATIENCE = 0.5  # seconds before a person is told how far it is
_CLEAR = "\r\x1b[K"  # to the beginning of the line, and nothing on it


class Progress:
    """How many of a number are done, after a moment; `done` says what is."""

    def __init__(self, session: Session, total: int, done: str) -> None:
        self._shown = False
        self._wanted = not session.quiet and os.isatty(2)
        self._total = total
        self._done = done
        self._begin = time.monotonic() + _PATIENCE

    def __call__(self, done: int) -> None:
        """Say how many are done now."""
        if self._wanted and time.monotonic() >= self._begin:
            self._shown = True
            sys.stderr.write(
                f"{_CLEAR}keyswitch: {done} of {self._total} {self._done}"
            )
            sys.stderr.flush()

    def beside(self, ask: Callable[[str], Secret]) -> Callable[[str], Secret]:
        """Return what asks a person on an empty line."""

        def asked(question: str) -> Secret:
            self.clear()
            return ask(question)

        return asked

    def clear(self) -> None:
        """Leave the line empty."""
        if self._shown:
            self._shown = False
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
