"""A secret that is typed: seen nowhere, and the terminal is left as it was."""

import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import termios
import time

import pytest

from keyswitch.cli.prompt import LONGEST_LINE
from tests.cli.keyswitch import Keyswitch
from tests.leaks.commands import KEY, PHRASE
from tests.proof import record

WAIT = 20  # seconds until what does not come is a failure
MAIN = [sys.executable, "-m", "keyswitch"]
ADD = ["add", "w", "--provider", "anthropic", "--store", "vault"]
# A run of tests in the background has some of them ignored.
DEFAULT = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP)


class Terminal:
    """A program that has a terminal of its own."""

    def __init__(self, ks, *argv):
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            for number in DEFAULT:
                signal.signal(number, signal.SIG_DFL)
            os.chdir(ks.home)
            os.execve(argv[0], argv, {**ks.environ, "PS1": "ready> "})
        self.seen = b""

    def until(self, done, why=""):
        limit = time.monotonic() + WAIT
        while not done():
            assert time.monotonic() < limit, f"{why}: {self.seen!r}"
            if select.select([self.end], [], [], 0.02)[0]:
                try:
                    self.seen += os.read(self.end, 4096)
                except OSError:  # the other end is closed
                    time.sleep(0.01)
        return self

    def sees(self, text, times=1):
        return self.until(lambda: self.seen.count(text) >= times, text)

    def hides(self):
        return self.until(lambda: not self.echoes, "echo goes off")

    def shows(self):
        return self.until(lambda: self.echoes, "echo comes back")

    @property
    def echoes(self):
        return bool(termios.tcgetattr(self.end)[3] & termios.ECHO)

    def type(self, data):
        os.write(self.end, data)
        return self

    def ended(self):
        """Return the exit status, negative for a signal."""
        found = []

        def gone():
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                found.append(os.waitstatus_to_exitcode(status))
            return pid

        self.until(gone, "the end")
        while select.select([self.end], [], [], 0)[0]:
            try:
                self.seen += os.read(self.end, 4096)
            except OSError:
                break
        return found[0]

    def close(self):
        os.close(self.end)


