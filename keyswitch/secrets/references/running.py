"""Run a manager's tool to its end, or to the deadline, and leave nothing.

The tool has a process group of its own, which ends with it when it is late,
says too much, or keyswitch is interrupted. Where a person is there, that group
gets the terminal, since a tool may ask on /dev/tty; else it has none.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import IO, Any, NoReturn, Self

from keyswitch import progress
from keyswitch.model import Frozen

VALUE_LIMIT = 32 * 1024  # bytes that a tool may print
WORDS_LIMIT = 16 * 1024  # bytes of its messages that are kept

_GRACE = 1.0  # seconds between SIGTERM and SIGKILL
_STEP = 0.1  # seconds after which is looked whether it has ended
# A program that a tool left behind may hold its output open.
_LINGER = 0.2
_INTERRUPTED = (-signal.SIGINT, 128 + signal.SIGINT)


class SilentError(Exception):
    """The tool did not end before the deadline. `words`: its messages."""

    def __init__(self, words: bytes) -> None:
        super().__init__()
        self.words = words


class TooMuchError(Exception):
    """The tool printed more than a secret may be long."""


class Call(Frozen):
    """A tool to be run. `given` goes to its stdin, and nothing else does."""

    argv: tuple[str, ...]
    environ: dict[str, str]
    folder: str  # that it runs in
    given: bytes = b""
    person: bool = False  # who may answer it on the terminal
    most: int = VALUE_LIMIT  # bytes that it may print
    _hidden = ("given", "environ")


class Done(Frozen):
    """How a tool ended, what it printed, and its messages."""

    status: int
    output: bytes
    words: bytes
    _hidden = ("output",)


def run(call: Call, deadline: float) -> Done:
    """Run a tool for some seconds at most.

    Raises OSError where it cannot be started, SilentError and TooMuchError.
    """
    end = time.monotonic() + deadline
    terminal = _own_terminal() if call.person else -1
    with _Signals() as signals:
        process = _start(call, with_terminal=terminal >= 0)
        try:
            signals.take_effect()
            with _terminal_is_for(process.pid, terminal):
                if os.name == "posix":
                    done = _collect(process, call, end)
                else:
                    done = _communicate(process, call, deadline)
        finally:
            signals.hold_back()  # a second Ctrl-C, until nothing is left
            if process.returncode is None:
                _end_group(process)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()
    if terminal >= 0 and done.status in _INTERRUPTED:
        raise KeyboardInterrupt  # it had the terminal, so it got Ctrl-C
    return done


def _start(call: Call, *, with_terminal: bool) -> subprocess.Popen[bytes]:
    apart: dict[str, Any] = {}
    if os.name == "posix":
        apart = (
            {"process_group": 0} if with_terminal else {"start_new_session": 1}
        )
    return subprocess.Popen(
        call.argv,
        env=call.environ,
        cwd=call.folder,
        stdin=subprocess.PIPE if call.given else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        **apart,
    )


def _collect(process: subprocess.Popen[bytes], call: Call, end: float) -> Done:
    output, words = bytearray(), bytearray()
    with selectors.DefaultSelector() as waiting:
        for pipe, kept in (process.stdout, output), (process.stderr, words):
            waiting.register(_there(pipe), selectors.EVENT_READ, kept)
        if process.stdin:
            os.set_blocking(process.stdin.fileno(), False)
            rest = bytearray(call.given)
            waiting.register(process.stdin, selectors.EVENT_WRITE, rest)
        while waiting.get_map() and (left := end - time.monotonic()) > 0:
            for key, events in waiting.select(min(left, _STEP)):
                writes = events & selectors.EVENT_WRITE
                if not (_feed(key) if writes else _take(key)):
                    waiting.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]
            if len(output) > call.most:
                raise TooMuchError
            del words[WORDS_LIMIT:]
            if process.poll() is not None:
                end = min(end, time.monotonic() + _LINGER)
    try:
        status = process.wait(max(0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise SilentError(bytes(words)) from None
    return Done(status, bytes(output), bytes(words))


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise OSError("the tool was started without a pipe")
    return pipe


def _feed(key: selectors.SelectorKey) -> bool:
    """Write some of what a tool is given; False: that was all."""
    try:
        del key.data[: os.write(key.fd, key.data)]
    except BrokenPipeError:
        return False  # it did not want it
    return bool(key.data)


def _take(key: selectors.SelectorKey) -> bool:
    """Read some of what a tool says; False: there is no more."""
    part = os.read(key.fd, 1 << 16)
    key.data.extend(part)
    return bool(part)


def _communicate(
    process: subprocess.Popen[bytes], call: Call, deadline: float
) -> Done:
    """Do the same where pipes cannot be waited for together (Windows)."""
    try:
        output, words = process.communicate(call.given or None, deadline)
    except subprocess.TimeoutExpired as e:
        raise SilentError(e.stderr or b"") from None
    if len(output) > call.most:
        raise TooMuchError
    return Done(process.returncode, output, words[:WORDS_LIMIT])


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End a tool and all that it started: politely, then for good."""
    if os.name != "posix":
        process.kill()
        process.wait()
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        # Its first process may be gone, and others of its group there.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)


class _Signals:
    """A block in which a signal that ends keyswitch ends the tool first.

    They are held back while the tool is started: it would be nobody's.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._held: list[int] = []
        self._in_effect = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                number = getattr(signal, name, 0)
                before = signal.getsignal(number) if number else None
                # What somebody ignores, or has a use for, stays so.
                if before in (signal.SIG_DFL, signal.default_int_handler):
                    self._before[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def take_effect(self) -> None:
        """Let signals end it from now on, and those that have arrived."""
        self._in_effect = True
        for number in self._held:
            _unwind(number)

    def hold_back(self) -> None:
        """Let none of them end anything from now on."""
        self._in_effect = False

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        if self._in_effect:
            _unwind(number)
        self._held.append(number)


def _unwind(number: int) -> NoReturn:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def _own_terminal() -> int:
    """Return the terminal that is ours to lend, opened, or -1."""
    if threading.current_thread() is not threading.main_thread():
        return -1  # where no signal can be ignored
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return -1
    with contextlib.suppress(OSError):
        if os.tcgetpgrp(terminal) == os.getpgrp():
            return terminal
    os.close(terminal)
    return -1


@contextlib.contextmanager
def _terminal_is_for(group: int, terminal: int) -> Iterator[None]:
    """Lend the terminal to a process group, and take it back as it was.

    Until then keyswitch is in the background. Who takes the terminal from
    there, or writes on some, is stopped by a signal, unless it is ignored.
    """
    if terminal < 0:
        yield
        return
    import termios

    modes = termios.tcgetattr(terminal)
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    progress.lend()
    try:
        with contextlib.suppress(OSError):
            os.tcsetpgrp(terminal, group)
            # It may have asked before the terminal was its own.
            os.killpg(group, signal.SIGCONT)
        yield
    finally:
        progress.take_back()
        with contextlib.suppress(OSError, termios.error):
            os.tcsetpgrp(terminal, os.getpgrp())
            termios.tcsetattr(terminal, termios.TCSADRAIN, modes)
        signal.signal(signal.SIGTTOU, before)
        os.close(terminal)
