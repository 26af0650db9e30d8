"""Many switches between keys at once, some of them killed at any time."""

import random
from contextlib import contextmanager

import pytest

from tests.faults.cases import ENVIRON, cli
from tests.faults.concurrency import key_home
from tests.faults.concurrency.crowd import LONGEST, crowd
from tests.faults.concurrency.key_home import NAMES
from tests.faults.concurrency.simulators import Reader, at_work
from tests.faults.harness import folder_in_memory
from tests.proof import record


def switches(times):
    chance = random.Random(times)
    names = ["", *NAMES]
    return [
        cli("use", name) if (name := chance.choice(names)) else cli("off")
        for _ in range(times)
    ]


@contextmanager
def three_readers(home, known):
    readers = [Reader(home, known) for _ in range(3)]
    with at_work(*readers):
        yield readers
    assert all(reader.reads > 100 for reader in readers)


def switched(home, starters, times, *, killed=0.0):
    """Switch often beside readers; return (what ended, what was found)."""
    known = key_home.make_home(home, starters[0])
    with three_readers(home, known) as readers:
        ended = crowd(switches(times), home, starters, killed=killed)
    found = [f for reader in readers for f in reader.found]
    found += consistent(home, known, starters[0])
    print(f"{times} switches, {ended.killed} killed, {ended.longest:.1f} s,"
          f" {sum(r.reads for r in readers):,} reads")  # fmt: skip
    return ended, found


def consistent(home, known, start):
    """Yield what does not fit together, once nobody is at work any more."""
    assert start(cli("history", "-q"), home, ENVIRON).returncode == 0
    yield from key_home.wrong_with(home, known)
    yield from key_home.lost_secrets(home, lambda name: [key_home.value(name)])
    yield from key_home.leftovers(home)
    before = {n: (home / n).read_bytes() for n in key_home.FIRST}
    again = key_home.active(home)
    if again:
        done = start(cli("use", again), home, ENVIRON)
        if done.returncode != 0 or before != {
            n: (home / n).read_bytes() for n in key_home.FIRST
        }:
            yield f"'use {again}' again changed something: {done.stderr}"
    done = start(cli("off"), home, ENVIRON)
    if done.returncode != 0:
        yield f"off: {done.stderr}"
    yield from key_home.first_bytes_lost(home)
    yield from key_home.ownerless_secrets(home)


def check(promise, what, ended, found):
    violations = [*found, *ended.unexpected()]
    record(promise=promise, what=what, points=len(ended.all),
           violations=len(violations))  # fmt: skip
    assert violations[:5] == []
    assert ended.longest < LONGEST


def test_switches_at_once_are_each_all_or_nothing(tmp_path, starters):
    with folder_in_memory(tmp_path) as room:
        ended, found = switched(room / "home", starters(6), 60)
    check("P1", "key switches at once", ended, found)


def test_switches_of_which_some_are_killed_lose_nothing(tmp_path, starters):
    with folder_in_memory(tmp_path) as room:
        ended, found = switched(room / "home", starters(6), 60, killed=0.3)
    check("P1", "key switches at once, 30 % killed", ended, found)
    assert ended.killed >= 8


@pytest.mark.full
@pytest.mark.parametrize("block", range(8))
def test_a_thousand_switches_sixteen_at_once(tmp_path, starters, block, times):
    killed = 0.3 * (block % 2)
    with folder_in_memory(tmp_path) as room:
        ended, found = switched(
            room / "home", starters(16), 125 * times, killed=killed
        )
    how = ", 30 % killed" if killed else ""
    check("P1", f"key switches at once{how}", ended, found)
    assert ended.killed >= killed * 125 * times / 3
