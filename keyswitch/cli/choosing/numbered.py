"""Choosing a name from a numbered list, on any terminal.

It needs no cursor: over ssh and in a dumb terminal each line comes once.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import TextIO

import click

from keyswitch.cli import style
from keyswitch.cli.choosing.choices import ChoiceList
from keyswitch.cli.choosing.rows import columns_of, fitted
from keyswitch.cli.prompt import ask_line
from keyswitch.display import printable

_LEAST, _USUAL = 5, 20  # rows of one page
_ASIDE = 3  # lines beside them: the headers, what is left, the question
MORE = "+"
_START = 6  # columns of a number
_STDIN = 0  # a terminal, whatever the other streams are


def choose(
    question: str, listing: ChoiceList, environ: Mapping[str, str]
) -> str:
    """Let a person choose by number, name or a few letters of a row.

    Nothing at all cancels. What fits several rows leaves those.
    """
    with _where_a_person_looks() as out:
        page = _Page(listing, environ, out)
        page.show()
        while True:
            answer = ask_line(page.question(question))
            if not answer:
                raise click.Abort
            if name := page.answered(answer):
                return name


class _Page:
    """The rows that still match, of which some are shown."""

    def __init__(
        self, listing: ChoiceList, environ: Mapping[str, str], out: TextIO
    ) -> None:
        self._listing = listing
        self._environ = environ
        self._out = out
        self._numbers = {name: n for n, name in enumerate(listing.names, 1)}
        self._left: Sequence[str] = listing.names  # not shown yet

    def show(self) -> None:
        """Show the next rows, each with its number in the whole list."""
        size = max(_lines() - _ASIDE, _LEAST) if _lines() else _USUAL
        shown, self._left = self._left[:size], self._left[size:]
        table = [self._listing.cells(name) for name in shown]
        room = style.columns(self._environ, _STDIN) - _START
        widths = columns_of(table, self._listing.headers, room)
        titles = [
            style.Styled(text, style.DIM) for text in self._listing.headers
        ]
        self._write("", fitted(titles, widths))
        for name, cells in zip(shown, table, strict=True):
            self._write(str(self._numbers[name]), fitted(cells, widths))
        if self._left:
            self._write("", [f"… {len(self._left)} more"])

    def _write(self, number: str, cells: Sequence[style.Cell]) -> None:
        colour = style.is_coloured(style.STDERR, self._environ)
        *others, last = cells
        last = style.with_text(last, style.text_of(last).rstrip())
        painted = [style.painted(c, colour=colour) for c in (*others, last)]
        row = f"{number:>{_START - 2}}  {''.join(painted)}"
        self._out.write(f"{row.rstrip()}\n")

    def question(self, what: str) -> str:
        """Return the question, with what the answer may be."""
        more = f"; {MORE} for more" if self._left else ""
        return f"{what} (number, name or a few letters{more})"

    def answered(self, answer: str) -> str:
        """Return the name that an answer means, or "" and show what is left."""
        listing = self._listing
        if answer == MORE and self._left:
            self.show()
            return ""
        if answer.isdecimal() and 1 <= int(answer) <= len(listing.names):
            return listing.names[int(answer) - 1]
        if answer in listing.names:
            return answer
        for name in listing.unread:
            listing.row(name)
        listing.narrow(answer)
        if len(listing.matches) == 1 and not listing.guessed:
            return listing.matches[0]
        if listing.matches:
            self._left = listing.matches
            self.show()
            return ""
        style.tell(
            f"nothing matches '{printable(answer)}'",
            self._environ,
            style.Styled("warning", style.WARNING),
        )
        return ""


def _lines() -> int:
    """Return how many lines the terminal has; 0: it does not say."""
    try:
        return os.get_terminal_size(_STDIN).lines
    except OSError:
        return 0


@contextmanager
def _where_a_person_looks() -> Iterator[TextIO]:
    """Open the terminal where standard error is none."""
    if os.isatty(2) or os.name != "posix":
        yield sys.stderr
        return
    with (
        io.TextIOWrapper(
            io.FileIO(os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY), "w"),
            encoding=sys.stderr.encoding,
            errors="backslashreplace",
            write_through=True,
        ) as terminal,
        redirect_stderr(terminal),
    ):
        yield terminal
