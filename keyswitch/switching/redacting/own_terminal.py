"""The person's terminal, while a command has another one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import termios
import tty
from typing import Any


class OwnTerminal:
    """The person's terminal, whose modes are put back at the end."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.modes = termios.tcgetattr(number)
        self.is_raw = False

    def open_keys(self) -> int:
        """Return a descriptor of its own to read what is typed."""
        if os.isatty(0):
            return os.dup(0)
        try:
            return os.open(os.ttyname(self.number), os.O_RDWR | os.O_NOCTTY)
        except OSError:
            return os.dup(self.number)

    @property
    def is_ours(self) -> bool:
        """Tell whether this process is in the foreground."""
        with contextlib.suppress(OSError):
            return os.tcgetpgrp(self.number) == os.getpgrp()
        return False

    def pass_keys(self) -> bool:
        """Pass on every key as it is typed, if this is the foreground."""
        if self.is_ours and not self.is_raw:
            self.modes = termios.tcgetattr(self.number)
            tty.setraw(self.number, termios.TCSANOW)
            self.is_raw = True
        return self.is_raw

    def pass_keys_again(self) -> None:
        """Do so after a shell may have changed the modes."""
        if self.is_raw and self.is_ours:
            tty.setraw(self.number, termios.TCSANOW)

    def put_back(self) -> None:
        """Put the modes back as they were."""
        if self.is_raw:
            self.is_raw = False
            set_modes(self.number, self.modes)

    def copy_size_to(self, number: int) -> None:
        """Give another terminal the size of this one."""
        with contextlib.suppress(OSError):
            size = fcntl.ioctl(self.number, termios.TIOCGWINSZ, bytes(8))
            fcntl.ioctl(number, termios.TIOCSWINSZ, size)


def set_modes(number: int, modes: list[Any]) -> None:
    """Set a terminal's modes, from the background as well."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    with contextlib.suppress(OSError, termios.error):
        termios.tcsetattr(number, termios.TCSANOW, modes)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTTOU})
