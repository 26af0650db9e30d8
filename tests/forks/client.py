"""Runs commands in forks of one process that has loaded keyswitch.

A fork is what a fresh process is: its streams, directory, variables, umask,
session keyring, descriptors and signals are those that a process started by
the test would have. Only the interpreter's start is saved.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from tests import guard
from tests.components import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

KEYSWITCH = "tests.forks.server:keyswitch"
LIMIT = 60  # seconds of one command
LIMITS = 16  # kinds of them that the kernel has

# What an interpreter and its libraries read before the first line runs.
START = {
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "LC_ALL": "C.UTF-8",
}
_SERVE = "from tests.forks import server; server.serve({!r}, {!r})"
_READ_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "GLIBC_")


def fits(environ: Mapping[str, str]) -> bool:
    """Tell whether a fork can stand for a process with these variables."""
    at_start = {
        k: v for k, v in environ.items() if k.startswith(_READ_AT_START)
    }
    return at_start == START


def fitting(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with those of a fork's start in place of theirs."""
    rest = {
        k: v for k, v in environ.items() if not k.startswith(_READ_AT_START)
    }
    return {**rest, **START}


class Ran(NamedTuple):
    """What a command came to."""

    returncode: int
    stdout: bytes
    stderr: bytes


class Fork:
    """One command that is running, or waits for `begin`."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._file = line.makefile("r")
        text = self._file.readline()
        if not text.strip().isdigit():
            self._file.close()
            line.close()
            raise AssertionError(f"not come to its command: {text}")
        self.pid = int(text)

    def begin(self) -> None:
        """Let it begin, if it was started with `waits`."""
        self._line.sendall(b".")

    def ended(self, limit: float | None = LIMIT) -> tuple[int, float]:
        """Return (status, seconds); it is killed after `limit` seconds."""
        self._line.settimeout(limit and max(limit, 0.001))
        try:
            text = self._file.readline()
        except TimeoutError:
            self.kill()
            self._line.settimeout(LIMIT)
            text = self._line.recv(256).decode()
        self._file.close()
        self._line.close()
        found = json.loads(text)
        return found["code"], found["seconds"]

    def kill(self) -> None:
        """Kill it."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


class Server:
    """The process. `setup` is code that it runs first, a defect for one."""

    def __init__(self, *, setup: str = "") -> None:
        self._control, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET
        )
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVE.format(theirs.fileno(), setup)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**START, "HOME": "/", "PATH": os.environ["PATH"]},
                cwd="/",
            )  # fmt: skip

    def close(self) -> None:
        """End it."""
        self._control.close()
        self._process.wait(LIMIT)

    def start(
        self,
        args: Sequence[object],
        streams: Sequence[int],
        *,
        cwd: str | os.PathLike[str],
        environ: Mapping[str, str],
        target: str = KEYSWITCH,
        session: bool = False,
        own_keyring: bool = False,
        waits: bool = False,
    ) -> Fork:
        """Start a command; it has the streams' descriptors as its own."""
        asked = {
            "args": args,
            "cwd": os.fspath(cwd),
            "environ": dict(environ),
            "limits": [resource.getrlimit(n) for n in range(LIMITS)],
            "keyring": "" if own_keyring else guard.keyring_name(),
            "session": session,
            "target": target,
            "umask": _umask(),
            "waits": waits,
        }
        ours, theirs = socket.socketpair()
        ours.settimeout(LIMIT)
        with theirs:
            socket.send_fds(
                self._control, [b"run"], [*streams, theirs.fileno()]
            )
        ours.sendall(json.dumps(asked).encode() + b"\n")
        return Fork(ours)

    def run(
        self, args: Sequence[object], *, stdin: bytes = b"", **how: object
    ) -> Ran:
        """Run a command with a pipe at each end, as `subprocess.run` does."""
        with ExitStack() as stack:
            pipes = [os.pipe() for _ in range(3)]
            mine = [pipes[0][1], pipes[1][0], pipes[2][0]]
            theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
            ends = [
                stack.enter_context(os.fdopen(number, mode, buffering=0))
                for number, mode in zip(mine, ("wb", "rb", "rb"), strict=True)
            ]
            try:
                fork = self.start(args, theirs, **how)
            finally:
                for number in theirs:
                    os.close(number)
            try:
                out, err = _exchange(ends, stdin)
            except subprocess.TimeoutExpired:
                fork.kill()
                raise
            return Ran(fork.ended()[0], out, err)


@contextmanager
def in_memory(stdin: bytes) -> Iterator[list[BinaryIO]]:
    """Give files for the three streams of a command."""
    with ExitStack() as stack:
        files = [
            stack.enter_context(os.fdopen(os.memfd_create(name), "w+b", 0))
            for name in ("in", "out", "err")
        ]
        files[0].write(stdin)
        files[0].seek(0)
        yield files


def written(files: Sequence[BinaryIO]) -> tuple[bytes, bytes]:
    """Return what was written to such files."""
    for file in files:
        file.seek(0)
    return files[1].read(), files[2].read()


def _umask() -> int:
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    raise AssertionError("no umask in /proc/self/status")


def _exchange(ends, data: bytes) -> tuple[bytes, bytes]:
    """Write to the first pipe, read the others to their end."""
    source, *sinks = ends
    found = {sink: bytearray() for sink in sinks}
    limit = time.monotonic() + LIMIT
    os.set_blocking(source.fileno(), False)
    with selectors.DefaultSelector() as events:
        events.register(source, selectors.EVENT_WRITE)
        for sink in sinks:
            events.register(sink, selectors.EVENT_READ)
        while events.get_map():
            ready = events.select(max(0, limit - time.monotonic()))
            if not ready:
                raise subprocess.TimeoutExpired("keyswitch", LIMIT)
            for end in [key.fileobj for key, _ in ready]:
                if end is source:
                    more = data = _put(source, data)
                else:
                    more = end.read(1 << 16)
                    found[end] += more
                if not more:
                    events.unregister(end)
                    end.close()
    out, err = map(bytes, found.values())
    return out, err


def _put(source, data: bytes) -> bytes:
    """Write what fits; return what is left, nothing if nobody reads."""
    try:
        return data[os.write(source.fileno(), data) :]
    except BrokenPipeError:
        return b""


@cache
def shared() -> Server:
    """Return the server of this process; it lives as long as that."""
    server = Server()
    atexit.register(server.close)
    return server
