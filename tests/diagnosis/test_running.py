"""Helpers are run as Claude Code would, and only for so long."""

import os
import threading
import time
from pathlib import Path

import pytest

from keyswitch.diagnosis.findings.commands import Runner
from keyswitch.targets.verdict import Source, Value
from tests.diagnosis.homes import KEY, SETTINGS, Home

LONG = 60  # seconds; more than any of these may take
SHORT = 0.3


@pytest.fixture
def run(home):
    def run(command, limit=LONG, **changes):
        scene = Home(**changes).build(home).scene
        runner = Runner(scene, limit)
        value = Value(command, Source("helper", "apiKeyHelper"))
        return runner(value), runner.ran[command]

    return run


def ends(pid):
    """Wait for a process that was killed; its last moments take a while."""
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return True
        if status.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False


def test_an_answer_is_given_and_remembered(home, run):
    answer, ran = run(f"echo {KEY}; echo once >> log")
    assert answer == f"{KEY}\n"
    assert ran.problem == ""
    assert (home / "project" / "log").read_text() == "once\n"


def test_a_command_runs_once_however_often_it_is_asked_for(home):
    files = {SETTINGS: {"apiKeyHelper": "echo FAKE; echo x >> ../log"}}
    situation = Home(files=files, run=LONG).build(home)
    command = situation.scene.command("apiKeyHelper")
    first = situation.run.ran[command.text]
    assert situation.run(command) == first.answer.reveal()
    assert situation.run.ran[command.text] is first
    assert (home / "log").read_text() == "x\n"


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("exit 7", "failed with status 7"),
        ("kill -9 $$", "failed with status -9"),
        ("true", "prints nothing"),
        ("echo FAKE >&2", "prints nothing"),
        ("gone-FAKE", "failed with status 127"),
        ("echo 'a", "failed with status 2"),
        ("a\0b", "cannot be started: embedded null byte"),
        ("read x && echo $x", "failed with status 1"),
    ],
)
def test_what_goes_wrong_is_said_and_gives_no_answer(run, command, problem):
    answer, ran = run(command)
    assert answer is None
    assert ran.problem == problem


def test_it_sees_the_variables_of_the_session(run):
    files = {SETTINGS: {"env": {"FROM_SETTINGS": "FAKE-1", "A": "2"}}}
    answer, _ = run(
        'echo "$FROM_SETTINGS $A $B"',
        files=files,
        environ={"A": "1", "B": "3"},
    )
    assert answer == "FAKE-1 2 3\n"


def test_an_answer_of_any_bytes_is_a_text(run):
    answer, _ = run(r"printf '\377FAKE'")
    assert answer == "\ufffdFAKE"


@pytest.mark.parametrize(
    "command",
    [
        "exec /bin/sleep 600",
        "/bin/sleep 600 & echo $! > ../child; echo FAKE; wait",
        "(/bin/sleep 600 & echo $! > ../child; exec /bin/sleep 600)",
        "trap '' TERM INT HUP; /bin/sleep 600",
        "/bin/sleep 600 & echo $! > ../child",
    ],
)
def test_a_helper_that_hangs_is_ended_with_all_its_children(home, run, command):
    answer, ran = run(command, SHORT)
    assert answer is None
    assert ran.problem.startswith("no answer within")
    child = home / "child"
    if child.exists():
        assert ends(int(child.read_text()))


def test_nothing_of_this_process_reaches_it(run):
    before = threading.active_count()
    inner, outer = os.pipe()
    os.set_inheritable(outer, True)
    answer, _ = run(f"[ -e /proc/self/fd/{outer} ] || echo FAKE")
    os.close(inner)
    os.close(outer)
    assert answer == "FAKE\n"
    assert threading.active_count() == before
