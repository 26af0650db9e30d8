"""Choosing a name from a list that narrows while a person types.

It is drawn on standard error, on the terminal's second screen: what `eval`
takes from standard output stays clean, and what was on the screen comes back.
Few rows are read before it opens, the others between two keys, so that it
opens at once however many there are. This module is imported where a list is
drawn only: prompt_toolkit costs as much as the rest of a start.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence

import click
from prompt_toolkit import layout
from prompt_toolkit.application import Application, get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.defaults import create_output
from prompt_toolkit.utils import get_cwidth

from keyswitch.cli.profiles.choices import ChoiceList
from keyswitch.cli.prompt import choose_one

# A name; "" for none; a signal that ended it.
Answer = str | signal.Signals

AHEAD = 200  # rows that are read before the list is shown
SLICE = 0.03  # seconds of reading between two looks at the keyboard
STEPS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}  # rows
ESCAPE = 0.1  # seconds after which Esc is no beginning of an arrow key
NARROWEST = 6  # columns that a cell keeps on a narrow terminal
_GAP = "  "


def choose(
    question: str, listing: ChoiceList, environ: Mapping[str, str]
) -> str:
    """Let a person choose a name, from numbered lines on a plain terminal."""
    is_plain = os.name != "nt" and environ.get("TERM", "") in ("", "dumb")
    if is_plain or environ.get("NO_COLOR"):
        return choose_one(question, {n: listing.line(n) for n in listing.names})
    return _drawn_choice(listing)


def _drawn_choice(listing: ChoiceList) -> str:
    """Draw the list; Esc and Ctrl-C end the command."""
    for name in listing.unread[:AHEAD]:
        listing.row(name)
    typed = Buffer(
        multiline=False, on_text_changed=lambda b: listing.narrow(b.text)
    )
    app: Application[Answer] = Application(
        layout=_layout(listing, typed),
        key_bindings=_keys(listing),
        full_screen=True,
        output=create_output(sys.stderr),
        color_depth=ColorDepth.DEPTH_1_BIT,
    )
    app.ttimeoutlen = ESCAPE

    def begin() -> None:
        _end_by_signals(app)
        app.create_background_task(_read_on(listing, app))

    answer = app.run(pre_run=begin)
    if isinstance(answer, signal.Signals):
        signal.signal(answer, signal.SIG_DFL)
        signal.raise_signal(answer)
    if not isinstance(answer, str) or not answer:
        raise click.Abort
    return answer


def _end_by_signals(app: Application[Answer]) -> None:
    """Let a signal end the program once the terminal is restored."""
    if os.name != "posix":
        return

    def end(number: signal.Signals) -> None:
        if not app.is_done:  # it cannot be ended twice
            app.exit(result=number)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, number)


async def _read_on(listing: ChoiceList, app: Application[Answer]) -> None:
    """Read the other files, a slice at a time."""
    end = time.monotonic() + SLICE
    for name in listing.unread:
        listing.row(name)
        if time.monotonic() >= end:
            listing.look_again()
            app.invalidate()
            await asyncio.sleep(0)
            end = time.monotonic() + SLICE
    listing.look_again()
    app.invalidate()


def _keys(listing: ChoiceList) -> KeyBindings:
    keys = KeyBindings()

    for key, step in STEPS.items():
        keys.add(key)(lambda _event, step=step: listing.move(step))

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        if listing.pointed:
            event.app.exit(result=listing.pointed)

    for key in ("escape", "c-c", "<sigint>"):
        keys.add(key, eager=True)(lambda event: event.app.exit(result=""))
    # A shell cannot resume what `eval "$(...)"` waits for.
    keys.add("c-z")(lambda _event: None)
    return keys


def _layout(listing: ChoiceList, typed: Buffer) -> layout.Layout:
    def rows() -> StyleAndTextTuples:
        lines, columns = get_app().output.get_size()
        return _drawn(listing, columns, max(lines - 2, 1))

    def count() -> str:
        found = f"{len(listing.matches)} of {len(listing.names)}"
        if listing.unread:
            found += ", reading"
        elif listing.guessed:
            found += ", did you mean this?"
        return f"{found}{_GAP}Enter selects, Esc cancels"

    top = layout.Window(
        layout.BufferControl(typed),
        height=1,
        get_line_prefix=lambda _line, _wrap: "type to filter: ",
    )
    middle = layout.Window(layout.FormattedTextControl(rows))
    end = layout.Window(layout.FormattedTextControl(count), height=1)
    return layout.Layout(layout.HSplit([top, middle, end]), top)


def _drawn(
    listing: ChoiceList, columns: int, height: int
) -> StyleAndTextTuples:
    """Return the visible rows in columns that fit the terminal."""
    names = listing.visible(height)
    table = [(name, *listing.cells(name)) for name in names]
    widths = _widths(table, columns - len("> * "))
    drawn: StyleAndTextTuples = []
    for name, cells in zip(names, table, strict=True):
        pointer = ">" if name == listing.pointed else " "
        mark = "*" if listing.is_active(name) else " "
        line = _GAP.join(
            _fit(cell, width)
            for cell, width in zip(cells, widths, strict=True)
            if width
        )
        style = "reverse" if pointer == ">" else ""
        drawn += [(style, f"{pointer} {mark} {line}"), ("", "\n")]
    return drawn


def _widths(table: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return how wide each column is; the widest ones give way first."""
    widths = [
        max(map(get_cwidth, column)) for column in zip(*table, strict=True)
    ]
    room -= len(_GAP) * (sum(map(bool, widths)) - 1)
    while sum(widths) > room and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _fit(cell: str, width: int) -> str:
    """Cut a cell in the middle: a key's last characters tell it apart."""
    if get_cwidth(cell) > width:
        while get_cwidth(cell) >= width:
            middle = len(cell) // 2
            cell = cell[:middle] + cell[middle + 1 :]
        middle = (len(cell) + 1) // 2
        cell = f"{cell[:middle]}…{cell[middle:]}"
    return cell + " " * (width - get_cwidth(cell))