@pytest.fixture
def ks(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    ks = Keyswitch(home)
    ks("vault", "init", "--passphrase-fd", "0", stdin=PHRASE)
    ks("lock")
    return ks


@pytest.fixture
def start(ks):
    opened = []

    def start(*argv):
        opened.append(Terminal(ks, *argv))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def counted(terminal, *secrets):
    shown = [s for s in secrets if s.encode() in terminal.seen]
    record(promise="P7", what="typed secrets, on the terminal", points=1,
           violations=len(shown))  # fmt: skip
    assert shown == []


def test_three_wrong_passphrases_end_it(start):
    terminal = start(*MAIN, "unlock")
    for times in (1, 2, 3):
        terminal.sees(b"vault passphrase", times).hides()
        terminal.type(PHRASE[:-times].encode() + b"\n")
    assert terminal.ended() == 5
    assert terminal.seen.count(b"wrong vault passphrase") == 3
    counted(terminal, PHRASE[:-3])


def test_the_right_one_at_the_third_try_unlocks(start, ks):
    terminal = start(*MAIN, "unlock")
    for times, typed in enumerate((b"one", b"two", PHRASE.encode()), 1):
        terminal.sees(b"vault passphrase", times).hides()
        terminal.type(typed + b"\n")
    assert terminal.ended() == 0
    assert terminal.echoes
    counted(terminal, PHRASE)
    ks("lock")


@pytest.mark.parametrize("name", ["TERM", "HUP", "QUIT"])
def test_a_signal_gives_the_echo_back(start, name):
    terminal = start(*MAIN, "unlock").sees(b"passphrase: ").hides()
    terminal.type(PHRASE[:9].encode())
    time.sleep(0.2)  # until the kernel has taken it, without an echo
    number = getattr(signal, f"SIG{name}")
    os.kill(terminal.pid, number)
    assert terminal.ended() == -number
    assert terminal.echoes
    counted(terminal, PHRASE[:9])


def test_ctrl_backslash_gives_the_echo_back_and_leaves_no_core(start, ks):
    terminal = start(
        "/bin/sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh", *MAIN, "unlock"
    )
    terminal.sees(b"passphrase: ").hides().type(PHRASE.encode() + b"\x1c")
    assert terminal.ended() == -signal.SIGQUIT
    assert terminal.echoes
    assert not list(ks.home.glob("core*"))
    counted(terminal, PHRASE)


def test_ctrl_d_is_no_answer(start, ks):
    before = ks.everything()
    terminal = (
        start(*MAIN, "unlock").sees(b"passphrase: ").hides().type(b"\x04")
    )
    assert terminal.ended() == 130
    assert terminal.echoes
    assert ks.everything() == before


@pytest.mark.real("dash")
def test_ctrl_z_shows_what_is_typed_and_fg_hides_it_again(start, ks):
    """In a shell that leaves the terminal's settings alone."""
    ks.file("run").write_text(f"exec {shlex.join(MAIN)} unlock\n")
    terminal = start("/bin/dash", "-i").sees(b"ready> ")
    terminal.type(b"sh run\n").sees(b"passphrase: ").hides()
    terminal.type(PHRASE[:9].encode() + b"\x1a").sees(b"Stopped").shows()
    terminal.type(b"fg\n").sees(b"passphrase: ", 2).hides()
    terminal.type(PHRASE.encode() + b"\n").sees(b"keyswitch: unlocked")
    terminal.shows().type(b"exit 0\n")
    assert terminal.ended() == 0
    counted(terminal, PHRASE, PHRASE[:9])
    ks("lock")


@pytest.mark.parametrize("size", [3000, LONGEST_LINE - 1])
def test_a_long_paste_arrives_whole(start, ks, size):
    ks("unlock", "--passphrase-fd", "0", stdin=PHRASE)
    secret = KEY + "x" * (size - len(KEY))
    terminal = start(*MAIN, *ADD).sees(b"API key: ").hides()
    terminal.type(secret.encode() + b"\n").sees(b"use it anyway?")
    terminal.type(b"y\n")
    assert terminal.ended() == 0
    assert ks("helper", "api-key", "w").out == secret + "\n"
    counted(terminal, secret, KEY)


@pytest.mark.parametrize("gap", [0.15, 0.5])
def test_the_rest_of_a_slow_paste_is_no_answer_that_is_seen(start, ks, gap):
    ks("unlock", "--passphrase-fd", "0", stdin=PHRASE)
    half = len(KEY) // 2
    terminal = start(*MAIN, *ADD).sees(b"API key: ").hides()
    terminal.type(KEY[:half].encode() + b"\n").sees(b"use it anyway?")
    time.sleep(gap)
    terminal.type(KEY[half:].encode() + b"\n").sees(b"API key: ", 2).hides()
    terminal.type(KEY.encode() + b"\n").sees(b"use it anyway?", 2)
    terminal.hides().type(b"y\n")
    assert terminal.ended() == 0
    assert ks("helper", "api-key", "w").out == KEY + "\n"
    counted(terminal, KEY[half:])


def test_a_paste_that_the_terminal_cut_is_refused(start, ks):
    """A terminal keeps 4,095 bytes of a line, and says nothing of the rest."""
    ks("unlock", "--passphrase-fd", "0", stdin=PHRASE)
    terminal = start(*MAIN, *ADD).sees(b"API key: ").hides()
    secret = KEY + "x" * (10_240 - len(KEY)) + "\n"
    while secret:
        written = os.write(terminal.end, secret[:512].encode())
        secret = secret[written:]
        time.sleep(0.001)  # so that the terminal can take it in
    assert terminal.ended() == 1
    assert b"cut" in terminal.seen
    assert not ks.profile_file("w").exists()
    counted(terminal, KEY)


@pytest.mark.parametrize(
    "args", [["unlock"], ADD, ["vault", "recovery", "--use"],
             ["vault", "passwd"], ["rotate", "w"]]
)  # fmt: skip
def test_without_any_terminal_nobody_is_asked(ks, args):
    done = subprocess.run(
        [*MAIN, *args], stdin=subprocess.DEVNULL, capture_output=True,
        env=ks.environ, cwd=ks.home, start_new_session=True, timeout=WAIT,
        check=False,
    )  # fmt: skip
    assert done.returncode in (1, 2, 5)
    assert done.stderr.startswith(b"keyswitch: error: ")
    assert done.stdout == b""


@pytest.mark.real("tmux", "bash")
def test_neither_scrollback_nor_history_has_it(ks, tmp_path):
    """In tmux with a shell that keeps a history, as a person has it."""
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    environ = {**ks.environ, "PS1": "ready> ", "TERM": "xterm-256color",
               "HISTFILE": str(ks.file("history"))}  # fmt: skip

    def call(*args):
        return subprocess.run(
            [*tmux, *args], env=environ, cwd=ks.home, check=True,
            capture_output=True, text=True,
        ).stdout  # fmt: skip

    def until(text):
        limit = time.monotonic() + WAIT
        while text not in (shown := call("capture-pane", "-pS", "-")):
            assert time.monotonic() < limit, shown
            time.sleep(0.05)

    call(
        "new-session",
        "-d",
        "-x",
        "100",
        "-y",
        "10",
        "env PS1='ready> ' bash --norc -i",
    )
    try:
        until("ready>")
        call("send-keys", f"{shlex.join(MAIN)} unlock", "Enter")
        until("passphrase:")
        call("send-keys", "-l", PHRASE)
        call("send-keys", "Enter")
        until("keyswitch: unlocked")
        call("send-keys", "history -a; seq 40; echo written", "Enter")
        until("\nwritten")
        seen = call("capture-pane", "-peJS", "-")
        seen += ks.file("history").read_text()
    finally:
        call("kill-server")
    assert "unlock" in seen
    assert PHRASE not in seen
    record(promise="P7", what="typed secrets, scrollback and history",
           points=2, violations=seen.count(PHRASE))  # fmt: skip
