"""Which running sessions are found, and which files are not believed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keyswitch.targets.claude_code.target import sessions
from keyswitch.targets.values import RunningSession
from tests.targets.running import Impostor

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="there is no /proc here"
)


@pytest.fixture
def claude(home, tmp_path):
    """Start impostors; all are ended with the test."""
    started = []

    def start(**options):
        options.setdefault("folder", tmp_path / "work")
        started.append(Impostor(home=home, **options))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def config_dir(home):
    return home / ".claude"


def pids(config_dir):
    return [found.pid for found in sessions.find(str(config_dir))]


def test_without_sessions_none_is_found(config_dir):
    assert sessions.find(str(config_dir)) == []


def test_a_session_is_described_by_its_file(claude, config_dir):
    one = claude().says(config_dir, "busy")
    assert sessions.find(str(config_dir)) == [
        RunningSession(one.pid, str(one.cwd), "busy")
    ]


def test_a_file_of_any_process_counts_while_the_start_is_right(
    claude, config_dir
):
    one = claude(name="renamed").says(config_dir)
    assert pids(config_dir) == [one.pid]
    one.says(config_dir, procStart="1")
    assert pids(config_dir) == []


def test_a_file_without_a_start_counts_for_claude_code_only(claude, config_dir):
    real = claude().says(config_dir, procStart=None)
    claude(name="renamed").says(config_dir, procStart=None)
    assert pids(config_dir) == [real.pid]


def test_a_file_that_a_killed_session_left_is_not_believed(claude, config_dir):
    one = claude().says(config_dir)
    one.end()
    assert one.file.exists()
    assert pids(config_dir) == []


def test_a_session_that_is_not_waited_for_yet_is_over(claude, config_dir):
    one = claude().says(config_dir)
    one.process.kill()
    os.waitid(os.P_PID, one.pid, os.WEXITED | os.WNOWAIT)
    assert pids(config_dir) == []


def test_a_process_of_another_person_is_not_ours(claude, config_dir, mocker):
    one = claude().says(config_dir)
    mocker.patch.object(os, "getuid", return_value=os.getuid() + 1)
    assert pids(config_dir) == []
    mocker.stopall()
    assert pids(config_dir) == [one.pid]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"pid": "PID"}',
        '{"pid": true}',
        '{"pid": 1e400}',
        '{"pid": ' + "9" * 5000 + "}",
        "[" * 60_000,
        '{"pid": PID, "procStart": 7}',
        '{"pid": PID, "procStart": [], "x": ' + '"' + "y" * 70_000 + '"}',
        "\udcff\udcfe",
    ],
)
def test_junk_is_passed_over(claude, config_dir, text):
    one = claude(name="renamed").says(config_dir)
    text = text.replace("PID", str(one.pid))
    one.file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert sessions.find(str(config_dir)) == []


def test_values_of_a_wrong_kind_are_not_known(claude, config_dir):
    one = claude().says(config_dir, status=7, cwd=[])
    assert sessions.find(str(config_dir)) == [RunningSession(one.pid, "")]


def test_other_things_in_the_folder_are_passed_over(claude, config_dir):
    one = claude(name="renamed").says(config_dir)
    folder = one.file.parent
    one.file.rename(folder / "1.json")
    (folder / f"{one.pid}.abc.key").write_text("FAKE")
    (folder / f"{one.pid}.json").mkdir()
    (folder / f"0{one.pid}.json").write_bytes((folder / "1.json").read_bytes())
    (folder / ("9" * 200 + ".json")).write_text("{}")
    os.mkfifo(folder / f"{os.getpid()}.json")
    assert pids(config_dir) == []


def test_a_session_without_a_file_is_found_by_its_process(claude, config_dir):
    one = claude()
    (found,) = sessions.find(str(config_dir))
    assert found == RunningSession(one.pid, str(one.cwd))
    assert found.in_turn


def test_only_sessions_of_the_same_folder_are_found(
    claude, config_dir, tmp_path
):
    usual = claude()
    other = claude(CLAUDE_CONFIG_DIR=str(tmp_path / "other"))
    relative = claude(CLAUDE_CONFIG_DIR="../other/./x/..")
    assert pids(config_dir) == [usual.pid]
    assert pids(tmp_path / "other") == sorted([other.pid, relative.pid])
    (tmp_path / "link").symlink_to(tmp_path / "other")
    assert pids(tmp_path / "link") == sorted([other.pid, relative.pid])


def test_what_is_no_session_is_passed_over(claude, config_dir, started):
    claude(name="claude-desktop")
    home = {"HOME": str(config_dir.parent)}
    started(
        [sys.executable, "-c", "import time; time.sleep(600)", "claude"], home
    )
    one = claude()
    assert pids(config_dir) == [one.pid]


def test_a_helper_process_of_a_session_is_no_session_of_its_own(
    config_dir, started, tmp_path
):
    shutil.copy(shutil.which("bash"), tmp_path / "claude")
    os.mkfifo(tmp_path / "fifo")  # a builtin waits, so nothing is left over
    lines = f"{tmp_path}/claude -c 'read x <>{tmp_path}/fifo' & wait"
    home = {"HOME": str(config_dir.parent), "PATH": os.environ["PATH"]}
    outer = started([tmp_path / "claude", "-c", lines], home)
    assert _until(config_dir, outer.pid) == [outer.pid]
    end = time.monotonic() + 10
    while not _children(outer.pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert len(_children(outer.pid)) == 1
    assert pids(config_dir) == [outer.pid]


@pytest.mark.parametrize("word", ["mcp", "auth", "update", "--version"])
def test_a_command_of_claude_code_is_no_session(
    config_dir, word, tmp_path, started
):
    folder = tmp_path / "@anthropic-ai/claude-code"
    folder.mkdir(parents=True)
    node = tmp_path / "node"
    node.symlink_to(sys.executable)
    code = folder / "cli.js"
    code.write_text("import time\ntime.sleep(600)\n")
    home = {"HOME": str(config_dir.parent)}
    session = started([node, "-I", code, "-p", "hi"], home)
    started([node, "-I", code, word], home)
    assert _until(config_dir, session.pid) == [session.pid]


@pytest.fixture
def started():
    running = []

    def start(argv, environ):
        running.append(subprocess.Popen(argv, env=environ))
        return running[-1]

    yield start
    for process in running:
        for child in _children(process.pid):
            os.kill(child, signal.SIGKILL)
        process.kill()
        process.wait()


def _children(pid):
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def _until(config_dir, pid):
    """Return what is found once `pid` is; a start takes its moment."""
    end = time.monotonic() + 10
    while pid not in pids(config_dir) and time.monotonic() < end:
        time.sleep(0.02)
    return pids(config_dir)


def test_no_other_variable_is_kept(claude, config_dir):
    claude(ANTHROPIC_API_KEY="sk-ant-api03-FAKE-EXAMPLE")
    assert "FAKE" not in repr(sessions.find(str(config_dir)))


def test_without_proc_a_living_process_is_believed(
    claude, config_dir, monkeypatch
):
    monkeypatch.setattr(sessions, "_PROC", "/nonexistent")
    one = claude().says(config_dir, procStart="Tue Nov 25 07:09:00 2026")
    claude()
    assert pids(config_dir) == [one.pid]
    one.end()
    assert pids(config_dir) == []


def test_without_proc_a_number_that_is_no_process_id_is_none(
    config_dir, monkeypatch
):
    monkeypatch.setattr(sessions, "_PROC", "/nonexistent")
    (config_dir / "sessions").mkdir(parents=True)
    path = config_dir / "sessions/9999999999.json"
    path.write_text('{"pid": 9999999999}')
    assert pids(config_dir) == []


def test_this_process_has_ancestors():
    assert os.getppid() in sessions.ancestors()
    assert os.getpid() not in sessions.ancestors()
