"""What a command has changed so far, for what it says when it ends early.

The place where it was interrupted, or failed, does not tell that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class SoFar:
    """The changes of one command, as each becomes final."""

    def __init__(self) -> None:
        self.changes: list[str] = []  # the file that made each one final
        self.beside: list[str] = []  # what else is done, in words
        self._of = 1  # changes that the command consists of

    def to_come(self, number: int) -> None:
        """Note that the command has so many changes left to make."""
        self._of = len(self.changes) + number

    @contextmanager
    def aside(self, what: str) -> Iterator[None]:
        """Count what a block changes beside the command's own change.

        `what` are the words for it. A block that fails has done a part.
        """
        before = len(self.changes)
        self._of += 1
        yield
        self._of -= 1
        if len(self.changes) > before:
            self.beside.append(what)
        del self.changes[before:]

    @property
    def made(self) -> str:
        """What is done of what the command was to do, in words; "": nothing."""
        if not self.changes:
            return ""
        if len(self.changes) < self._of:
            return "part of it is done"
        return "the change is made"

    def __str__(self) -> str:
        """Return what the last line of an interrupted command says."""
        if self.made:
            return f"but {self.made}"
        besides = f" except {' and '.join(self.beside)}" if self.beside else ""
        return f"nothing changed{besides}"


so_far = SoFar()
