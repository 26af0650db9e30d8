"""`run --redact`: a command's output without the profile's secrets."""

import json
import os
import shlex
import signal
import sys
import time
from pathlib import Path

import pexpect
import pytest

from tests.cli.accounts import two_accounts
from tests.cli.keyswitch import KEY
from tests.cli.terminal import COMMAND, Terminal

MASK = "[redacted: work.api_key]"
PYTHON = sys.executable


@pytest.fixture
def work(ks):
    ks.add("work")
    return ks


def run(ks, script, **how):
    """Run a script of the shell with `work`, redacted."""
    return ks("run", "work", "--redact", "--", "sh", "-c", script, **how)


PRINTERS = {
    "as it is": "echo $ANTHROPIC_API_KEY",
    "in two writes": (
        "printf %.30s $ANTHROPIC_API_KEY; sleep 0.2; "
        "echo $ANTHROPIC_API_KEY | cut -c31-"
    ),
    "base64": "printf user:$ANTHROPIC_API_KEY | base64",
    "by environ": "env | grep ^ANTHROPIC_API_KEY",
    "letter by letter": "printf %s $ANTHROPIC_API_KEY | dd bs=1 status=none",
}


@pytest.mark.parametrize("script", PRINTERS.values(), ids=PRINTERS)
def test_what_programs_print(work, script):
    done = run(work, f"{script}; ({script}) >&2; echo done")
    assert MASK in done.out
    assert MASK in done.err
    assert done.out.endswith("done\n")
    assert KEY[20:] not in done.out + done.err


def test_outputs_stay_apart_and_input_comes(work):
    done = run(work, "cat; echo two >&2", stdin="one\n")
    assert (done.out, done.err) == ("one\n", "two\n")


def test_the_status_is_the_command_s(work):
    run(work, "exit 7", code=7)
    run(work, "kill -TERM $$", code=-signal.SIGTERM)
    run(work, "kill -KILL $$", code=-signal.SIGKILL)


def test_a_command_that_is_none(work):
    plain = work.file("plain")
    plain.write_text("#!/nowhere\n")
    plain.chmod(0o755)
    for command, said in (
        ("nonesuch", "command not found"),
        ("./plain", "cannot run"),
    ):
        done = work("run", "work", "--redact", "--", command, code=1)
        assert said in done.error
        assert done.out == ""


def test_what_is_left_running_is_masked_too(work):
    done = run(work, "(sleep 0.5; echo late $ANTHROPIC_API_KEY) & echo now")
    assert done.out == f"now\nlate {MASK}\n"


def test_a_secret_that_only_the_helper_gives(work):
    """Claude Code gets it from the helper, and not in a variable."""
    claude = work.file("claude")
    claude.write_text(f"#!/bin/sh\nenv | grep -c {KEY}\necho {KEY}\n")
    claude.chmod(0o755)
    done = work("run", "work", "--redact", "--", "./claude")
    assert done.out == f"0\n{MASK}\n"


def test_the_tokens_of_a_login(ks):
    ks.with_vault()
    two_accounts(ks)
    ks("use", "a", "--force")
    path = ks.file(".claude/.credentials.json")
    done = ks("run", "a", "--redact", "--", "cat", str(path))
    shown = json.loads(done.out)["claudeAiOauth"]
    assert shown["accessToken"] == "[redacted: a.access token]"
    assert shown["refreshToken"] == "[redacted: a.refresh token]"


def started(ks, *command, **environ):
    return Terminal(
        ks, *COMMAND, "run", "work", "--redact", "--", *command, **environ
    )


def test_a_terminal_stays_one(work):
    script = (
        "tty; test -t 0 && test -t 1 && test -t 2 && echo three; "
        "stty size; echo $ANTHROPIC_API_KEY; printf 'sure? [s'; read yes; "
        "trap 'stty size; exit 5' WINCH; echo ready; "
        "while :; do sleep 0.1; done"
    )
    shown = started(work, "sh", "-c", script)
    shown.sees("three").sees("24 100").sees(MASK).sees("sure? [s")
    shown.type("yes\r").sees("ready")
    shown.child.setwinsize(30, 90)
    shown.sees("30 90")
    assert shown.ends() == 5
    assert KEY not in shown.raw


