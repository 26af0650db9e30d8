"""A large file is named where a person waits for it, and locked briefly."""

import json
import os

import pytest

from keyswitch.__main__ import main
from keyswitch.disk import atomic
from tests.cli.keyswitch import KEY
from tests.cli.terminal import COMMAND, Terminal

PROJECTS = {f"/p{n}": {"history": ["x" * 1000] * 90} for n in range(100)}


@pytest.fixture
def large(ks):
    """A home whose .claude.json has nine megabytes."""
    document = {"customApiKeyResponses": {"approved": []}, "projects": PROJECTS}
    text = json.dumps(document)
    (ks.home / ".claude.json").write_text(text)
    assert len(text) > atomic.LARGE
    ks.add("work")
    return ks


@pytest.mark.parametrize("command", ["use work", "doctor", "revoke-local"])
def test_a_terminal_is_told_what_a_command_works_on(large, command):
    words = command.split()
    terminal = Terminal(large, *COMMAND, "--no-input", *words)
    terminal.ends()
    name = f"{large.home}/.claude.json"
    said = " ".join(terminal.raw.split())  # wrapped at words
    assert said.count(f"reading {name} (9 MB)") == 1
    writes = command == "use work"
    assert said.count(f"writing {name} (9 MB)") == writes


def test_a_pipe_is_not_told(large):
    assert "reading" not in large("use", "work").err


def when_written(args):
    """Run a command; print whether Claude Code's lock is held meanwhile."""

    def look(action, path, size):
        if action == "writing":
            print("locked" if os.path.exists(f"{path}.lock") else "free")

    atomic.on_large.append(look)
    return main(args)


def test_claude_codes_lock_is_not_held_while_a_new_version_is_written(large):
    large.target = f"{__name__}:{when_written.__name__}"
    assert large("use", "work").out == "free\n"
    document = json.loads((large.home / ".claude.json").read_text())
    assert document["customApiKeyResponses"]["approved"] == [KEY[-20:]]
