"""Masks secrets in a stream of bytes, wherever it is cut into pieces.

Text that cannot begin a secret is passed on at once. What can is held until it
is clear. What sets a colour or moves the cursor within a secret stays, on a
screen its line ends, too: so what follows is shown where it was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyswitch.switching.redacting.automaton import Automaton, Reading

_KEPT = re.compile(rb"\x1b\[[ -?]*[@-~]")
_KEPT_ON_SCREEN = re.compile(rb"\x1b\[[ -?]*[@-~]|[\r\n]")


class Masker:
    """One stream on its way through; what it returns may be shown.

    Where a secret could be read in two ways, the one that begins first counts,
    and of those the longest.
    """

    def __init__(
        self, automaton: Automaton, *, is_screen: bool = False
    ) -> None:
        self._automaton = automaton
        self._kept = _KEPT_ON_SCREEN if is_screen else _KEPT
        self._text = b""  # what is not done with
        self._shown = 0  # bytes of it that are out already
        self._from = 0  # where to look for a secret's beginning
        self._state: Reading | None = None  # in a secret, as it seems
        self._start = self._at = 0  # where it begins, and how far it was read
        self._end, self._label = 0, b""  # of as much as is enough to mask
        self._is_masked = False  # the mask is out already

    @property
    def holds(self) -> bool:
        """Tell whether something is held, since it may begin a secret."""
        return self._state is not None

    def feed(self, data: bytes) -> bytes:
        """Take in more, and return what is clear."""
        self._text += data
        return self._advance(is_end=False)

    def end(self) -> bytes:
        """Return the rest."""
        return self._advance(is_end=True)

    def pause(self) -> bytes:
        """Return what may be shown while nothing more comes.

        A prompt may end like a secret begins. More than its first characters
        is not shown; what comes then is still known to continue them.
        """
        if self._state is None:
            return b""
        if self._label:
            out = self._mask()
            self._shown = max(self._shown, self._end)
            self._is_masked = True
            return out
        if self._is_beyond():
            return b""
        out = self._text[self._shown :]
        self._shown = len(self._text)
        return out

    def _is_beyond(self) -> bool:
        """Tell whether more is held than may be shown of a secret."""
        states = [self._state]
        for start in range(self._start + 1, len(self._text)):
            state: Reading | None = self._automaton.start
            for byte in self._text[start:]:
                state = state and self._automaton.step(state, byte)
            states.append(state)
        return any(state and state.beyond for state in states)

    def _advance(self, *, is_end: bool) -> bytes:
        out: list[bytes] = []
        done = 0
        while True:
            if self._state is None and not self._seek():
                done = self._pass(out, done, len(self._text))
                break
            self._read()
            if self._state is not None and not is_end:
                done = self._pass(out, done, self._start)
                break
            self._state = None
            self._from = self._start + 1
            if self._label:
                self._pass(out, done, self._start)
                done = self._from = self._end
                out.append(self._mask())
        self._forget(done)
        return b"".join(out)

    def _seek(self) -> bool:
        """Go to the next beginning of a secret, if there is one."""
        found = self._automaton.find(self._text, self._from)
        if found is None:
            return False
        self._start = self._at = found.start()
        self._state, self._label = self._automaton.start, b""
        self._is_masked = False
        return True

    def _read(self) -> None:
        """Read on, until it is no secret or the text ends."""
        state, step = self._state, self._automaton.step
        text = self._text
        while state is not None and self._at < len(text):
            state = step(state, text[self._at])
            self._at += 1
            if state is not None and state.label:
                self._end, self._label = self._at, state.label
        self._state = state

    def _mask(self) -> bytes:
        """Return what is shown of a secret, unless it was."""
        if self._end <= self._shown:
            return b""
        text = self._text[max(self._start, self._shown) : self._end]
        label = b"" if self._is_masked else self._label
        return b"".join([label, *self._kept.findall(text)])

    def _pass(self, out: list[bytes], done: int, end: int) -> int:
        """Pass on plain text, without what is out already."""
        out.append(self._text[max(done, self._shown) : end])
        return end

    def _forget(self, done: int) -> None:
        self._text = self._text[done:]
        self._shown = max(self._shown - done, 0)
        self._from = max(self._from - done, 0)
        for name in ("_start", "_at", "_end"):
            setattr(self, name, getattr(self, name) - done)
