"""The leader of a command's own terminal: starts it and tells how it fares.

A process of its own. The session needs one in it beside the command, or a
command that Ctrl-Z stops would not stop.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import termios
from typing import TYPE_CHECKING, NoReturn

from keyswitch.switching.redacting.child import start
from keyswitch.switching.redacting.own_terminal import set_modes
from keyswitch.switching.running.caught_signals import (
    caught,
    numbers_from,
    to_pass_on,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping

    from keyswitch.switching.redacting.own_terminal import OwnTerminal
    from keyswitch.switching.running.run import Prepared

# What is told of the command, each with a number: a signal or a status.
STOPPED, EXITED, KILLED, FAILED = b"sekf"
_SIZE = 2  # bytes of what is told


def events(link: socket.socket) -> Iterator[tuple[int, int]]:
    """Yield what the monitor has told, and nothing if that is nothing."""
    while select.select([link], [], [], 0)[0]:
        told = link.recv(_SIZE)
        if not told:  # it was killed, and the command with it
            yield KILLED, signal.SIGHUP
            return
        yield told[0], told[1]


def watch(
    ready: Prepared,
    streams: Mapping[str, int],
    terminal: int,
    link: socket.socket,
    own: OwnTerminal,
) -> NoReturn:
    """Start the command in a terminal and see it to its end."""
    told = False
    try:
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        names = {"SIGCHLD", *to_pass_on()} & {"SIGCHLD", "SIGHUP"}
        with caught(names) as woken:
            child = start(ready, streams, lambda: _to_front(terminal, 0))
            for end in set(streams.values()) - {terminal}:
                os.close(end)
            told = _watch(child.pid, woken, link, terminal)
    except OSError as e:
        link.send(bytes((FAILED, e.errno or 0)))
    finally:
        if not told:  # the other side was killed
            set_modes(own.number, own.modes)
        os._exit(0)


def _to_front(terminal: int, group: int) -> None:
    """Put a process group into the foreground; 0: that of this process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    os.tcsetpgrp(terminal, group or os.getpgrp())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTTOU})


def _watch(
    command: int, woken: int, link: socket.socket, terminal: int
) -> bool:
    """Tell of the command's end; False: there is nobody to be told."""
    while True:
        pid, status = os.waitpid(command, os.WNOHANG | os.WUNTRACED)
        if pid and os.WIFSTOPPED(status):
            link.send(bytes((STOPPED, os.WSTOPSIG(status))))
        elif pid:
            code = os.waitstatus_to_exitcode(status)
            link.send(bytes((KILLED if code < 0 else EXITED, abs(code))))
            return True
        else:
            ready, _, _ = select.select([woken, link.fileno()], [], [])
            numbers_from(woken)
            if link.fileno() in ready and not _pass_on(command, link, terminal):
                return False


def _pass_on(command: int, link: socket.socket, terminal: int) -> bool:
    """Send the command what the other side was sent; False: that is gone."""
    numbers = link.recv(64)
    for number in numbers:
        if number == signal.SIGCONT:
            _to_front(terminal, os.getpgid(command))
            os.killpg(os.getpgid(command), number)
        else:
            os.kill(command, number)
    return bool(numbers)
