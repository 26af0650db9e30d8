"""Questions to a person, on the terminal itself.

Standard input stays free for data. Whatever ends a hidden question, the
terminal shows again what is typed: `getpass` leaves the echo off when it is
ended by SIGTERM or SIGHUP.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import click

from keyswitch.display import printable
from keyswitch.errors import InputError, UsageError
from keyswitch.secret import Secret

if TYPE_CHECKING:
    from types import FrameType

MAX_ANSWER = 64 * 1024  # bytes
# A terminal keeps so many bytes of a line, and drops the rest of a paste
# without a word: what is as long as that was cut, or may have been.
LONGEST_LINE = 4095 if sys.platform == "linux" else 1023


def ask_secret(question: str) -> Secret:
    """Ask for a secret on the terminal, without showing it."""
    if os.name != "posix":
        return Secret(click.prompt(printable(question), hide_input=True))
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as e:
        raise UsageError(
            "there is no terminal to ask on",
            "give it by --stdin, --from-env, --from-file or --fd",
        ) from e
    try:
        return Secret(_ask_hidden(terminal, question))
    finally:
        os.close(terminal)


def _ask_hidden(terminal: int, question: str) -> str:
    import termios

    before = termios.tcgetattr(terminal)
    hidden = [*before]
    hidden[3] &= ~termios.ECHO

    def restore() -> None:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)

    def end(number: int, _frame: FrameType | None) -> None:
        restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def stop(number: int, _frame: FrameType | None) -> None:
        restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # returns when the job goes on
        signal.signal(number, stop)
        termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)
        os.write(terminal, printable(question).encode())

    handlers = {
        signal.SIGTERM: end,
        signal.SIGHUP: end,
        signal.SIGQUIT: end,
        signal.SIGTSTP: stop,
    }
    saved = {n: signal.signal(n, handler) for n, handler in handlers.items()}
    try:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)
        os.write(terminal, printable(question).encode())
        line = _read_line(terminal)
    finally:
        restore()
        os.write(terminal, b"\n")
        for number, handler in saved.items():
            signal.signal(number, handler)
    return line


def _read_line(terminal: int) -> str:
    parts = b""
    while not parts.endswith(b"\n") and len(parts) < MAX_ANSWER:
        part = os.read(terminal, 4096)
        if not part:  # Ctrl-D
            if not parts:
                raise click.Abort
            break
        parts += part
    line = parts.rstrip(b"\r\n")
    if len(line) >= LONGEST_LINE:
        raise InputError(
            f"the terminal may have cut that off at {LONGEST_LINE} bytes",
            "give it by --stdin, --from-env, --from-file or --fd",
        )
    return line.decode("utf-8", "replace")


def confirm(question: str) -> bool:
    """Ask a yes-or-no question; anything but a clear yes is a no."""
    sys.stderr.write(f"{printable(question)} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        sys.stderr.write("\n")
        raise click.Abort
    return answer.strip().lower() in ("y", "yes")
