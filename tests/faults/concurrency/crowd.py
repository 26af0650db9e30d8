"""Many commands at once, some of them killed before their end."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue

from tests.faults.cases import ENVIRON
from tests.faults.harness import Warm

BUSY = b"another keyswitch command has held"
LONGEST = 20  # seconds: ten for the lock, and the work on a busy machine


@contextmanager
def starters_in(folder):
    """Give as many ways to start a command as are asked for."""
    given = []

    def give(number):
        while len(given) < number:
            given.append(Warm())
        return given[:number]

    try:
        yield give
    finally:
        for one in given:
            one.close()


class Ended:
    """What became of the commands of a crowd."""

    def __init__(self, commands, done, times):
        self.all = list(zip(commands, done, times, strict=True))
        self.killed = sum(d.returncode == -9 for d in done)
        self.longest = max(times)

    def unexpected(self, allowed=()):
        """Return how commands ended that neither worked nor had to wait."""
        return [
            (command.argv[3:], done.returncode, done.stderr)
            for command, done, _ in self.all
            if done.returncode not in (0, -9)
            and BUSY not in done.stderr
            and not any(a in done.stderr for a in allowed)
        ]


def crowd(commands, home, starters, *, killed=0.0):
    """Run commands, as many at once as there are starters."""
    free = Queue()
    for starter in starters:
        free.put(starter)
    chance = random.Random(len(commands))
    limits = [
        chance.uniform(0, 0.8) if chance.random() < killed else None
        for _ in commands
    ]
    span = [0.3]  # seconds that a command takes, with the wait for others

    def one(command, share):
        starter = free.get()
        begun = time.monotonic()
        limit = None if share is None else share * span[0]
        done = starter(command, home, ENVIRON, kill_after=limit)
        took = time.monotonic() - begun
        if done.returncode == 0:
            span[0] += (took - span[0]) / 10
        free.put(starter)
        return done, took

    with ThreadPoolExecutor(len(starters)) as pool:
        ended = list(pool.map(one, commands, limits))
    return Ended(commands, *zip(*ended, strict=True))
