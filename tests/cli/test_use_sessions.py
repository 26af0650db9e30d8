"""What a switch says of running sessions, and how it waits for them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.keyswitch import KEY, OTHER
from tests.cli.terminal import COMMAND, Terminal
from tests.targets.running import Impostor

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="there is no /proc here"
)


@pytest.fixture
def claude(ks):
    """Start impostors that work in ~/acme; all are ended with the test."""
    started = []

    def start(status=None, **options):
        one = Impostor(ks.file("acme"), ks.home, **options)
        started.append(one)
        return one.says(ks.file(".claude"), status) if status else one

    yield start
    for one in started:
        one.end()


@pytest.fixture
def waiting(ks):
    """Start a keyswitch in the background, up to its first line."""
    runs = []

    def start(*args):
        run = subprocess.Popen(
            [sys.executable, "-m", "keyswitch", *args],
            env=ks.environ,
            cwd=ks.home,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        runs.append(run)
        return run, run.stderr.readline()

    yield start
    for run in runs:
        run.kill()
        run.communicate()


def follows(done):
    return [
        (one["pid"], one["follows"]) for one in json.loads(done.out)["sessions"]
    ]


def test_each_session_is_named_with_process_and_directory(ks, claude):
    ks.add("one")
    one, two = claude("idle"), claude("idle")
    err = ks("use", "one").err
    for session in (one, two):
        line = f"claude (pid {session.pid}, ~/acme) follows at its next turn"
        assert f"keyswitch: {line}\n" in err


def test_a_terminal_shows_which_turn_is_waited_for_and_how_long(ks, claude):
    ks.add("one")
    one = claude("busy")
    waits = ("use", "one", "--wait")
    terminal = Terminal(ks, *COMMAND, *waits, "--timeout", "2", columns=120)
    turn = f"the turn of claude (pid {one.pid}, ~/acme)"
    terminal.sees(f"keyswitch: waiting for {turn}, 1 s")
    assert terminal.ends() == 1
    assert "waiting for" not in terminal.shown
    interrupted = Terminal(ks, *COMMAND, *waits, columns=120)
    interrupted.sees("waiting for").type("\x03")
    assert interrupted.ends() == 130
    last = interrupted.shown.strip()
    assert last.endswith("keyswitch: interrupted, nothing changed")


def test_a_wait_for_a_lock_names_the_sessions(ks, claude):
    ks.add("one")
    one = claude("busy")
    lock = ks.file(".claude.json.lock")
    lock.mkdir()
    terminal = Terminal(ks, *COMMAND, "use", "one", columns=160)
    terminal.sees(
        f"keyswitch: waiting for Claude Code (pid {one.pid}), which holds "
        "~/.claude.json.lock"
    )
    lock.rmdir()
    assert terminal.ends() == 0


def test_a_session_without_a_file_is_named_as_well(ks, claude):
    ks.add("one")
    one = claude()
    assert f"(pid {one.pid}, ~/acme)" in ks("use", "one").err


def test_without_sessions_nothing_is_said_of_them(ks):
    ks.add("one")
    assert "claude (" not in ks("use", "one").err
    assert json.loads(ks("off", "--json").out)["sessions"] == []


def test_a_document_lists_them(ks, claude):
    ks.add("one")
    one = claude("busy")
    document = json.loads(ks("use", "one", "--json").out)
    assert document["sessions"] == [
        {
            "pid": one.pid,
            "cwd": str(ks.file("acme")),
            "status": "busy",
            "follows": "next turn",
        }
    ]


def test_a_folder_of_another_name_has_other_sessions(ks, claude):
    ks.add("one")
    claude("idle")
    elsewhere = {"CLAUDE_CONFIG_DIR": str(ks.file("elsewhere"))}
    assert "claude (" not in ks("use", "one", **elsewhere).err


def test_what_a_session_follows_when(ks, claude):
    """Each step as it was observed on the real program."""
    ks.add("one")
    ks.add("two", secret=OTHER)
    ks.add("gate", "--set", "base_url=https://g.example.com",
           provider="gateway", secret="FAKE-gateway-token-EXAMPLE")  # fmt: skip
    ks.add("token", provider="claude-token",
           secret="sk-ant-oat01-FAKE-0123456789abcdefghijEXAMPLE")  # fmt: skip
    one = claude("idle")
    for name, when in (
        ("one", "next turn"),  # a helper came
        ("two", "minutes"),  # the same helper, which answers another key
        ("gate", "next turn"),  # a value was added
        ("one", "restart"),  # a value was removed
        ("token", "restart"),  # by variables only
    ):
        assert follows(ks("use", name, "--json")) == [(one.pid, when)], name
    ks("use", "one")
    assert follows(ks("off", "--json")) == [(one.pid, "next turn")]
    assert follows(ks("off", "--json")) == []  # nothing to do


def test_aws_credentials_are_kept_until_a_restart(ks, claude):
    for name in ("east", "west"):
        ks.add(
            name, "--set", "region=us-east-1",
            "--set", "access_key_id=AKIAFAKEFAKEFAKEFAKE",
            provider="bedrock", secret=f"FAKE/{name}/0123456789/abcdefghijEXAM",
        )  # fmt: skip
    one = claude("idle")
    assert follows(ks("use", "east", "--json")) == [(one.pid, "next turn")]
    assert follows(ks("use", "west", "--json")) == [(one.pid, "restart")]
    done = ks("off")
    line = (
        f"(pid {one.pid}, ~/acme) keeps the old account until it is restarted"
    )
    assert line in done.err


def test_a_shell_that_exports_is_told_what_its_sessions_keep(ks, claude):
    ks.add("one")
    claude("idle")
    said = "a session that has its account from this shell's variables"
    assert said in ks("use", "one", KEYSWITCH_ENV="one:f:s:").err
    assert said not in ks("off").err


def test_force_does_not_look(ks, claude):
    ks.add("one")
    claude("busy")
    done = ks("use", "one", "--force", "--json")
    assert json.loads(done.out)["sessions"] is None
    assert "claude (" not in done.err + ks("off", "--force").err


def test_wait_does_not_wait_for_sessions_at_rest(ks, claude):
    ks.add("one")
    claude("idle")
    claude("shell")
    assert "waiting" not in ks("use", "one", "--wait").err


@pytest.mark.parametrize("how", ["idle", "file", "process"])
def test_wait_ends_with_the_turn(ks, claude, waiting, how):
    ks.add("one")
    # Without its file a living session would be an unknown one.
    one = claude("busy", name="renamed" if how == "file" else "claude")
    before = ks.everything()
    run, line = waiting("use", "one", "--wait")
    assert line == (
        f"keyswitch: waiting for the turn of claude (pid {one.pid}, ~/acme)\n"
    )
    time.sleep(0.7)  # more than one look
    assert run.poll() is None
    assert ks.everything() == before
    if how == "idle":
        one.says(ks.file(".claude"), "idle")
    elif how == "file":
        one.file.unlink()
    else:
        one.end()
    _, err = run.communicate(timeout=20)
    assert run.returncode == 0
    assert err.startswith("keyswitch: switched to 'one'\n")
    assert ks("current").out == "one\n"


def test_off_waits_as_well(ks, claude, waiting):
    ks.add("one")
    ks("use", "one")
    one = claude("waiting")
    run, _ = waiting("off", "--wait")
    assert ks("current").out == "one\n"
    one.end()
    run.communicate(timeout=20)
    assert run.returncode == 0
    ks("current", code=1)


def test_a_session_of_unknown_status_is_waited_for(ks, claude):
    ks.add("one")
    claude()
    done = ks("use", "one", "--wait", "--timeout", "0", code=1)
    assert done.error.startswith("still in a turn: claude (pid ")
    ks("current", code=1)


def test_ctrl_c_while_it_waits_changes_nothing(ks, claude, waiting):
    ks.add("one")
    claude("busy")
    before = ks.everything()
    run, _ = waiting("use", "one", "--wait")
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=20)
    assert run.returncode == 130
    assert err.splitlines()[-1] == "keyswitch: interrupted, nothing changed"
    assert ks.everything() == before


def test_a_time_that_is_over_changes_nothing(ks, claude):
    ks.add("one")
    claude("busy")
    before = ks.everything()
    began = time.monotonic()
    done = ks("use", "one", "--wait", "--timeout", "0.8", code=1)
    assert 0.8 < time.monotonic() - began < 15
    assert "still in a turn" in done.error
    assert done.err.count("waiting for") == 1
    assert ks.everything() == before


def test_the_session_that_keyswitch_runs_in_is_not_waited_for(ks, tmp_path):
    """Otherwise a command that Claude Code runs would wait for itself."""
    ks.add("one")
    program = tmp_path / "claude"
    program.symlink_to(sys.executable)
    # An agent's command: below `claude`, with a shell in between.
    code = (
        "import subprocess, sys; raise SystemExit(subprocess.call("
        "['sh', '-c', '\"$0\" -m keyswitch use one --wait --timeout 5; "
        f"exit $?', {sys.executable!r}]))"
    )
    done = subprocess.run(
        [program, "-c", code],
        env=ks.environ, cwd=ks.home, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "waiting" not in done.stderr
    assert re.search(r"claude \(pid \d+, ~\) follows", done.stderr)


@pytest.mark.parametrize(
    "args", [["--wait", "--force"], ["--timeout", "3"], ["--timeout", "-1"]]
)
def test_options_that_contradict_each_other_are_refused(ks, args):
    ks.add("one")
    ks("use", "one", *args, code=2)
    ks("off", *args, code=2)


def test_a_directory_cannot_forge_a_line(ks, claude):
    ks.add("one")
    one = claude("idle")
    one.says(ks.file(".claude"), cwd="/x\n\x1b[2Jkeyswitch: error: FAKE")
    err = ks("use", "one").err
    assert "\x1b" not in err
    assert r"/x\x0a\x1b[2Jkeyswitch" in err


def test_a_login_that_moves_in_a_turn_is_warned_of(ks, claude):
    login = {
        "claudeAiOauth": {
            "accessToken": "sk-ant-oat01-FAKE-one",
            "refreshToken": "sk-ant-ort01-FAKE-one",
            "expiresAt": 4_000_000_000_000,
            "scopes": ["user:inference"],
        }
    }
    account = {"accountUuid": "FAKE-uuid", "emailAddress": "a@example.com"}
    ks.file(".claude").mkdir()
    credentials = ks.file(".claude/.credentials.json")
    credentials.write_text(json.dumps(login))
    ks.file(".claude.json").write_text(json.dumps({"oauthAccount": account}))
    ks("login", "me", "--capture", "--store", "vault")
    ks("off")
    credentials.unlink()
    one = claude("busy")
    err = ks("use", "me").err
    assert f"(pid {one.pid}, ~/acme) follows at its next turn" in err
    assert f"warning: claude (pid {one.pid}, ~/acme) may be in a turn" in err
    one.says(ks.file(".claude"), "idle")
    assert "may be in a turn" not in ks("off").err


def test_a_long_life_says_no_secret(ks, claude):
    ks.add("one")
    claude("busy", ANTHROPIC_API_KEY=KEY)
    said = [ks("use", "one", "-v"), ks("off", "--json")]
    assert not any(KEY in done.out + done.err for done in said)
    assert os.environ.get("ANTHROPIC_API_KEY") is None
