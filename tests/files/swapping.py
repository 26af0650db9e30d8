"""A process that exchanges what has a name, again and again.

Run as a program: where to count, user, name, how ("exchange" or "come and
go"), and what takes turns with it. It stops when its standard input ends.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import random
import select
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

_COUNT = struct.Struct("q")
_C = ctypes.CDLL(None)
_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE
# Seconds, long enough to be believed; and many times without one.
_PAUSES = (0, 0.0001, 0.001, 0.004)
_IN_A_ROW = 50


@contextmanager
def attacker(user, name, how, *others):
    """Let a user exchange what has a name with `others`, until the end.

    Gives a function that tells how often that has been done by now.
    """
    with tempfile.TemporaryFile() as file:
        file.write(bytes(_COUNT.size))
        file.flush()
        count = mmap.mmap(file.fileno(), _COUNT.size)
        process = subprocess.Popen(
            [sys.executable, __file__, str(file.fileno()), str(user),
             str(name), how, *map(str, others)],
            stdin=subprocess.PIPE, pass_fds=[file.fileno()],
        )  # fmt: skip
        try:
            yield lambda: _COUNT.unpack_from(count)[0]
        finally:
            process.communicate(timeout=60)
        assert process.returncode == 0


def exchange(name, other):
    """Let two names change what they stand for; 0 if that could not be."""
    names = os.fsencode(name), os.fsencode(other)
    done = _C.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE)
    return int(done == 0)


def _come_and_go(name, other, pause):
    times = 0
    for old, new in ((other, name), (name, other)):
        try:
            # Of no use where the switch was faster: it is not ours to move.
            if not os.path.lexists(new):
                os.rename(old, new)
                times += 1
        except OSError:
            return times
        time.sleep(pause)
    return times


def main(descriptor, user, name, how, *others):
    """Exchange until the standard input ends."""
    count = mmap.mmap(descriptor, _COUNT.size)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    chance, times = random.Random(0), 0
    while not select.select([0], [], [], 0)[0]:
        for other in others:
            pause = chance.choice(_PAUSES)
            for _ in range(1 if pause else chance.randrange(_IN_A_ROW)):
                if how == "exchange":
                    times += exchange(name, other)
                    time.sleep(pause)
                else:
                    times += _come_and_go(name, other, pause)
            _COUNT.pack_into(count, 0, times)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
