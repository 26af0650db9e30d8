"""A terminal between the person's and a command, so that output can be masked.

Three processes: this one passes on what is typed and written, and has the
person's terminal; the monitor leads the new terminal's session; the command has
a process group of its own there, as a shell would give it, so that Ctrl-Z stops
it and Ctrl-C is for it alone.
"""

from __future__ import annotations

import os
import signal
import socket
import termios
from typing import TYPE_CHECKING

from keyswitch.switching.redacting import monitor
from keyswitch.switching.redacting.child import cannot_run
from keyswitch.switching.redacting.masking import Masker
from keyswitch.switching.redacting.own_terminal import OwnTerminal, set_modes
from keyswitch.switching.redacting.relay import Flow, Relay, finish, piped
from keyswitch.switching.redacting.screen_modes import ScreenModes
from keyswitch.switching.running.caught_signals import (
    caught,
    numbers_from,
    to_pass_on,
)

if TYPE_CHECKING:
    from keyswitch.switching.redacting.automaton import Automaton
    from keyswitch.switching.running.run import Prepared

_LOOK_AGAIN = 0.2  # seconds until one in the background looks where it is
_NAMES = ("stdin", "stdout", "stderr")
_QUIET = 0.1  # seconds after which a terminal has passed on all

# Which key sends which signal: place in the modes' list of keys -> signal.
_KEYS = ((termios.VINTR, signal.SIGINT), (termios.VQUIT, signal.SIGQUIT))
_LOCAL, _CHARACTERS = 3, 6  # of what `tcgetattr` returns


def run_in_terminal(
    ready: Prepared,
    automaton: Automaton,
    terminals: list[int],
    pipes: list[int],
) -> int:
    """Run the command in a terminal of its own; return its exit status.

    `terminals` and `pipes` are the numbers of its outputs.
    """
    streams, flows = piped(pipes, automaton)
    own = OwnTerminal(terminals[0])
    outer, inner = os.openpty()
    set_modes(inner, own.modes)
    own.copy_size_to(outer)
    if os.isatty(0):
        streams["stdin"] = inner
    streams |= {_NAMES[number]: inner for number in terminals}
    link, far = socket.socketpair()
    leader = os.fork()
    if not leader:
        os.close(outer)
        link.close()
        monitor.watch(ready, streams, inner, far, own)
    far.close()
    for end in {inner, *streams.values()}:
        os.close(end)
    os.set_blocking(outer, False)
    session = _Session(own, outer, link, Masker(automaton, is_screen=True))
    try:
        status = session.run(flows)
    except OSError as e:
        raise cannot_run(ready, e) from e
    finally:
        own.put_back()
    finish(Relay(flows))
    os.waitpid(leader, 0)
    return status


class _Session:
    """The person's side of it."""

    def __init__(
        self,
        own: OwnTerminal,
        outer: int,
        link: socket.socket,
        masker: Masker,
    ) -> None:
        self._own = own
        self._outer = outer
        self._link = link
        self._modes = ScreenModes()
        shown, keys = os.dup(outer), own.open_keys()
        self._shown = Flow(shown, own.number, masker, self._modes.see)
        self._keys = Flow(keys, outer, seen=self._send_signals)
        self._mirrored: set[int] = set()  # signals that we sent ourselves

    def run(self, flows: list[Flow]) -> int:
        """Pass on until the command ends, also what these flows are."""
        names = [*to_pass_on(), "SIGWINCH", "SIGCONT", "SIGTSTP"]
        relay = Relay([self._shown, self._keys, *flows])
        with caught(names) as woken:
            status = self._pass_on(relay, woken)
        self._show_all()
        self._shown.close()
        if status < 0:
            self._shown.pending += self._modes.undone()
        self._show_all()
        return status

    def _pass_on(self, relay: Relay, woken: int) -> int:
        while True:
            in_front = self._own.pass_keys()
            self._keys.is_paused = not in_front
            relay.turn(
                [woken, self._link.fileno()],
                None if in_front else _LOOK_AGAIN,
            )
            for number in numbers_from(woken):
                self._signalled(number)
            for event, number in monitor.events(self._link):
                if event == monitor.STOPPED:
                    self._stop_as_well()
                elif event == monitor.FAILED:
                    raise OSError(number, os.strerror(number))
                else:
                    return -number if event == monitor.KILLED else number

    def _signalled(self, number: int) -> None:
        if number == signal.SIGWINCH:
            self._own.copy_size_to(self._outer)
        elif number in self._mirrored:
            self._mirrored.remove(number)
        else:
            if number == signal.SIGCONT:
                self._own.pass_keys_again()
            self._link.send(bytes([number]))

    def _send_signals(self, keys: bytes) -> None:
        """Send what a key sends to the rest of this process's group, too.

        So a pipeline that the command is in ends as it would without this.
        """
        modes = termios.tcgetattr(self._outer)
        if not modes[_LOCAL] & termios.ISIG:
            return
        for place, number in _KEYS:
            if modes[_CHARACTERS][place] in keys:
                self._mirrored.add(number)
                os.killpg(os.getpgrp(), number)

    def _stop_as_well(self) -> None:
        """Give the terminal to the shell, until somebody says `fg`."""
        self._show_all()
        self._own.put_back()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        self._own.copy_size_to(self._outer)
        self._own.pass_keys()
        self._link.send(bytes([signal.SIGCONT]))

    def _show_all(self) -> None:
        Relay([self._shown]).drain(_QUIET)
