"""Passes on what a command writes, and what is typed for it."""

from __future__ import annotations

import contextlib
import os
import select
import time
from typing import TYPE_CHECKING

from keyswitch.switching.redacting.masking import Masker
from keyswitch.switching.running.caught_signals import ignore_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keyswitch.switching.redacting.automaton import Automaton

SILENCE = 0.05  # seconds without anything more, until a prompt is shown

_PIECE = 1 << 16  # bytes that are read at once
_MOST = 1 << 15  # bytes that wait for a reader who is slow
# Bytes that can be written without waiting where `select` says so (PIPE_BUF).
_SURE = select.PIPE_BUF if hasattr(select, "PIPE_BUF") else 512


class Flow:
    """What comes from one descriptor and goes to another, masked or as it is.

    `seen` is called with all that comes.

    The source is closed at its end, or when nobody reads the target any more:
    so the command gets SIGPIPE, as it would have without this.
    """

    def __init__(
        self,
        source: int,
        target: int,
        masker: Masker | None = None,
        seen: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self.source = source
        self.target = target
        self.is_open = True
        self.is_paused = False  # the source is somebody else's for now
        self.pending = b""
        self._masker = masker
        self._seen = seen
        self._quiet_at: float | None = None  # when what is held may be shown

    @property
    def reads(self) -> bool:
        """Tell whether there is room for more."""
        waits = self.is_paused or len(self.pending) > _MOST
        return self.is_open and not waits

    @property
    def is_over(self) -> bool:
        """Tell whether all has come and is passed on."""
        return not self.is_open and not self.pending

    def take(self) -> None:
        """Read what has come."""
        try:
            data = os.read(self.source, _PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # a terminal whose other end is closed
        if not data:
            self.close()
            return
        self._seen(data)
        if self._masker is None:
            self.pending += data
        else:
            self.pending += self._masker.feed(data)
            held = self._masker.holds
            self._quiet_at = time.monotonic() + SILENCE if held else None

    def give(self) -> None:
        """Write as much as can be without waiting."""
        try:
            written = os.write(self.target, self.pending[:_SURE])
        except BlockingIOError:
            return
        except OSError:
            self.close()
            self.pending = b""
            return
        self.pending = self.pending[written:]

    def close(self) -> None:
        """End it; what is pending can still be written."""
        if self.is_open:
            self.is_open = False
            os.close(self.source)
            if self._masker is not None:
                self.pending += self._masker.end()
            self._quiet_at = None

    def left(self) -> float | None:
        """Return the seconds until what is held may be shown, if any is."""
        if self._quiet_at is None:
            return None
        return max(self._quiet_at - time.monotonic(), 0)

    def rest(self) -> None:
        """Show what may be shown after a silence."""
        if self._masker is not None and self.left() == 0:
            self.pending += self._masker.pause()
            self._quiet_at = None


class Relay:
    """Several flows, none of which waits for another."""

    def __init__(self, flows: Sequence[Flow]) -> None:
        self.flows = list(flows)

    @property
    def is_over(self) -> bool:
        """Tell whether all has come and is passed on."""
        return all(flow.is_over for flow in self.flows)

    def turn(
        self, others: Sequence[int] = (), timeout: float | None = None
    ) -> list[int]:
        """Wait for something, and pass it on; return what is ready.

        `others` are further descriptors to wait for.
        """
        reading = [flow for flow in self.flows if flow.reads]
        writing = [flow for flow in self.flows if flow.pending]
        lefts = [flow.left() for flow in self.flows]
        waits = [one for one in (*lefts, timeout) if one is not None]
        readable, writable, _ = select.select(
            [*(flow.source for flow in reading), *others],
            [flow.target for flow in writing],
            [],
            min(waits, default=None),
        )
        for flow in writing:
            if flow.target in writable:
                flow.give()
        for flow in reading:
            if flow.source in readable and flow.is_open:
                flow.take()
            flow.rest()
        return [*readable, *writable]

    def drain(self, quiet: float) -> None:
        """Pass on all that was written, until nothing comes for a while."""
        while not self.is_over:
            waits = any(flow.pending for flow in self.flows)
            found = self.turn(timeout=None if waits else quiet)
            if not (waits or found):
                break


def piped(
    numbers: list[int], automaton: Automaton
) -> tuple[dict[str, int], list[Flow]]:
    """Return pipes in place of outputs, and the flows behind them.

    Outputs that go to one place have one pipe, and keep their order.
    """
    streams: dict[str, int] = {}
    flows: list[Flow] = []
    ends: dict[tuple[int, int], int] = {}
    for number in numbers:
        status = os.fstat(number)
        place = (status.st_dev, status.st_ino)
        if place not in ends:
            source, ends[place] = os.pipe()
            flows.append(Flow(source, number, Masker(automaton)))
        streams["stdout" if number == 1 else "stderr"] = ends[place]
    return streams, flows


def finish(relay: Relay) -> None:
    """Pass on the rest; what the command has left running writes on.

    The rest of its output goes through a process of its own then, since the
    command itself is over.
    """
    relay.drain(0)
    if relay.is_over or os.fork():
        return
    ignore_all()
    with contextlib.suppress(BaseException):
        while not relay.is_over:
            relay.turn()
    os._exit(0)
