"""Colour and columns, for a person who reads at a terminal.

Programs that read a pipe get plain text. Colours are the basic ones of every
terminal, by click's own styling: rich takes longer to load than `list` runs.
"""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence

from click import style as _ansi

from keyswitch.display import printable
from keyswitch.model import Frozen
from keyswitch.progress import aside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

AUTO, ALWAYS, NEVER = CHOICES = ("auto", "always", "never")

# The roles that a text can have. A table cuts no name, and nothing else that
# is typed as it stands (WHOLE).
NAME, WHOLE, GOOD, WARNING, ERROR, DIM = (
    "name", "whole", "good", "warning", "error", "dim",
)  # fmt: skip
_LOOKS: dict[str, dict[str, str | bool]] = {
    NAME: {"bold": True},
    WHOLE: {},
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
    r": (?=(?:[A-Z_]+=\S*|keyswitch|aws|az|bao|bw|chmod|claude|codex|cp|env"
    r"|eval|export|gcloud|gh|git|mv|op|pass|pip|pipx|rm|rmdir|security|tail"
    r"|unset|vault) \S)"
)
# A word, or a command that is marked as one, and what is before it.
_WORD = r"(\s*)((?:'keyswitch [^']*'|eval \"[^\"]*\"|\S)+)"
GAP = "  "  # between two columns
_NARROW = 24  # columns that a cell needs for wrapping to be worth it
_MOST_DIGITS = 5  # of a terminal's width
_MOST = 500  # columns that a cell may take at all
_LEAST = 12  # columns that are left of a cell, below headers
_WRAPPED = 20  # columns that are enough for a last one
_LINES = 4  # that a last column may go on for, where it is narrower
_FOLD = " " * 6  # before columns that the line above has no room for
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
    text, look = printable(cell.text), _LOOKS[cell.role]
    if not (colour and text and look):
        return text
    return _ansi(text, **look)  # type: ignore[arg-type]


def columns(environ: Mapping[str, str], stream: int = STDOUT) -> int:
    """Return how wide the terminal of a stream is."""
    given = environ.get("COLUMNS", "")
    # Not thousands of digits, which no int is made of.
    is_number = given.isascii() and given.isdigit()
    if is_number and len(given) <= _MOST_DIGITS and int(given):
        return max(int(given), _NARROW)
    try:
        return os.get_terminal_size(stream).columns or _WIDTH
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

    What is wider than the terminal goes on below its last column. Where that
    has no room, the widest columns before it are cut, and what still does not
    fit follows on a line of its own. Columns that no row fills are left out.
    """
    lines = [[with_text(c, printable(text_of(c))) for c in row] for row in rows]
    filled = [any(map(text_of, column)) for column in zip(*lines, strict=True)]
    if any(headers) and lines:
        lines.insert(0, [Styled(text, DIM) for text in headers])
    lines = [list(itertools.compress(row, filled)) for row in lines]
    folds = _folds(lines, width, _LEAST if any(headers) else _NARROW)
    widths = list(itertools.chain(*folds))[:-1]
    printed: list[str] = []
    for row in lines:
        cells = iter([*map(_cut, row, widths), row[-1]])
        indent = ""
        for fold in folds:
            here = list(itertools.islice(cells, len(fold)))
            if not indent or any(map(text_of, here)):
                printed += _drawn(here, fold, indent, width, colour=colour)
            indent = _FOLD
    return printed


def _folds(lines: list[list[Cell]], width: int, least: int) -> list[list[int]]:
    """Return the widths of the columns: a list for each line of a row."""
    every = list(zip(*lines, strict=True))
    wide = [
        min(max(width_of(text_of(cell)) for cell in column), _MOST)
        for column in every
    ]
    least_of = [
        size if any(map(_is_whole, column)) else min(size, least)
        for size, column in zip(wide, every, strict=True)
    ]
    # The last one is wrapped at its words, not cut.
    for column in every[-1:]:
        words = (word for cell in column for word in text_of(cell).split())
        longest = max(map(width_of, words), default=0)
        needed = max(least, longest, wide[-1] // _LINES)
        wide[-1] = least_of[-1] = min(wide[-1], needed, _WRAPPED)
    folds: list[list[int]] = []  # numbers of columns
    used = 0
    for at, size in enumerate(least_of):
        # A mark alone on a line would leave no more room than there is.
        is_full = used > len(_FOLD) and used + size > width
        if not folds or is_full:
            used = len(_FOLD) if folds else 0
            folds.append([])
        folds[-1].append(at)
        used += size + len(GAP)
    for fold in folds:
        room = width - len(GAP) * (len(fold) - 1)
        room -= 0 if fold is folds[0] else len(_FOLD)
        while sum(wide[at] for at in fold) > room:
            cut = [at for at in fold if wide[at] > least_of[at]]
            if not cut:
                break
            wide[max(cut, key=wide.__getitem__)] -= 1
    return [[wide[at] for at in fold] for fold in folds]


def _drawn(
    cells: list[Cell],
    widths: list[int],
    indent: str,
    width: int,
    *,
    colour: bool,
) -> Iterator[str]:
    """Yield a row's cells in columns; the last one goes on below itself."""
    *before, last = cells
    start = indent + "".join(
        painted(cell, colour=colour)
        + " " * (wide - width_of(text_of(cell)) + len(GAP))
        for cell, wide in zip(before, widths, strict=False)
    )
    below = indent + " " * sum(wide + len(GAP) for wide in widths[:-1])
    lines = [text_of(last)]
    # What may be pasted is left to the terminal: a break would run it.
    if below and not lines[0].startswith(FIX):
        lines = wrapped(lines[0], max(width - len(below), _LEAST))
    for line in lines:
        yield (start + painted(with_text(last, line), colour=colour)).rstrip()
        start = below


