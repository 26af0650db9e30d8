"""Choosing a profile from a list that narrows while a person types.

It is drawn on standard error, on the terminal's second screen: what `eval`
takes from standard output stays clean, and what was on the screen comes back.
Few files are read before it opens, the others between two keys, so that it
opens at once however many there are.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import click

from keyswitch.cli.profiles.listing import NO_SECRET, expiry_note
from keyswitch.display import printable
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import login_status, profile_files
from keyswitch.terminal.marker import read_marker
from keyswitch.terminal.selection import PROFILE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.layout import Layout

    from keyswitch.profiles.paths import Paths

    # A name; "" for none; a signal that ended it.
    Answer = str | signal.Signals

ACTIVE, SHELL = "active", "this shell"
BROKEN = "broken"

AHEAD = 200  # files that are read before the list is shown
SLICE = 0.03  # seconds of reading between two looks at the keyboard
STEPS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}  # rows
ESCAPE = 0.1  # seconds after which Esc is no beginning of an arrow key
LONGEST_CELL = 200  # characters
NARROWEST = 6  # columns that a cell keeps on a narrow terminal
_GAP = "  "


class Row(NamedTuple):
    """What is shown beside a profile's name, and what a filter looks at."""

    provider: str
    account: str
    expiry: str
    searched: str


def can_draw(environ: Mapping[str, str]) -> bool:
    """Tell whether this terminal can take more than lines of plain text."""
    if environ.get("NO_COLOR"):
        return False
    return os.name == "nt" or environ.get("TERM", "") not in ("", "dumb")


def used_here(environ: Mapping[str, str], active: str) -> dict[str, list[str]]:
    """Return {name: where that profile is used}, as far as it is known."""
    used = {active: [ACTIVE]} if active else {}
    marker = read_marker(environ)
    own = environ.get(PROFILE_VARIABLE, "") or (marker.name if marker else "")
    if own:
        used.setdefault(own, []).append(SHELL)
    return used


class Listing:
    """The profiles that match what was typed, and which is pointed at."""

    def __init__(
        self,
        paths: Paths,
        names: Sequence[str],
        used: Mapping[str, Sequence[str]],
        rows: Mapping[str, Row] | None = None,
    ) -> None:
        self.names = names
        self.used = used
        self._paths = paths
        self._now = datetime.now(UTC).astimezone()
        self._rows: dict[str, Row] = dict(rows or {})  # what is known already
        self._top = 0
        self.narrow("")

    def row(self, name: str) -> Row:
        """Return a profile's row; its file is read the first time."""
        if name not in self._rows:
            self._rows[name] = _row(self._paths, name, self._now)
        return self._rows[name]

    @property
    def unread(self) -> list[str]:
        """Return the names whose files were not read yet."""
        return [name for name in self.names if name not in self._rows]

    def narrow(self, typed: str) -> None:
        """Keep what holds every word that was typed; point at the first."""
        self._words = typed.casefold().split()
        self.matches = self._matching()
        self.at = 0
        if not self._words:
            marked = (n for n in self.matches if self.is_active(n))
            self.at = self.matches.index(next(marked, self.matches[0]))

    def look_again(self) -> None:
        """Take in what was read since; what is pointed at stays."""
        if self._words:
            pointed = self.pointed
            self.matches = self._matching()
            if pointed:
                self.at = self.matches.index(pointed)

    def _matching(self) -> list[str]:
        """Return the names that match, the nearest to a name typed first."""
        if not self._words:
            return list(self.names)
        first = self._words[0]
        ranked = []
        for name in self.names:
            row = self._rows.get(name)
            searched = row.searched if row else name
            if all(word in searched for word in self._words):
                far = (name != first, not name.startswith(first))
                ranked.append((*far, first not in name, name))
        return [name for *_, name in sorted(ranked)]

    @property
    def remark(self) -> str:
        """Return what is said beside the number of rows."""
        return "reading" if self.unread else ""

    @property
    def pointed(self) -> str:
        """Return the name pointed at, "" where nothing matches."""
        return self.matches[self.at] if self.matches else ""

    def move(self, steps: int) -> None:
        """Point at another row, not beyond the first and the last."""
        self.at = max(0, min(self.at + steps, len(self.matches) - 1))

    def visible(self, height: int) -> list[str]:
        """Return the names in a window that has the pointer in it."""
        last = max(len(self.matches) - height, 0)
        top = max(self._top, self.at - height + 1)
        self._top = min(top, self.at, last)
        return self.matches[self._top : self._top + height]

    def is_active(self, name: str) -> bool:
        """Tell whether a profile is the one that `use` chose last."""
        return ACTIVE in self.used.get(name, ())


