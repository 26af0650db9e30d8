"""Running sessions of the real Claude Code: found, waited for, and followed."""

import json
import subprocess
import threading
from contextlib import contextmanager

import pytest

from keyswitch.targets.claude_code.target import sessions
from tests import components

ONE = "sk-ant-api03-FAKE-one-0123456789abcdefghijEXAMPLE"
TWO = "sk-ant-api03-FAKE-two-0123456789abcdefghijEXAMPL2"


@pytest.fixture
def two_keys(machine):
    for name, key in (("one", ONE), ("two", TWO)):
        machine.keyswitch(
            "add", name, "--provider", "anthropic", "--store", "vault",
            "--stdin", stdin=key,
        )  # fmt: skip
    machine.keyswitch("use", "one")
    return machine


@contextmanager
def session(machine, *args):
    """Start Claude Code here; it is ended with the block."""
    process = subprocess.Popen(
        [components.locate("claude"), "-p", *args],
        env=machine.env,
        cwd=machine.project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            pipe.close()


@pytest.fixture
def slow(service, monkeypatch):
    """Let messages arrive, and answer them when the test says so."""
    arrived, go = threading.Event(), threading.Event()
    usual = service.answer

    def answer(request):
        if request.is_message:
            arrived.set()
            go.wait(30)
        return usual(request)

    monkeypatch.setattr(service, "answer", answer)
    yield arrived, go
    go.set()


def test_a_session_in_a_turn_is_found_and_gone_afterwards(two_keys, slow):
    arrived, go = slow
    folder = str(two_keys.claude_home)
    with session(two_keys, "hi") as process:
        process.stdin.close()
        assert arrived.wait(30)
        (found,) = sessions.find(folder)
        assert found.pid == process.pid
        assert found.cwd == str(two_keys.project)
        assert found.in_turn
        done = two_keys.keyswitch(
            "use", "two", "--wait", "--timeout", "0", check=False
        )
        assert done.returncode == 1
        assert f"(pid {process.pid}, " in done.stderr
        # Without its file the process is found all the same.
        path = two_keys.claude_home / "sessions" / f"{process.pid}.json"
        path.rename(path.with_suffix(".away"))
        (other,) = sessions.find(folder)
        assert (other.pid, other.cwd) == (found.pid, found.cwd)
        path.with_suffix(".away").rename(path)
        go.set()
        assert process.wait(30) == 0
    assert sessions.find(folder) == []


def test_what_is_said_of_a_session_comes_true(two_keys):
    """A helper that stays answers late, one that comes or goes at once."""
    stream = ("--input-format", "stream-json", "--output-format", "stream-json")
    with session(two_keys, *stream, "--verbose") as process:
        assert turn(two_keys, process) == ONE
        assert said(two_keys, "use", "two") == [(process.pid, "minutes")]
        assert turn(two_keys, process) == ONE
        assert said(two_keys, "off") == [(process.pid, "next turn")]
        assert until_other(two_keys, process, ONE) is None


def said(machine, *args):
    done = machine.keyswitch(*args, "--json")
    return [
        (one["pid"], one["follows"])
        for one in json.loads(done.stdout)["sessions"]
    ]


def turn(machine, process):
    """Say something in a session; return the key that was sent."""
    machine.service.taken()
    message = {"role": "user", "content": "hi"}
    process.stdin.write(json.dumps({"type": "user", "message": message}) + "\n")
    process.stdin.flush()
    for line in process.stdout:
        if '"type":"result"' in line:
            break
    sent = [r for r in machine.service.taken() if r.is_message]
    return sent[0].credentials.get("x-api-key") if sent else None


def until_other(machine, process, key):
    """Take turns until another key is sent: the files are watched by poll."""
    for _ in range(40):
        found = turn(machine, process)
        if found != key:
            return found
    return found