def _cut(cell: Cell, width: int) -> Cell:
    return with_text(cell, shortened(text_of(cell), width))


def _is_whole(cell: Cell) -> bool:
    """Tell whether a cell is never cut."""
    return isinstance(cell, Styled) and cell.role in (NAME, WHOLE)


def plain_table(rows: Iterable[Sequence[Cell]]) -> list[str]:
    """Return rows in columns for a pipe: a line each, and no headers."""
    cells = [[printable(text_of(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [GAP.join(map(str.ljust, row, widths)).rstrip() for row in cells]


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text, broken between words and quoted commands."""
    if width_of(text) <= width:
        return [text]
    lines = [""]
    for gap, word in re.findall(_WORD, text):
        longer = f"{lines[-1]}{gap}{word}"
        if lines[-1] and width_of(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


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
        lines = _prose(
            lines[0], max(columns(environ, STDERR) - indent, _NARROW)
        )
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
    """Return a text that is cut to a width.

    A masked secret keeps its end, and words their beginning. One word, such
    as a path, is cut in the middle: its two ends tell it from others.
    """
    if width_of(text) <= width:
        return text
    start, mask, end = text.rpartition("…")
    room = width - len(mask) - width_of(end)
    if mask and room > 0:
        return f"{_beginning(start, room)}…{end}"
    if " " in text:
        return f"{_beginning(text, width - 1).rstrip()}…"
    text = text[:width] + text[-width:]  # what may be long comes in one step
    while width_of(text) >= width:
        middle = len(text) // 2
        text = text[:middle] + text[middle + 1 :]
    middle = (len(text) + 1) // 2
    return f"{text[:middle]}…{text[middle:]}"


def _beginning(text: str, width: int) -> str:
    text = text[:width]
    while width_of(text) > width:
        text = text[:-1]
    return text


def with_text(cell: Cell, text: str) -> Cell:
    """Return a cell with another text."""
    return cell._replace(text=text) if isinstance(cell, Styled) else text


def text_of(cell: Cell) -> str:
    """Return a cell's text."""
    return cell.text if isinstance(cell, Styled) else cell