@pytest.mark.parametrize(
    ("key", "number"), [("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT)]
)
def test_keys_that_send_signals(work, key, number):
    shown = started(work, "sh", "-c", "echo ready; exec sleep 60")
    shown.sees("ready").type(key)
    assert shown.ends() == -number


def test_a_signal_to_it_is_the_command_s(work):
    script = "trap 'echo asked; exit 3' TERM; echo ready; sleep 60 & wait"
    shown = started(work, "sh", "-c", script).sees("ready")
    shown.child.kill(signal.SIGTERM)
    shown.sees("asked")
    assert shown.ends() == 3


def test_what_is_typed_is_masked_where_it_is_shown(work):
    shown = started(work, "cat").type("x\r").sees("x\nx")
    shown.type(KEY[:40])
    time.sleep(0.3)
    shown.type(KEY[40:] + "\r").sees(f"{MASK}\n")
    shown.type("\x04")
    assert shown.ends() == 0
    assert KEY[20:] not in shown.raw


@pytest.fixture
def shell(work):
    """An interactive bash that runs commands redacted."""
    environ = {**work.environ, "TERM": "dumb", "PS1": "$ "}
    child = pexpect.spawn(
        "bash", ["--norc", "--noediting", "-i"], env=environ,
        cwd=str(work.home), encoding="utf-8", timeout=30,
    )  # fmt: skip
    child.expect_exact("$ ")
    command = shlex.join([*COMMAND, "run", "work", "--redact", "--"])
    child.sendline(f"redacted() {{ {command} \"$@\"; }}; echo o''k")
    child.expect_exact("ok\r\n$ ")
    child.modes = modes(child)
    yield child
    child.close(force=True)


def modes(shell):
    """Return the modes of the shell's terminal."""
    shell.sendline("stty -g; echo o''k")
    shell.expect(r"\n([0-9a-f:]+)\r\nok\r\n\$ ")
    return shell.match[1]


def is_as_before(shell):
    """Look whether the shell's terminal has its usual modes."""
    shell.expect_exact("$ ")
    return modes(shell) == shell.modes


def test_ctrl_z_and_fg(shell):
    shell.sendline("redacted sh -c 'echo ready; exec cat'")
    shell.expect_exact("\nready\r\n")
    shell.send("\x1a")
    shell.expect_exact("Stopped")
    assert is_as_before(shell)
    shell.sendline("fg")
    shell.expect_exact('"$@"')
    time.sleep(0.3)
    shell.sendline("again")
    shell.expect_exact("again\r\nagain\r\n")
    shell.send("\x04")
    assert is_as_before(shell)


def test_a_killed_command_leaves_the_terminal_as_it_was(shell):
    shell.sendline(
        r"""redacted sh -c 'printf "\033[?1049h\033[?25l"; kill -9 $$'"""
    )
    shell.expect_exact("\x1b[?1049h\x1b[?25l\x1b[?1049l\x1b[?25h")
    shell.expect_exact("Killed")
    assert is_as_before(shell)


def status_of(pid):
    """Return (state, parent, …) of a process; nothing where it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return [""]
    return text.rpartition(")")[2].split()


def test_so_does_keyswitch_if_it_is_killed(shell):
    shell.sendline("redacted sh -c 'echo its $PPID; exec cat'")
    shell.expect(r"its (\d+)\r\n")
    monitor = int(shell.match[1])
    os.kill(int(status_of(monitor)[1]), signal.SIGKILL)
    shell.expect_exact("Killed")
    time.sleep(0.2)
    assert is_as_before(shell)
    assert status_of(monitor)[0] in ("", "Z")


def test_pipes_beside_a_terminal(work, shell):
    """Keys come from the terminal, other input and output from elsewhere."""
    script = (
        "cat; read key < /dev/tty; echo $key $ANTHROPIC_API_KEY; echo 2 >&2"
    )
    work.file("script").write_text(script)
    shell.sendline("echo piped | redacted sh script 2>errors")
    shell.expect_exact("piped\r\n")
    shell.sendline("typed")
    shell.expect_exact(f"typed {MASK}\r\n")
    assert is_as_before(shell)
    assert work.file("errors").read_text() == "2\n"
    shell.sendline("sleep 60 | redacted sh -c 'echo ready; cat'")
    shell.expect_exact("\nready\r\n")
    shell.send("\x03")
    shell.expect_exact("^C\r\n$ ")
