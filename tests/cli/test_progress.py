"""What a person on a terminal is told while something takes long."""

import fcntl
import os
import subprocess
import sys
import time

import pytest

from keyswitch import progress
from keyswitch.disk import file_systems
from keyswitch.errors import FileStateError
from tests.cli.terminal import COMMAND, Terminal

HOLDER = (
    "import fcntl, os, time; lock = os.open(os.environ['LOCK'], os.O_RDWR); "
    "fcntl.flock(lock, fcntl.LOCK_EX); print(flush=True); time.sleep(60)"
)
STATE = ".local/state/keyswitch"


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


@pytest.fixture
def holder(work):
    """A keyswitch command that holds the lock, by its looks."""
    program = work.file("keyswitch")
    program.write_text(HOLDER)
    words = (str(program), "use", f"sk-ant-api03-{'FAKE' * 9}EXAMPLE")
    lock = {"LOCK": str(work.file(f"{STATE}/lock"))}
    with subprocess.Popen(
        [sys.executable, *words], env=lock, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_a_wait_names_the_command_that_is_waited_for(work, holder):
    terminal = Terminal(work, *COMMAND, "use", "work", columns=160)
    named = f"'keyswitch use sk-ant-api03-…' (pid {holder.pid})"
    terminal.sees(f"keyswitch: waiting for {named}")
    with pytest.raises(FileStateError) as e:
        file_systems.take_lock(str(work.file(f"{STATE}/lock")), wait=0.1)
    assert e.value.hint == f"wait for it, or answer its question: {named}"
    holder.kill()
    assert terminal.ends() == 0


def test_nothing_is_told_within_half_a_second(work):
    begun = time.monotonic()
    terminal = Terminal(work, *COMMAND, "use", "work")
    assert terminal.ends() == 0
    assert "working" not in terminal.raw or time.monotonic() - begun > 0.5


def test_a_line_that_is_cut_still_tells_the_seconds(monkeypatch):
    monkeypatch.setattr(progress, "_columns", lambda: 40)
    long = "keyswitch: waiting for the lock of 日本語/settings.json, 3 of 10 s"
    assert progress._fitting(long) == "keyswitch: waiting for t…n, 3 of 10 s"
    assert progress._fitting(long[:30]) == long[:30]


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


LIBRARY = {
    "the keychain": (
        "from keyswitch.secrets.keychain import worker; import time; "
        "worker.start(lambda _: time.sleep(1.5) or b'value', b'', 9)()"
    ),
    "from the passphrase": (
        "from keyswitch.secrets.vault import key_slots; "
        "key_slots.derive(b'x', {'name': 'argon2id', 'm': 65536, 't': 40, "
        "'p': 1, 'salt': 'AAAAAAAAAAAAAAAAAAAAAA=='})"
    ),
}


@pytest.mark.parametrize("what", LIBRARY)
def test_what_cannot_tell_by_itself_is_told_too(ks, what):
    """A call into C, and one in another process."""
    terminal = Terminal(ks, sys.executable, "-c", LIBRARY[what]).sees(what)
    assert terminal.ends() == 0
    assert terminal.shown.strip() == ""


@pytest.fixture
def corp(work):
    """Return what makes a manager that runs these lines."""

    def corp(lines):
        tool = work.file("tool")
        tool.write_text(f"#!/bin/sh\n{lines}\necho sk-ant-api03-{'F' * 95}\n")
        tool.chmod(0o700)
        config = work.file(".config/keyswitch/config.toml")
        config.write_text(f'[exec]\ncorp = ["{tool}"]\n')
        work("managers", "allow", "exec:corp", "--yes")
        words = ("edit", "work", "--reference", "exec:corp")
        return Terminal(work, *COMMAND, *words, columns=70)

    return corp


def test_what_a_manager_says_on_the_terminal_stays(corp):
    terminal = corp("printf 'Touch your key: ' >/dev/tty; sleep 2")
    terminal.sees("Touch your key:").sees("keyswitch: waiting for ")
    assert "Touch your key:" in terminal.shown
    terminal.ends()
    assert "waiting for" not in terminal.shown


def test_nothing_is_drawn_while_a_manager_asks_for_a_passphrase(corp):
    terminal = corp(
        "stty -echo </dev/tty; printf 'PIN: ' >/dev/tty; "
        "read pin </dev/tty; stty echo </dev/tty; sleep 1"
    )
    terminal.sees("PIN:")
    time.sleep(1.5)
    terminal.until(lambda _shown: True)
    assert "waiting" not in terminal.raw
    terminal.type("1234\r").sees("keyswitch: waiting for ")
    terminal.ends()
    assert "1234" not in terminal.raw
