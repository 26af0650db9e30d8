"""Colour and columns, for a person who reads at a terminal.

Programs that read a pipe get plain text. Colours are the basic ones of every
terminal, by click's own styling: rich takes longer to load than `list` runs.
"""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Iterable, Sequence

from click import style as _ansi

from keyswitch.display import printable
from keyswitch.model import Frozen
from keyswitch.progress import aside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

AUTO, ALWAYS, NEVER = CHOICES = ("auto", "always", "never")

# The roles that a text can have.
NAME, GOOD, WARNING, ERROR, DIM = (
    "name", "good", "warning", "error", "dim",
)  # fmt: skip
_LOOKS: dict[str, dict[str, str | bool]] = {
    NAME: {"bold": True},
    GOOD: {"fg": "green"},
    WARNING: {"fg": "yellow"},
    ERROR: {"fg": "red", "bold": True},
    DIM: {"dim": True},
}

STDOUT, STDERR = 1, 2
FIX = "fix: "  # before a command
# Where a command begins within a message: behind a colon, with a program that
# messages name, or with a variable that is set for it.
_COMMAND = (
    r": (?=(?:[A-Z_]+=|(?:keyswitch|aws|az|bao|bw|chmod|claude|codex|cp|env"
    r"|eval|export|gcloud|gh|git|mv|op|pass|pip|pipx|rm|rmdir|security|tail"
    r"|unset|vault)\b)\S* \S)"
)
GAP = "  "  # between two columns
_NARROW = 24  # columns that a cell needs for wrapping to be worth it
_MOST_DIGITS = 5  # of a terminal's width
_MOST = 500  # columns that a cell may take at all
_LEAST = 12  # columns that are left of a cell, below headers
_WIDTH = 80  # columns, where the terminal does not say

# What `--color` said in this run.
_choice = [AUTO]


class Styled(Frozen):
    """A text with the role that decides its colour."""

    text: str
    role: str


Cell = str | Styled


def choose(choice: str) -> None:
    """Take over what `--color` says."""
    _choice[0] = choice


def is_coloured(stream: int, environ: Mapping[str, str]) -> bool:
    """Tell whether a stream gets colours.

    `--color` counts before NO_COLOR (https://no-color.org), which counts
    before CLICOLOR_FORCE and CLICOLOR (https://bixense.com/clicolors).
    """
    if _choice[0] != AUTO:
        return _choice[0] == ALWAYS
    if environ.get("NO_COLOR"):
        return False
    if environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    if environ.get("CLICOLOR") == "0" or not os.isatty(stream):
        return False
    if os.name == "nt" and "WT_SESSION" in environ:  # it sets no TERM
        return True
    return environ.get("TERM", "") not in ("", "dumb")


def painted(cell: Cell, *, colour: bool) -> str:
    """Return a cell as it is printed, with its colour or without."""
    if isinstance(cell, str):
        return printable(cell)
    text = printable(cell.text)
    if not colour or not text:
        return text
    return _ansi(text, **_LOOKS[cell.role])  # type: ignore[arg-type]


def columns(environ: Mapping[str, str]) -> int:
    """Return how wide the terminal is."""
    given = environ.get("COLUMNS", "")
    # Not thousands of digits, which no int is made of.
    is_number = given.isascii() and given.isdigit()
    if is_number and len(given) <= _MOST_DIGITS and int(given):
        return max(int(given), _NARROW)
    try:
        return os.get_terminal_size(STDOUT).columns or _WIDTH
    except OSError:
        return _WIDTH


