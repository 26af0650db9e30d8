"""A list on a screen of its own, which narrows while a person types.

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
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.defaults import create_output
from prompt_toolkit.styles import DEFAULT_ATTRS, Style

from keyswitch.cli import style
from keyswitch.cli.choosing.choices import ChoiceList, Preview
from keyswitch.cli.choosing.pane import Pane
from keyswitch.cli.choosing.rows import columns_of, fitted
from keyswitch.cli.style import Cell, Styled, text_of

# A name; "" for none; a signal that ended it.
Answer = str | signal.Signals

AHEAD = 200  # rows that are read before the list is shown
SLICE = 0.03  # seconds of reading between two looks at the keyboard
STEPS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}  # rows
ESCAPE = 0.1  # seconds after which Esc is no beginning of an arrow key
# Lines of a terminal from which on there are headers, and the preview.
HEADERS_FROM, PREVIEW_FROM = 5, 9
# The colours of roles: the basic ones, which each terminal has.
LOOKS = {
    style.NAME: "bold",
    style.GOOD: "ansigreen",
    style.WARNING: "ansiyellow",
    style.ERROR: "ansired bold",
    # Black is not to be seen on a dark terminal, however bright.
    style.DIM: "dim" if hasattr(DEFAULT_ATTRS, "dim") else "",
}
_START = 4  # columns of the pointer and the mark


def choose(
    listing: ChoiceList, environ: Mapping[str, str], preview: Preview | None
) -> str:
    """Draw the list; Esc and Ctrl-C end the command."""
    for name in listing.unread[:AHEAD]:
        listing.row(name)
    typed = Buffer(
        multiline=False, on_text_changed=lambda b: listing.narrow(b.text)
    )
    has_colours = style.is_coloured(style.STDERR, environ)
    app: Application[Answer] = Application(
        layout=_layout(listing, typed, Pane(preview)),
        key_bindings=_keys(listing),
        full_screen=True,
        output=create_output(sys.stderr),
        style=Style.from_dict(LOOKS if has_colours else {}),
        color_depth=ColorDepth.DEPTH_4_BIT
        if has_colours
        else ColorDepth.DEPTH_1_BIT,
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

    @keys.add(Keys.BracketedPaste)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(" ".join(event.data.split()))

    # A shell cannot resume what `eval "$(...)"` waits for.
    keys.add("c-z")(lambda _event: None)
    return keys


def _layout(listing: ChoiceList, typed: Buffer, pane: Pane) -> layout.Layout:
    def lines() -> int:
        return get_app().output.get_size().rows

    def rows() -> StyleAndTextTuples:
        around = 2 + (lines() >= HEADERS_FROM)
        if pane.is_there and lines() >= PREVIEW_FROM:
            around += pane.height(lines())
        return _drawn(listing, max(lines() - around, 1))

    def below() -> StyleAndTextTuples:
        columns = get_app().output.get_size().columns
        return pane.drawn(listing.pointed, columns, pane.height(lines()))

    top = layout.Window(
        layout.BufferControl(typed),
        height=1,
        get_line_prefix=lambda _line, _wrap: "type to filter: ",
    )
    middle = layout.Window(layout.FormattedTextControl(rows))
    preview = layout.ConditionalContainer(
        layout.Window(
            layout.FormattedTextControl(below),
            height=lambda: pane.height(lines()),
        ),
        Condition(lambda: pane.is_there and lines() >= PREVIEW_FROM),
    )
    end = layout.Window(
        layout.FormattedTextControl(lambda: _footer(listing)), height=1
    )
    return layout.Layout(layout.HSplit([top, middle, preview, end]), top)


def _footer(listing: ChoiceList) -> StyleAndTextTuples:
    found = f"{len(listing.matches)} of {len(listing.names)}"
    if listing.unread:
        found += ", reading"
    elif listing.guessed:
        found += ", did you mean this?"
    keys = f"{style.GAP}Enter selects, Esc cancels"
    if len(found + keys) > get_app().output.get_size().columns:
        keys = ""
    return [("", found), (f"class:{style.DIM}", keys)]


def _drawn(listing: ChoiceList, height: int) -> StyleAndTextTuples:
    """Return the headers and the visible rows, in columns that fit."""
    size = get_app().output.get_size()
    names: Sequence[str] = listing.visible(height)
    table = [listing.cells(name) for name in names]
    headers = listing.headers if size.rows >= HEADERS_FROM else ()
    widths = columns_of(table, headers, size.columns - _START)
    drawn: StyleAndTextTuples = []
    if headers:
        titles = [Styled(text, style.DIM) for text in headers]
        drawn += _row(" " * _START, fitted(titles, widths), "")
    for name, cells in zip(names, table, strict=True):
        is_pointed = name == listing.pointed
        mark = "*" if listing.is_active(name) else " "
        start = f"{'>' if is_pointed else ' '} {mark} "
        look = "reverse" if is_pointed else ""
        drawn += _row(start, fitted(cells, widths), look)
    return drawn


def _row(start: str, cells: Sequence[Cell], look: str) -> StyleAndTextTuples:
    """Return a row; `look` counts for all of it, else each cell's role."""
    drawn: StyleAndTextTuples = [(look, start)]
    for cell in cells:
        role = cell.role if isinstance(cell, Styled) else ""
        own = look or (f"class:{role}" if role else "")
        drawn.append((own, text_of(cell)))
    return [*drawn, ("", "\n")]
