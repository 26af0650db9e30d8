"""Questions to a person, on the terminal itself.

Standard input stays free for data. Whatever ends a hidden question, the
terminal shows again what is typed: `getpass` leaves the echo off when it is
ended by SIGTERM or SIGHUP.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

import click

from keyswitch.cli import style
from keyswitch.cli.arguments import how_to_give
from keyswitch.display import printable
from keyswitch.errors import InputError, UsageError
from keyswitch.profiles.names import did_you_mean
from keyswitch.progress import aside
from keyswitch.secret import Secret

MAX_ANSWER = 64 * 1024  # bytes
# A terminal keeps so many bytes of a line, and drops the rest of a paste
# without a word: what is as long as that was cut, or may have been.
LONGEST_LINE = 4095 if sys.platform == "linux" else 1023
PASTE_GAP = 0.05  # seconds within which the next piece of a paste comes
_NOTHING_MORE = b" \t\r\n\x04"  # typed after an answer, it says nothing


def ask_secret(question: str) -> Secret:
    """Ask for a secret on the terminal, without showing it."""
    if os.name != "posix":
        return Secret(click.prompt(printable(question), hide_input=True))
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as e:
        raise UsageError("no terminal to ask on", how_to_give()) from e
    try:
        with aside():
            while (line := _ask_hidden(terminal, question)) is None:
                _warn(
                    "that was more than one line and would be cut off; "
                    "paste a single line"
                )
        return Secret(line)
    except KeyboardInterrupt:
        raise click.Abort from None  # on a new line already
    finally:
        os.close(terminal)


def _ask_hidden(terminal: int, question: str) -> str | None:
    """Return the answer, or None where a paste went on after its first line."""
    import termios

    before = termios.tcgetattr(terminal)
    hidden = [*before]
    hidden[3] &= ~termios.ECHO

    def ask() -> None:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)
        os.write(terminal, printable(question).encode())

    def restore() -> None:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)

    def end(number: int, _frame: FrameType | None) -> None:
        restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def stop(number: int, frame: FrameType | None) -> None:
        end(number, frame)  # returns when the job goes on
        signal.signal(number, stop)
        ask()

    ends = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    saved = {number: signal.signal(number, end) for number in ends}
    saved[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, stop)
    try:
        ask()
        line = _read_line(terminal)
        more = _goes_on(terminal, hidden)
    finally:
        restore()
        os.write(terminal, b"\n")
        for number, handler in saved.items():
            signal.signal(number, handler)
    return None if more else line


def _goes_on(terminal: int, hidden: list[Any]) -> bool:
    """Tell whether more than a line was pasted, and throw the rest away."""
    import select
    import termios

    # A line that has not ended yet is to be seen in this mode only.
    piecewise = [*hidden]
    piecewise[3] &= ~termios.ICANON
    termios.tcsetattr(terminal, termios.TCSANOW, piecewise)
    found = False
    while select.select([terminal], [], [], PASTE_GAP)[0]:
        part = os.read(terminal, 4096)
        if not part:
            break
        found = found or bool(part.strip(_NOTHING_MORE))
    return found


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
            f"the terminal may have cut the input at {LONGEST_LINE} bytes",
            how_to_give("use a shorter one"),
        )
    return line.decode("utf-8", "replace")


def ask_line(question: str, default: str = "") -> str:
    """Ask for what may be seen; Enter alone stands for the default."""
    offer = f" [{default}]" if default else ""
    return _answer(f"{question}{offer}: ") or default


def confirm(question: str, *, hidden: bool = False) -> bool:
    """Ask a yes-or-no question; anything but a clear yes is a no.

    `hidden`: after a secret, whose rest a slow terminal may paste for answer.
    """
    shown = f"{question} [y/N] "
    answer = ask_secret(shown).reveal().strip() if hidden else _answer(shown)
    return answer.lower() in ("y", "yes")


def choose_one(question: str, choices: Mapping[str, str]) -> str:
    """Let a person choose from a few lines: {name: what it is}."""
    names = list(choices)
    width = max(map(len, names))
    for number, name in enumerate(names, 1):
        line = f"{number:4}  {name:{width}}  {choices[name]}"
        sys.stderr.write(printable(line).rstrip() + "\n")
    while True:
        answer = ask_line(f"{question} (number or name)")
        if answer.isdecimal() and 1 <= int(answer) <= len(names):
            return names[int(answer) - 1]
        if answer in choices:
            return answer
        advice = did_you_mean(answer, names, "choose one of these")
        _warn(f"no choice '{answer}'; {advice}")


def _warn(text: str) -> None:
    style.tell(text, os.environ, style.Styled("warning", style.WARNING))


def _answer(shown: str) -> str:
    """Ask on standard error: standard output may be taken by `eval`."""
    with aside():
        return _typed(shown)


def _typed(shown: str) -> str:
    sys.stderr.write(printable(shown))
    sys.stderr.flush()
    stdin = sys.stdin
    # It cannot be set again after the first read.
    if isinstance(stdin, io.TextIOWrapper) and stdin.errors != "replace":
        stdin.reconfigure(errors="replace")  # keys of another encoding
    try:
        answer = stdin.readline()
    except KeyboardInterrupt:
        answer = ""
    if not answer:  # Ctrl-D, too: what follows goes to a line of its own
        sys.stderr.write("\n")
        raise click.Abort
    return answer.strip()
