"""What choosing would do, below the list, once the pointer rests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from prompt_toolkit.application import get_app
from prompt_toolkit.formatted_text import StyleAndTextTuples

from keyswitch.cli import style
from keyswitch.cli.choosing.choices import Preview
from keyswitch.display import printable

REST = 0.08  # seconds on one row, after which its preview is made
_MOST = 7  # lines, the title's included


class Pane:
    """The preview of the name that is pointed at, made once for each.

    None is made while keys come: they are never waited for.
    """

    def __init__(self, preview: Preview | None) -> None:
        self.is_there = preview is not None
        self._preview = preview
        self._made: dict[str, Sequence[str]] = {}
        self._wanted = ""
        self._timer: asyncio.TimerHandle | None = None

    @staticmethod
    def height(lines: int) -> int:
        """Return how many lines it takes of a terminal's."""
        return min(_MOST, lines // 3)

    def drawn(self, name: str, columns: int, height: int) -> StyleAndTextTuples:
        """Return its lines; those that do not fit are counted."""
        if name != self._wanted:
            self._want(name)
        title = f"'use {name}' would change:" if name else ""
        drawn: StyleAndTextTuples = [(f"class:{style.DIM}", title)]
        lines = [
            part
            for line in self._made.get(name, ())
            for part in _fitting(printable(line), columns)
        ]
        room = height - 1
        if len(lines) > room:
            rest = len(lines) - room + 1
            lines[room - 1 :] = [f"… {rest} more lines"]
        return drawn + [("", f"\n{line}") for line in lines]

    def _want(self, name: str) -> None:
        self._wanted = name
        if self._timer is not None:
            self._timer.cancel()
        if name and name not in self._made:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(REST, self._make, name)

    def _make(self, name: str) -> None:
        if self._preview is not None:
            self._made[name] = self._preview(name)
            get_app().invalidate()


def _fitting(line: str, columns: int) -> list[str]:
    """Return a line wrapped at words; a word that is too long is cut."""
    room = max(columns - len(style.GAP), 1)
    parts = [style.shortened(part, room) for part in style.wrapped(line, room)]
    return parts[:1] + [f"{style.GAP}{part}" for part in parts[1:]]
