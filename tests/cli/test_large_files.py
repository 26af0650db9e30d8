"""A large file is named where a person waits for it, and locked briefly."""

import json
import os
import sys

import pytest

from keyswitch import progress
from keyswitch.__main__ import main
from keyswitch.disk import atomic
from tests.cli.keyswitch import KEY
from tests.cli.terminal import Terminal

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


AT_ONCE = (
    "import sys; from keyswitch import __main__, progress; "
    "progress.PATIENCE = 0; progress.EVERY = 0.001; __main__.launch()"
)


@pytest.mark.parametrize("command", ["use work", "doctor", "revoke-local"])
def test_a_terminal_is_told_what_a_command_works_on(large, command):
    words = command.split()
    terminal = Terminal(
        large, sys.executable, "-c", AT_ONCE, "--no-input", *words, columns=200
    )
    terminal.ends()
    name = "~/.claude.json"
    assert f"reading {name} (9 MB)" in terminal.raw
    writes = command == "use work"
    assert (f"writing {name} (9 MB)" in terminal.raw) == writes
    assert name not in terminal.shown


def test_a_pipe_is_not_told(large):
    assert "reading" not in large("use", "work").err


def when_written(args):
    """Run a command; print whether Claude Code's lock is held meanwhile."""

    def look(what):
        action, path, *_ = what.split()
        if action == "writing":
            print("locked" if os.path.exists(f"{path}.lock") else "free")

    progress.note = look
    return main(args)


def test_claude_codes_lock_is_not_held_while_a_new_version_is_written(large):
    large.target = f"{__name__}:{when_written.__name__}"
    assert large("use", "work").out == "free\n"
    document = json.loads((large.home / ".claude.json").read_text())
    assert document["customApiKeyResponses"]["approved"] == [KEY[-20:]]
