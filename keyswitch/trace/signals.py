"""Signals to `trace` are the command's: it decides when both end."""

from __future__ import annotations

import asyncio
import os
import signal

_FORWARDED = ("SIGTERM", "SIGHUP", "SIGQUIT")


class Signals:
    """Hands signals on to the command, also those from before it started.

    A terminal sends Ctrl-C to both: a command that runs has it already.
    """

    def __init__(self) -> None:
        self._child: asyncio.subprocess.Process | None = None
        self._early: list[int] = []
        if os.name != "posix":
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        for name in _FORWARDED:
            number = getattr(signal, name)
            loop.add_signal_handler(number, self._forward, number)

    def hand_to(self, child: asyncio.subprocess.Process) -> None:
        """Name the command that signals go to from now on."""
        self._child = child
        for number in self._early:
            self._forward(number)

    def _forward(self, number: int) -> None:
        if self._child is None:
            self._early.append(number)
        elif self._child.returncode is None:
            self._child.send_signal(number)

    def _interrupt(self) -> None:
        if self._child is None:
            self._early.append(signal.SIGINT)
