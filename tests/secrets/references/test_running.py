"""A tool that is run ends: by itself, at its deadline, or with keyswitch."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from keyswitch.secrets.references import running
from tests.components import ROOT


def call(script, **more):
    return running.Call(
        ("/bin/sh", "-c", script), {"PATH": os.environ["PATH"]}, "/", **more
    )


def is_gone(pid):
    """Wait until a process has ended; only its parent may keep its number."""
    for _ in range(100):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:
            if file.read().rpartition(")")[2].split()[0] not in "ZX":
                time.sleep(0.02)
                continue
        return True
    return False


def test_both_streams_and_the_status_come_back():
    done = running.run(call("echo out; echo err >&2; exit 3"), 5)
    assert done == running.Done(3, b"out\n", b"err\n")


def test_what_a_tool_is_given_is_its_whole_stdin():
    given = b"x" * 200_000
    done = running.run(call("wc -c", given=given), 5)
    assert done.output.split() == [b"200000"]


def test_a_tool_need_not_read_what_it_is_given():
    done = running.run(call("exec <&-; echo v", given=b"x" * 200_000), 5)
    assert done.output == b"v\n"


def test_without_anything_given_its_stdin_is_empty():
    assert running.run(call("cat; echo v"), 5).output == b"v\n"


GROUPS = {
    "polite": "sleep 60 & echo $! >&2; wait",
    "deaf": "trap '' TERM; sleep 60 & echo $! >&2; wait; sleep 60",
    "alone": "(sleep 60 & echo $! >&2) ; exec sleep 60",
    "stopped": "sleep 60 & echo $! >&2; kill -STOP $$",
}


@pytest.mark.parametrize("script", GROUPS.values(), ids=GROUPS)
def test_nothing_of_a_late_tool_is_left(script, monkeypatch):
    monkeypatch.setattr(running, "_GRACE", 0.2)
    begun = time.monotonic()
    with pytest.raises(running.SilentError) as e:
        running.run(call(script), 0.3)
    assert time.monotonic() - begun < 2
    assert is_gone(int(e.value.words))


def test_a_tool_that_says_too_much_is_ended():
    with pytest.raises(running.TooMuchError):
        running.run(call("while :; do echo too much; done"), 5)


def test_messages_without_an_end_are_cut():
    with pytest.raises(running.SilentError) as e:
        running.run(call(f"while :; do echo {'e' * 999} >&2; done"), 0.5)
    assert len(e.value.words) == running.WORDS_LIMIT


def test_what_a_tool_leaves_behind_is_not_waited_for():
    """An agent may hold the output open that it was started with."""
    begun = time.monotonic()
    done = running.run(call("sleep 60 & echo v; echo $! >&2"), 30)
    os.kill(int(done.words), signal.SIGKILL)
    assert done.output == b"v\n"
    assert time.monotonic() - begun < 5


WAITS = """
import sys
from keyswitch.secrets.references import running
script = "sleep 60 & echo $$ $! >{}; wait"
call = running.Call(("/bin/sh", "-c", script), {{"PATH": "/usr/bin:/bin"}}, "/")
running.run(call, 30)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_to_keyswitch_ends_the_tool_first(tmp_path, name):
    note = tmp_path / "pids"
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = WAITS.format(note)
    with subprocess.Popen(
        [sys.executable, "-c", script], env=environ, stderr=subprocess.DEVNULL
    ) as process:
        while not (note.exists() and note.read_text().endswith("\n")):
            time.sleep(0.02)
        process.send_signal(getattr(signal, name))
        assert process.wait(10) != 0
    assert all(is_gone(pid) for pid in note.read_text().split())


def test_a_second_ctrl_c_leaves_nothing_either(tmp_path):
    note = tmp_path / "pids"
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    deaf = WAITS.replace('"sleep', "\"trap '' TERM; sleep").format(note)
    with subprocess.Popen(
        [sys.executable, "-c", deaf], env=environ, stderr=subprocess.DEVNULL
    ) as process:
        while not (note.exists() and note.read_text().endswith("\n")):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) != 0
    assert all(is_gone(pid) for pid in note.read_text().split())


# As a shell starts a command: in the foreground, in a group of its own.
SHELL = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
words = [sys.executable, "-c", sys.argv[1]]
child = subprocess.Popen(words, process_group=0)
os.tcsetpgrp(0, child.pid)
_, status = os.waitpid(child.pid, os.WUNTRACED)
if os.WIFSTOPPED(status):
    print("stopped")
    child.kill()
"""
ASKS = """
import os, signal, threading
signal.signal(signal.SIGTTOU, signal.SIG_DFL)
from keyswitch.secrets.references import running
script = (
    "sleep 0.3; stty -echo </dev/tty; printf 'PIN: ' >/dev/tty; "
    "read -r pin </dev/tty && echo $pin"
)
environ = {"PATH": "/usr/bin:/bin"}
call = running.Call(("/bin/sh", "-c", script), environ, "/", person=PERSON)
os.system("stty tostop")  # who writes from the background is stopped
threading.Timer(0.1, os.write, [2, b"waiting "]).start()
try:
    print("got", running.run(call, 5))
except KeyboardInterrupt:
    print("interrupted")
print("ours", os.tcgetpgrp(0) == os.getpgrp())
"""


def on_terminal(person, typed):
    """Return what is seen on a terminal where a tool asks for a PIN."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["PYTHONPATH"] = str(ROOT)
        script = ASKS.replace("PERSON", str(person))
        os.execv(sys.executable, [sys.executable, "-c", SHELL, script])
    seen = b""
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 4096):
            seen += part
            if b"PIN: " in seen and typed:
                os.write(terminal, typed)
                typed = b""
    os.waitpid(pid, 0)
    os.close(terminal)
    return seen.decode()


def test_a_tool_may_ask_a_person_on_the_terminal():
    seen = on_terminal(True, b"1234-FAKE\n")
    assert "output=b'1234" not in seen  # values are in no representation
    assert "got Done(status=0" in seen
    assert "waiting " in seen
    assert "ours True" in seen


def test_ctrl_c_at_its_question_is_one_for_keyswitch():
    seen = on_terminal(True, b"\x03")
    assert "interrupted" in seen
    assert "ours True" in seen


def test_without_a_person_a_tool_has_no_terminal():
    seen = on_terminal(False, b"")
    assert "PIN" not in seen
    assert "got Done(status=" in seen
    assert "got Done(status=0" not in seen
