"""What a person on a terminal is told while something takes long."""

import fcntl
import os
import time

import pytest

from tests.cli.terminal import COMMAND, Terminal

STATE = ".local/state/keyswitch"
HOLDER = (
    "import fcntl, os, sys, time; file = os.open(sys.argv[1], os.O_RDWR); "
    "fcntl.flock(file, fcntl.LOCK_EX); time.sleep(60)"
)


@pytest.fixture
def work(ks):
    ks.add("work")
    ks("use", "work")
    ks("off")
    return ks


@pytest.fixture
def held(work):
    """Hold keyswitch's lock until it is let go."""
    lock = os.open(work.file(f"{STATE}/lock"), os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    yield lambda: fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)


def test_a_wait_for_another_command_is_told_with_its_time(work, held):
    terminal = Terminal(work, *COMMAND, "use", "work")
    terminal.sees("keyswitch: waiting for another keyswitch command (pid ")
    terminal.sees(f"(pid {os.getpid()}), 1 s")
    held()
    assert terminal.ends() == 0
    assert terminal.shown.strip() == "keyswitch: switched to 'work'"


def test_nothing_is_told_within_half_a_second(work):
    begun = time.monotonic()
    terminal = Terminal(work, *COMMAND, "use", "work")
    assert terminal.ends() == 0
    assert "working" not in terminal.raw or time.monotonic() - begun > 0.5


def test_quiet_is_quiet(work, held):
    terminal = Terminal(work, *COMMAND, "-q", "use", "work")
    time.sleep(1.5)
    held()
    assert terminal.ends() == 0
    assert terminal.raw == ""


def test_ctrl_c_clears_the_line(work, held):
    before = work.everything()
    terminal = Terminal(work, *COMMAND, "use", "work").sees("waiting for")
    terminal.type("\x03")
    assert terminal.ends() == 130
    shown = terminal.shown.strip()
    assert shown.removeprefix("^C") == "keyswitch: interrupted, nothing changed"
    assert work.everything() == before