def width_of(text: str) -> int:
    """Return how many columns of a terminal a printable text takes."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth

    return max(wcswidth(text), 0)


def table(
    rows: Iterable[Sequence[Cell]],
    headers: Sequence[str],
    width: int,
    *,
    colour: bool,
) -> list[str]:
    """Return rows in columns below their headers, for a person.

    A row that is wider than the terminal goes on below its last column; where
    that has no room, the widest columns before it are cut. Columns that no row
    fills are left out.
    """
    lines = [[with_text(c, printable(text_of(c))) for c in row] for row in rows]
    filled = [any(map(text_of, column)) for column in zip(*lines, strict=True)]
    if any(headers) and lines:
        lines.insert(0, [Styled(text, DIM) for text in headers])
    lines = [list(itertools.compress(row, filled)) for row in lines]
    before = _widths(lines, width, _LEAST if any(headers) else _NARROW)
    indent = " " * sum(len(GAP) + wide for wide in before)
    room = max(width - len(indent), _NARROW)
    printed = []
    for row in lines:
        start = "".join(
            painted(with_text(cell, text), colour=colour)
            + " " * (wide - width_of(text))
            + GAP
            for cell, wide in zip(row[:-1], before, strict=True)
            for text in [shortened(text_of(cell), wide)]
        )
        end = text_of(row[-1])
        # What may be pasted is left to the terminal: a break would run it.
        is_prose = before and not end.startswith(FIX)
        for text in wrapped(end, room) if is_prose else [end]:
            last = painted(with_text(row[-1], text), colour=colour)
            printed.append((start + last).rstrip())
            start = indent
    return printed


def _widths(lines: list[list[Cell]], width: int, least: int) -> list[int]:
    """Return the widths of all columns but the last, which needs some room.

    Where the terminal is too narrow, the widest are cut; names never are.
    """
    *before, last = [
        min(max(width_of(text_of(cell)) for cell in column), _MOST)
        for column in zip(*lines, strict=True)
    ] or [0]
    needed = min(last, _NARROW) + len(GAP) * len(before)
    cut = [
        at
        for at, wide in enumerate(before)
        if wide > least and not any(_is_name(row[at]) for row in lines)
    ]
    while sum(before) + needed > width and cut:
        at = max(cut, key=before.__getitem__)
        before[at] -= 1
        if before[at] <= least:
            cut.remove(at)
    return before


def _is_name(cell: Cell) -> bool:
    """Tell whether a cell is a name, which is never cut."""
    return isinstance(cell, Styled) and cell.role == NAME


def plain_table(rows: Iterable[Sequence[Cell]]) -> list[str]:
    """Return rows in columns for a pipe: a line each, and no headers."""
    cells = [[printable(text_of(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [GAP.join(map(str.ljust, row, widths)).rstrip() for row in cells]


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text that is broken at words only."""
    if width_of(text) <= width:
        return [text]
    import textwrap  # with `re`, which a short table does not need

    return textwrap.wrap(
        text, width, break_long_words=False, break_on_hyphens=False
    ) or [""]


def tell(
    text: str, environ: Mapping[str, str], label: Cell | None = None
) -> None:
    """Write a message to stderr, wrapped at words on a terminal."""
    start: list[Cell] = [Styled("keyswitch:", DIM)]
    if label:
        start.append(with_text(label, f"{text_of(label)}:"))
    colour = is_coloured(STDERR, environ)
    indent = sum(len(text_of(part)) + 1 for part in start)
    lines = [printable(text)]
    if os.isatty(STDERR):
        lines = _prose(lines[0], max(columns(environ) - indent, _NARROW))
    words = [painted(part, colour=colour) for part in start]
    first = " ".join([*words, lines[0]])
    rest = [" " * indent + line for line in lines[1:]]
    with aside():
        sys.stderr.write("\n".join([first, *rest]) + "\n")


def _prose(text: str, width: int) -> list[str]:
    """Return lines that are broken at words, but not within a command."""
    if width_of(text) <= width:
        return [text]
    found = re.search(_COMMAND, text)
    if found is None:
        return wrapped(text, width)
    lines = wrapped(f"{text[: found.start()]}:", width)
    command = text[found.end() :]
    if width_of(lines[-1]) + 1 + width_of(command) <= width:
        return [*lines[:-1], f"{lines[-1]} {command}"]
    return [*lines, command]


def shortened(text: str, width: int) -> str:
    """Return a text cut in the middle: its two ends tell keys apart."""
    if width_of(text) <= width:
        return text
    text = text[:width] + text[-width:]  # what may be long comes in one step
    while width_of(text) >= width:
        middle = len(text) // 2
        text = text[:middle] + text[middle + 1 :]
    middle = (len(text) + 1) // 2
    return f"{text[:middle]}…{text[middle:]}"


def with_text(cell: Cell, text: str) -> Cell:
    """Return a cell with another text."""
    return cell._replace(text=text) if isinstance(cell, Styled) else text


def text_of(cell: Cell) -> str:
    """Return a cell's text."""
    return cell.text if isinstance(cell, Styled) else cell
