"""Ctrl-C on a terminal, at whatever a command waits for."""

import fcntl
import os
import signal
import socket
import termios

import pytest

from tests.cli.keyswitch import two_keys
from tests.cli.terminal import COMMAND, Terminal

STATE = ".local/state/keyswitch"
CONFIG = ".config/keyswitch/config.toml"
NOTHING = "keyswitch: interrupted, nothing changed"


@pytest.fixture
def two(bare):
    return bare.begin_as(two_keys)


def interrupted(terminal):
    """Type Ctrl-C; return what is left on the screen."""
    terminal.type("\x03")
    terminal.until_the_end()
    modes = termios.tcgetattr(terminal.child.child_fd)[3]
    assert modes & termios.ECHO
    assert modes & termios.ICANON
    assert terminal.ends() == 130
    assert "Traceback" not in terminal.raw
    assert "Exception ignored" not in terminal.raw
    shows_cursor = terminal.raw.rfind("\x1b[?25h")
    assert shows_cursor >= terminal.raw.rfind("\x1b[?25l")
    return [line for line in terminal.shown.splitlines() if line.strip()]


PROMPTS = {
    "remove work": "remove profile 'work'? [y/N]",
    "rotate work": "Anthropic API, API key:",
    "add": "type to filter:",
    "use": "type to filter:",
    "show": "type to filter:",
    "login": "name of the profile:",
    "vault passwd": "new passphrase:",
    "export --all --to out.ksb": "new passphrase:",
    "revoke-local --all": "remove these",
}


@pytest.mark.parametrize("command", PROMPTS)
def test_a_question(two, command):
    before = two.everything()
    terminal = Terminal(two, *COMMAND, *command.split()).sees(PROMPTS[command])
    assert interrupted(terminal)[-1] == NOTHING
    assert two.everything() == before


@pytest.mark.parametrize("environ", [{}, {"TERM": "dumb"}])
def test_a_wait_for_a_lock(two, environ):
    lock = os.open(two.file(f"{STATE}/lock"), os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    terminal = Terminal(two, *COMMAND, "use", "work", **environ)
    assert interrupted(terminal.sees("waiting for another")) == [NOTHING]
    os.close(lock)


def test_a_wait_for_claude_code(two):
    lock = two.file(".claude.json.lock")
    lock.mkdir()
    terminal = Terminal(two, *COMMAND, "use", "work", columns=200)
    terminal.sees("waiting for Claude Code, which holds")
    assert interrupted(terminal) == [NOTHING]
    lock.rmdir()


def test_a_network_that_says_nothing(two):
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        terminal = Terminal(
            two, *COMMAND, "doctor", "--network",
            ANTHROPIC_BASE_URL=f"https://{host}:{port}",
        )  # fmt: skip
        terminal.sees(f"waiting for {host}:{port} (TLS)")
        assert interrupted(terminal) == [NOTHING]


@pytest.fixture
def corp(two):
    """A manager of the person's own that takes its time."""
    tool = two.file("tool")
    tool.write_text("#!/bin/sh\nsleep 30\n")
    tool.chmod(0o700)
    two.file(CONFIG).write_text(f'[exec]\ncorp = ["{tool}"]\n')
    two("managers", "allow", "exec:corp", "--yes")
    return two


def test_a_manager_that_has_the_terminal(corp):
    reference = ("--reference", "exec:corp")
    terminal = Terminal(corp, *COMMAND, "edit", "work", *reference)
    terminal.sees("keyswitch: waiting for ")
    assert interrupted(terminal)[-1] == NOTHING


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_another_signal_ends_a_wait_too(two, number):
    lock = os.open(two.file(f"{STATE}/lock"), os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    terminal = Terminal(two, *COMMAND, "use", "work").sees("waiting for")
    terminal.child.kill(number)
    assert terminal.ends() == -number
    os.close(lock)
