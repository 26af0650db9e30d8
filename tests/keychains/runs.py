"""Runs keyswitch in forks of a warm process, with a stopwatch.

Standard input is a pipe with something in it that nobody may read, a file, or
a terminal at which somebody has typed ahead.
"""

from __future__ import annotations

import os
import pty
import select
from contextlib import ExitStack
from dataclasses import dataclass

from tests.forks import client

UNREAD = b"FAKE line that nobody may read\n"
_LIBRARY = """
import cryptography.hazmat.primitives.ciphers
import cryptography.hazmat.primitives.kdf.hkdf
import keyring.backends.SecretService
import keyring.backends.kwallet
"""


@dataclass
class Ran:
    """What a run came to, and how long it took."""

    code: int
    out: str
    err: str
    seconds: float
    unread: bytes  # of a pipe, what is left in it


class Runner:
    """The process that has loaded the keychain's library as well.

    `mutant` is code that seeds a defect.
    """

    def __init__(self, mutant=""):
        self._server = client.Server(setup=_LIBRARY + mutant)

    def __call__(
        self, argv, home, environ, *, stdin=None, typed=None, limit=30
    ):
        """Run a command; `stdin` is a file's bytes, `typed` a terminal's."""
        with ExitStack() as stack:
            streams = stack.enter_context(client.in_memory(stdin or b""))
            given = [stream.fileno() for stream in streams]
            controller = rest = None
            if typed is not None:
                controller, slave = pty.openpty()
                stack.callback(os.close, controller)
                stack.callback(os.close, slave)
                os.write(controller, typed)
                given = [slave] * 3
            elif stdin is None:
                rest, write = os.pipe()
                stack.callback(os.close, rest)
                stack.callback(os.close, write)
                os.write(write, UNREAD)
                given[0] = rest
            fork = self._server.start(
                argv,
                given,
                cwd=home,
                environ={**environ, "HOME": str(home)},
                session=True,
                own_keyring=True,
            )
            code, seconds = fork.ended(limit)
            out, err = (
                text.decode("utf-8", "replace")
                for text in client.written(streams)
            )
            if controller is not None:
                out = err = _shown(controller)
            return Ran(code, out, err, seconds, _left_in(rest))

    def close(self):
        """End the process."""
        self._server.close()


def _left_in(pipe):
    if pipe is None or not select.select([pipe], [], [], 0)[0]:
        return b""
    return os.read(pipe, 1 << 16)


def _shown(controller):
    """Return what was shown on a terminal whose program has ended."""
    parts = []
    while select.select([controller], [], [], 0.05)[0]:
        parts.append(os.read(controller, 1 << 16))
    return b"".join(parts).decode("utf-8", "replace").replace("\r\n", "\n")