def _row(paths: Paths, name: str, now: datetime) -> Row:
    try:
        profile, _ = profile_files.load(paths, name)
    except KeyswitchError:
        # Whoever chooses it is told what is wrong with it.
        return Row(BROKEN, "", "", f"{name} {BROKEN}")
    ends = expiry_note(profile, now.date())
    login = login_status.status_of(profile, now)
    if login is None:
        hints = [ref.hint for _, ref in sorted(profile.secrets.items())]
        told = filter(None, (profile.label, *hints[:1]))
        who = " ".join(told) or NO_SECRET
    else:
        ends = ends or login.text
        who = profile.label or login_status.who(profile)
    searched = (name, profile.provider, login_status.who(profile), who)
    provider, who, ends = (
        printable(text)[:LONGEST_CELL] for text in (profile.provider, who, ends)
    )
    return Row(provider, who, ends, " ".join(searched).casefold())


def choose(listing: Listing) -> str:
    """Let a person choose; Esc and Ctrl-C end the command."""
    # Here and below: nothing else needs it, and it costs as much as the rest
    # of a start.
    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.output import ColorDepth
    from prompt_toolkit.output.defaults import create_output

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
    """Let a signal end the program after the terminal is as it was."""
    if os.name != "posix":
        return
    import asyncio

    def end(number: signal.Signals) -> None:
        if not app.is_done:  # it cannot be ended twice
            app.exit(result=number)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, number)


async def _read_on(listing: Listing, app: Application[Answer]) -> None:
    """Read the other files, a slice at a time."""
    import asyncio

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


def _keys(listing: Listing) -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    def move(step: int) -> Callable[[KeyPressEvent], None]:
        return lambda _event: listing.move(step)

    for key, step in STEPS.items():
        keys.add(key)(move(step))

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        if listing.pointed:
            event.app.exit(result=listing.pointed)

    for key in ("escape", "c-c", "<sigint>"):
        keys.add(key, eager=True)(lambda event: event.app.exit(result=""))
    # From `eval "$(...)"` no shell could bring it back.
    keys.add("c-z")(lambda _event: None)
    return keys


def _layout(listing: Listing, typed: Buffer) -> Layout:
    from prompt_toolkit import layout
    from prompt_toolkit.application import get_app

    def rows() -> StyleAndTextTuples:
        lines, columns = get_app().output.get_size()
        return _drawn(listing, columns, max(lines - 2, 1))

    def count() -> str:
        remark = listing.remark and f", {listing.remark}"
        found = f"{len(listing.matches)} of {len(listing.names)}{remark}"
        return f"{found}{_GAP}Enter chooses, Esc leaves"

    top = layout.Window(
        layout.BufferControl(typed),
        height=1,
        get_line_prefix=lambda _line, _wrap: "type to filter: ",
    )
    middle = layout.Window(layout.FormattedTextControl(rows))
    end = layout.Window(layout.FormattedTextControl(count), height=1)
    return layout.Layout(layout.HSplit([top, middle, end]), top)


def _drawn(listing: Listing, columns: int, height: int) -> StyleAndTextTuples:
    """Return the visible rows in columns that fit the terminal."""
    names = listing.visible(height)
    table = [
        (name, *listing.row(name)[:3], ", ".join(listing.used.get(name, ())))
        for name in names
    ]
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
    from prompt_toolkit.utils import get_cwidth

    widths = [
        max(map(get_cwidth, column)) for column in zip(*table, strict=True)
    ]
    room -= len(_GAP) * (sum(map(bool, widths)) - 1)
    while sum(widths) > room and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _fit(cell: str, width: int) -> str:
    """Cut a cell in the middle: a key's last characters tell it apart."""
    from prompt_toolkit.utils import get_cwidth

    if get_cwidth(cell) > width:
        while get_cwidth(cell) >= width:
            middle = len(cell) // 2
            cell = cell[:middle] + cell[middle + 1 :]
        middle = (len(cell) + 1) // 2
        cell = f"{cell[:middle]}…{cell[middle:]}"
    return cell + " " * (width - get_cwidth(cell))
