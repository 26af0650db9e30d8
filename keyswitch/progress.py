"""What takes long and what is waited for, on one line of a terminal.

Whoever may take long opens a `Progress`. After half a second a thread draws its
line on standard error; it is cleared when the step ends. Nothing is drawn
where standard error is no terminal, or with `--quiet`. Loaded only by what
waits: the express lane answers without it.
"""

from __future__ import annotations

import _thread
import os
import time

from keyswitch.display import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

PATIENCE = 0.5  # seconds before a person is told
_BETWEEN = 0.2  # seconds between two steps of one wait
EVERY = 0.1  # seconds between two looks
_ERASE = "\x1b[K"  # from here to the end of the line
_END = 12  # characters at the end of a line, which a cut leaves


class Progress:
    """A block that may take long: what is done in it, and how far it is.

    Nothing is drawn where `what` is empty. It ends by itself after `limit`
    seconds.
    """

    def __init__(
        self, what: str | Callable[[], str], total: int = 0, limit: float = 0
    ) -> None:
        self.what = what
        self.total = total
        self.limit = limit
        self.done = 0
        self.began = 0.0

    def __enter__(self) -> Self:
        self.began = time.monotonic()
        _line.push(self)
        return self

    def __exit__(self, *_: object) -> None:
        _line.pop(self)

    def text(self, now: float) -> str:
        """Return the step in words, with the seconds that it takes so far."""
        what = self.what if isinstance(self.what, str) else self.what()
        if self.total:
            what = f"{what}: {self.done} of {self.total}"
        seconds = int(now - self.began)
        limit = f"of {self.limit:g} " if self.limit else ""
        return f"{what}, {seconds} {limit}s" if what and seconds else what


def aside() -> Progress:
    """Return a step in which something is printed, or a person is asked."""
    return Progress("")


class _Line:
    """The line: the steps that are open, drawn by a thread of its own."""

    def __init__(self) -> None:
        self._lock = _thread.RLock()
        self._main = _thread.get_ident()
        self._steps: list[Progress] = []
        self._ended: _thread.LockType | None = None  # held while a thread runs
        self._drawn = ""
        # When a person began to wait, and the last step ended.
        self._since = self._until = 0.0
        self._is_lent = self._is_off = False

    def push(self, step: Progress) -> None:
        """Begin a step. Those of other threads are parts of one of these."""
        if self._is_off or _thread.get_ident() != self._main:
            return
        if not self._steps and not (step.what and os.isatty(2)):
            return
        with self._lock:
            self._clear()
            if not self._steps and step.began - self._until > _BETWEEN:
                self._since = step.began
            self._steps.append(step)
            if self._ended is None:
                self._ended = _thread.allocate_lock()
                self._ended.acquire()
                _thread.start_new_thread(self._draw_on, (self._ended,))

    def pop(self, step: Progress) -> None:
        """End a step; the line is empty then."""
        if step not in self._steps:
            return
        with self._lock:
            self._clear()
            del self._steps[self._steps.index(step) :]
            if not self._steps and self._ended is not None:
                self._ended.release()
                self._ended = None
            self._until = now = time.monotonic()
            if not step.what:
                # While a person is asked, nobody waits.
                self._since = now
                for outer in self._steps:
                    outer.began += now - step.began

    def end(self) -> None:
        """End every step, and draw none from now on."""
        self._is_off = True
        for step in self._steps[:1]:
            self.pop(step)

    def lend(self) -> None:
        """Let another program write on the terminal.

        From now on the line is drawn once, below what is there.
        """
        with self._lock:
            self._clear()
            self._is_lent = True

    def take_back(self) -> None:
        """Take the terminal back; the line is drawn as before."""
        with self._lock:
            self._clear()
            self._is_lent = False

    def note(self, what: str) -> None:
        """Say what the innermost step does now."""
        if self._steps and self._steps[-1].what and not self._steps[-1].total:
            self._steps[-1].what = what

    def _clear(self) -> None:
        if self._drawn:
            _write(_cleared())
            self._drawn = ""

    def _draw_on(self, ended: _thread.LockType) -> None:
        while not ended.acquire(timeout=EVERY):
            with self._lock:
                if self._ended is ended:
                    self._draw()

    def _draw(self) -> None:
        step = self._steps[-1]
        if not step.what or (self._is_lent and self._drawn):
            return
        is_soon = time.monotonic() - self._since < PATIENCE
        if is_soon or not _may_draw(lent=self._is_lent):
            return
        line = _fitting(f"keyswitch: {_shortened(printable(self._text()))}")
        if line != self._drawn:
            # So many blanks end on a line that has nothing else on it.
            _write(" " * (_columns() - 1) if self._is_lent else _cleared())
            _write(f"\r{line}")
            self._drawn = line

    def _text(self) -> str:
        """Return how far the outer step is, and what it now waits for."""
        now = time.monotonic()
        outer, inner = self._steps[0], self._steps[-1]
        if inner is outer or now - inner.began < PATIENCE:
            return outer.text(now)
        if not outer.total:
            return inner.text(now)
        return f"{outer.text(now)}; {inner.text(now)}"


_line = _Line()
end = _line.end
lend = _line.lend
note = _line.note
take_back = _line.take_back


def _has_sequences() -> bool:
    return os.environ.get("TERM", "") not in ("", "dumb")


def _cleared() -> str:
    """Return what empties the line, with blanks where nothing else does."""
    blanks = "" if _has_sequences() else " " * (_columns() - 1)
    return f"\r{blanks}\r" + _ERASE * _has_sequences()


def _write(text: str) -> None:
    """Write past Python's buffers, whose locks the main thread may hold."""
    try:
        os.write(2, text.encode("utf-8", "replace"))
    except OSError:
        return  # nobody looks any more


def _may_draw(*, lent: bool) -> bool:
    """Tell whether the terminal is ours, and no program asks something on it.

    One that asks for a passphrase turns the echo off; one that draws, the
    line mode. `lent`: it is another program's now, by our will.
    """
    if os.name != "posix":
        return True
    import termios

    try:
        modes = termios.tcgetattr(2)[3]
        in_front = os.tcgetpgrp(2) == os.getpgrp()
    except (OSError, termios.error):
        return False
    usual = termios.ECHO | termios.ICANON
    return modes & usual == usual and (in_front or lent)


def _columns() -> int:
    try:
        return os.get_terminal_size(2).columns or 80
    except OSError:
        return 80


def _shortened(text: str) -> str:
    """Return a text with `~` for the home directory."""
    home = os.environ.get("HOME", "").rstrip("/")
    return text.replace(f"{home}/", "~/") if home else text


def _fitting(text: str) -> str:
    """Cut a line before its end, the seconds, so that it does not wrap.

    A second line would stay; a `^C` that is typed has to fit, too.
    """
    room = max(_columns() - 3, _END + 1)
    start, end = text[:-_END], text[-_END:]
    if _width(text) <= room:
        return text
    while start and _width(f"{start}…{end}") > room:
        start = start[:-1]
    return f"{start}…{end}"


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth

    return int(wcswidth(text))
