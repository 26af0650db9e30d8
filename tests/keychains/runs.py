"""Runs keyswitch in forks of a warm process, with a stopwatch.

Standard input is a pipe with something in it that nobody may read, a file, or
a terminal at which somebody has typed ahead.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from tests.faults.full.warm import import_everything, run_and_exit
from tests.guard import join_fresh_keyring

_MUTANT = "KEYSWITCH_TEST_MUTANT"  # code that seeds a defect
UNREAD = b"FAKE line that nobody may read\n"
_LIBRARY = (
    "keyring.backends.SecretService",
    "keyring.backends.kwallet",
    "cryptography.hazmat.primitives.kdf.hkdf",
    "cryptography.hazmat.primitives.ciphers",
)


@dataclass
class Ran:
    """What a run came to, and how long it took."""

    code: int
    out: str
    err: str
    seconds: float
    unread: bytes  # of a pipe, what is left in it


class Runner:
    """The warm process; one run at a time."""

    def __init__(self, folder, mutant=""):
        folder.mkdir(parents=True)
        self._folder = folder
        os.mkfifo(folder / "pipe")
        self._pipe = os.open(folder / "pipe", os.O_RDWR | os.O_NONBLOCK)
        self._server = subprocess.Popen(
            [sys.executable, "-c", f"import {__name__} as h; h.serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "HOME": str(folder), _MUTANT: mutant},
            cwd=folder,
            text=True,
        )

    def __call__(
        self, argv, home, environ, *, stdin=None, typed=None, limit=30
    ):
        """Run a command; `stdin` is a file's bytes, `typed` a terminal's."""
        controller = slave = None
        if typed is not None:
            controller, slave = pty.openpty()
            os.write(controller, typed)
            source = os.ttyname(slave)
        elif stdin is not None:
            (self._folder / "file").write_bytes(stdin)
            source = str(self._folder / "file")
        else:
            self._drain()
            os.write(self._pipe, UNREAD)
            source = str(self._folder / "pipe")
        ended = self._ask(
            argv=argv,
            environ={**environ, "HOME": str(home)},
            cwd=str(home),
            source=source,
            terminal=typed is not None,
            limit=limit,
        )
        out = (self._folder / "out").read_text("utf-8", "replace")
        err = (self._folder / "err").read_text("utf-8", "replace")
        if controller is not None:
            out = err = _shown(controller)
            os.close(slave)
            os.close(controller)
        return Ran(ended["code"], out, err, ended["seconds"], self._drain())

    def _drain(self):
        try:
            return os.read(self._pipe, 1 << 16)
        except BlockingIOError:
            return b""

    def _ask(self, **words):
        self._server.stdin.write(json.dumps(words) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())

    def close(self):
        """End the process."""
        self._server.communicate(timeout=60)
        os.close(self._pipe)


def _shown(controller):
    """Return what was shown on a terminal whose program has ended."""
    parts = []
    while select.select([controller], [], [], 0.05)[0]:
        parts.append(os.read(controller, 1 << 16))
    return b"".join(parts).decode("utf-8", "replace").replace("\r\n", "\n")


def serve():
    """Run what the lines on standard input ask for, one after the other."""
    import_everything()
    for name in _LIBRARY:
        importlib.import_module(name)
    exec(os.environ.get(_MUTANT, ""), {})
    gc.freeze()
    gc.disable()
    inbox, outbox = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    while line := inbox.readline():
        asked = json.loads(line)
        for name in ("out", "err"):
            open(name, "w").close()
        begin = time.monotonic()
        pid = os.fork()
        if not pid:
            _become(asked)
        ended = os.pidfd_open(pid)
        if not select.select([ended], [], [], asked["limit"])[0]:
            os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(ended)
        seconds = time.monotonic() - begin
        found = {"code": code, "seconds": seconds}
        print(json.dumps(found), file=outbox, flush=True)


def _become(asked):
    """Be one run of keyswitch, in a fork."""

    def begin():
        os.setsid()  # so that there is no terminal but the one that is given
        source = os.open(asked["source"], os.O_RDWR)
        os.dup2(source, 0)
        for number, name in ((1, "out"), (2, "err")):
            descriptor = (
                source if asked["terminal"] else os.open(name, os.O_WRONLY)
            )
            os.dup2(descriptor, number)
        os.environ.clear()
        os.environ.update(asked["environ"])
        os.chdir(asked["cwd"])
        join_fresh_keyring()

    run_and_exit(begin, asked["argv"])
