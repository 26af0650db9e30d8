"""Signals to this process while it stands before another one."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    Note = Callable[[int, FrameType | None], None]

_OF_A_COMMAND = (
    "SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2",
)  # fmt: skip


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Let the descriptor tell of it."""


@contextlib.contextmanager
def caught(names: Iterable[str], note: Note = _nothing) -> Iterator[int]:
    """Catch signals; yield a descriptor from which their numbers are read.

    A handler of ours, unlike SIG_IGN, is not handed on to a child.
    """
    woken, waker = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(waker, False)
    numbers = [getattr(signal, name) for name in names]
    kept = {number: signal.signal(number, note) for number in numbers}
    before = signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    try:
        yield woken
    finally:
        signal.set_wakeup_fd(before)
        for number, handler in kept.items():
            signal.signal(number, handler)
        os.close(woken)
        os.close(waker)


def numbers_from(woken: int) -> bytes:
    """Return the signals that came since the last time."""
    with contextlib.suppress(BlockingIOError):
        return os.read(woken, 4096)
    return b""


def to_pass_on() -> list[str]:
    """Return the names of signals that are the command's, if not ignored.

    A command that is started with one ignored (`nohup`) ignores it, too.
    """
    return [
        name
        for name in _OF_A_COMMAND
        if signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN
    ]


def ignore_all() -> None:
    """Let this process go on, whatever it is sent."""
    for name in _OF_A_COMMAND:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
