"""Where traced requests go: lines, a recording, and totals at the end."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

import click

from keyswitch.cli import style
from keyswitch.cli.style import Styled
from keyswitch.display import printable
from keyswitch.errors import InputError, KeyswitchError
from keyswitch.trace import lines

if TYPE_CHECKING:
    from keyswitch.cli.session import Session
    from keyswitch.switching.running.run import Prepared
    from keyswitch.trace.requests.exchange import Exchange

# Options with which a program draws no screen.
_PRINTS = {"claude": {"-p", "--print"}, "codex": {"exec", "e"}}


class TraceReport:
    """Shows and keeps requests; a fault here never ends the command.

    A program that draws the screen gets no lines between: they are held.
    """

    def __init__(
        self,
        session: Session,
        ready: Prepared,
        to: str | None,
        record: str | None,
    ) -> None:
        self._session = session
        self._totals = lines.Totals()
        self._lines = lines.PersonLines()
        self._file = _opened(to) if to else None
        self._holds = self._file is None and _draws(ready)
        self._held: list[str] = []
        self._is_read = True  # by whoever takes the lines
        self._recording = None
        if record:
            from keyswitch.trace.recording import Recording

            self._recording = Recording(record)
        self._record = record

    def add(self, exchange: Exchange) -> None:
        """Show one request."""
        self._totals.add(exchange)
        self._keep(exchange)
        if self._session.json:
            self._write(lines.json_line(exchange))
            return
        for line in self._lines.of(exchange):
            self._write(self._painted(printable(line), exchange))

    def note(self, text: str) -> None:
        """Say what is not seen: at once, or below what a program draws."""
        if self._holds:
            self._held.append(printable(text))
        else:
            self._session.warn(text)

    def _keep(self, exchange: Exchange) -> None:
        if self._recording is None:
            return
        try:
            self._recording.add(exchange)
        except (KeyswitchError, OSError) as e:
            self._recording = None
            self.note(
                f"{self._record} ends before request {exchange.number}: {e}"
            )

    def _write(self, line: str) -> None:
        if not self._is_read:
            return
        try:
            if self._file is not None:
                click.echo(line, self._file)
            elif self._session.json:
                click.echo(line)
            elif self._holds:
                self._held.append(line)
            elif not self._session.quiet:
                click.echo(f"keyswitch: {line}", err=True, color=self._colour)
        except OSError:
            self._is_read = False

    def end(self) -> None:
        """Show what was held, and the totals."""
        total = lines.summary(self._totals)
        errors = lines.errors_of(self._totals)
        if self._colour and errors:
            shown = style.painted(Styled(errors, style.ERROR), colour=True)
            total = total.replace(errors, shown, 1)
        for line in () if self._session.quiet else (*self._held, total):
            click.echo(f"keyswitch: {line}", err=True, color=self._colour)
        if self._recording is not None:
            self._recording.close()
            self._session.say(f"recorded in {self._record}")
        if self._file is not None:
            with suppress(OSError):  # such as a full disk: it was said by then
                self._file.close()

    @property
    def _colour(self) -> bool:
        """Whether lines go to standard error, and have a colour there."""
        return self._file is None and style.is_coloured(
            style.STDERR, self._session.environ
        )

    def _painted(self, line: str, exchange: Exchange) -> str:
        """Return a line of a request with its colours, if it has any."""
        if not self._colour:
            return line
        failed = exchange.status >= 400 or bool(exchange.failure)
        role = style.ERROR if failed else style.GOOD
        status = f" {exchange.status or '---'} "
        start, found, rest = line.partition(status)
        if found and not line.startswith(" "):
            shown = style.painted(Styled(status, role), colour=True)
            return f"{start}{shown}{rest}"
        whole = style.DIM
        if line.lstrip().startswith(("cause:", exchange.failure or "cause:")):
            whole = style.WARNING
        return style.painted(Styled(line, whole), colour=True)


def _draws(ready: Prepared) -> bool:
    """Tell whether a program is one that draws the terminal's screen."""
    name = os.path.basename(ready.program).lower().removesuffix(".exe")
    prints = _PRINTS.get(name)
    if prints is None or not os.isatty(1):
        return False
    return prints.isdisjoint(ready.command[1:])


def _opened(path: str) -> TextIO:
    def private(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    try:
        return open(path, "a", encoding="utf-8", opener=private)
    except OSError as e:
        raise InputError(
            f"cannot write to {path}: {e.strerror}",
            "name a file, or another terminal's device (run 'tty' in it)",
        ) from e
