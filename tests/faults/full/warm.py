"""Ways to run keyswitch: a process of its own, or a fork of a warm one.

The start of an interpreter is most of what a short command costs, so long
series fork a process that has imported everything.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.forks import client


@dataclass(frozen=True)
class Command:
    """A command line, and what it reads on standard input."""

    argv: tuple[str, ...]
    stdin: bytes = b""


def run(command, home, environ, *, wrap=()):
    """Run a command in a home, under `wrap` if that is given."""
    return subprocess.run(
        [*wrap, *command.argv],
        input=command.stdin,
        capture_output=True,
        env={**environ, "HOME": str(home)},
        cwd=home,
        timeout=60,
        check=False,
    )


class Warm:
    """Runs keyswitch in forks of a process that has imported all of it.

    Called as `run` is, for long series. strace joins the fork before the
    command begins, so only the command's own calls are counted. `defect` is
    code that the process runs first.
    """

    def __init__(self, *, defect=""):
        self._own = client.Server(setup=defect) if defect else None

    def __call__(self, command, home, environ, *, wrap=(), kill_after=None):
        """Run a command; `kill_after` seconds it is killed at the latest."""
        assert command.argv[:3] == (sys.executable, "-m", "keyswitch")
        server = self._own or client.shared()
        # No pipes: what a killed command has started may hold them open.
        with client.in_memory(command.stdin) as streams:
            fork = server.start(
                command.argv[3:],
                [stream.fileno() for stream in streams],
                cwd=home,
                environ={**environ, "HOME": str(home)},
                waits=bool(wrap),
            )
            tracer = _joined(wrap, fork.pid) if wrap else None
            if tracer:
                fork.begin()
            code, _ = fork.ended(kill_after)
            if tracer:
                tracer.communicate(timeout=60)
            out, err = client.written(streams)
        return subprocess.CompletedProcess(command.argv, code, out, err)

    def close(self):
        """End the process, if it is not shared with others."""
        if self._own:
            self._own.close()


@contextmanager
def folder_in_memory(other):
    """Give a folder where `fsync` costs nothing, if there is such a place."""
    memory = "/dev/shm"
    if not os.access(memory, os.W_OK | os.X_OK):
        yield other
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="keyswitch-") as path:
        yield Path(path)


def _joined(wrap, pid):
    """Start strace on a process that is waiting, and wait for it.

    It does not follow children: their calls would be counted as well.
    """
    options = [option for option in wrap if option != "-f"]
    tracer = subprocess.Popen(
        [*options, "-p", str(pid)], stderr=subprocess.PIPE, text=True
    )
    line = tracer.stderr.readline()
    assert "attached" in line, line
    return tracer
