"""Rows of a list to choose from, in columns that fit the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from keyswitch.cli.choosing.choices import KIND
from keyswitch.cli.style import (
    GAP,
    Cell,
    shortened,
    text_of,
    width_of,
    with_text,
)

NARROWEST = 6  # columns that a cell keeps
SMALL = 60  # columns of a terminal; a smaller one shows no KIND


def columns_of(
    table: Sequence[Sequence[Cell]], headers: Sequence[str], room: int
) -> list[int]:
    """Return how wide each column is; the widest ones give way first.

    Names keep a third of the room. A column without a word in it is left out,
    and so is its header.
    """
    widths = [
        max(width_of(text_of(cell)) for cell in column)
        for column in zip(*table, strict=True)
    ] or [0] * len(headers)
    if headers:
        widths = [
            max(width, len(header)) if width else 0
            for width, header in zip(widths, headers, strict=True)
        ]
    if room < SMALL:
        widths[KIND] = 0
    room -= len(GAP) * (sum(map(bool, widths)) - 1)
    keeps = [max(room // 3, NARROWEST), *[NARROWEST] * (len(widths) - 1)]
    while sum(widths) > room:
        wide = [at for at, width in enumerate(widths) if width > keeps[at]]
        if not wide:
            break
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def fitted(cells: Sequence[Cell], widths: Sequence[int]) -> list[Cell]:
    """Return the cells of a row, cut or filled to their columns."""
    found: list[Cell] = []
    for cell, width in zip(cells, widths, strict=True):
        if not width:
            continue
        text = shortened(text_of(cell), width)
        text += " " * (width - width_of(text)) + GAP
        found.append(with_text(cell, text))
    return found
