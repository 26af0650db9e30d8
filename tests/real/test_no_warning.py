"""The interactive Claude Code starts without a word about two credentials.

It looks at what is set, not at what is sent, so `claude -p` shows none of it.
"""

from __future__ import annotations

import json
import sys

import pytest

from tests import components
from tests.real.accounts import ACCOUNTS, add, sends
from tests.real.claude import Recorded
from tests.real.screen import Screen

EVAL = 'eval "$(keyswitch {})"'
# way -> (commands before, what a person types in an interactive bash)
WAYS = {
    "use": (["use {0}"], [EVAL.format("env")]),
    "install": (["install bash --yes", "use {0}"], []),
    "link": (["install bash --yes", "use second", "link {0}"], []),
    "here": (["use second"], [EVAL.format("use {0} --here")]),
    "env": (["use second"], [EVAL.format("env {0}")]),
    "shell": (["use second"], ["keyswitch shell {0}"]),
    "run": (["use second"], []),
}
NAMES = [name for name in ACCOUNTS if name != "second"]
# The helper in the files beats a token, and a shell is told so.
NOT_BY = {("link", "token"), ("env", "token")}
OFTEN = {("install", "first"), ("install", "gateway"), ("here", "token")}
TRUST = "trust this folder"
DOWN = "\x1b[B"
WARNING = "auth may not work as expected"


def marked(way, name):
    often = (way, name) in OFTEN
    return pytest.param(way, name, marks=() if often else pytest.mark.full)


CASES = [(w, n) for w in WAYS for n in NAMES if (w, n) not in NOT_BY]


@pytest.fixture
def person(machine):
    """Somebody who has used Claude Code in this project before."""
    known = {
        "hasCompletedOnboarding": True,
        "projects": {str(machine.project): {"hasTrustDialogAccepted": True}},
    }
    (machine.home / ".claude.json").write_text(json.dumps(known))
    machine.env["PATH"] = ":".join(
        [str(components.locate("claude")).rpartition("/")[0],
         sys.executable.rpartition("/")[0], machine.env["PATH"]]
    )  # fmt: skip
    machine.env["PS1"] = machine.env["PROMPT_COMMAND"] = ""
    add(machine, "second")
    return machine


def started(machine, way, name):
    """Bring Claude Code up as a person does; return its terminal."""
    before, typed = WAYS[way]
    for line in before:
        done = machine.keyswitch(*line.format(name).split(), check=False)
        assert done.returncode in (0, 4), done.stderr
    screen = Screen(["bash", "-i"], machine.env, machine.project)
    run = f"keyswitch run {name} -- " if way == "run" else ""
    for line in [*typed, f"{run}claude"]:
        screen.settle(1)
        screen.type(line.format(name))
    return screen


def ready(screen):
    """Answer what a new folder asks, and return the first screen."""
    text = screen.ready()
    if TRUST in text:
        screen.type(DOWN)  # the first answer is no
        text = screen.until(lambda now: TRUST not in now)
        text = screen.ready()
    return text


@pytest.mark.parametrize(("way", "name"), [marked(*case) for case in CASES])
def test_it_starts_without_a_warning_and_sends_the_account(person, way, name):
    add(person, name)
    with started(person, way, name) as screen:
        text = ready(screen)
        assert WARNING not in text, text
        assert "custom API key" not in text, text
        person.service.taken()
        screen.type("hi")
        screen.until(lambda now: "the stub heard you" in now)
        requests = person.service.taken()
    assert sends(Recorded(requests, 0, "", "", 0), name)


def test_the_setting_keeps_the_keys_of_the_shell_and_the_warning(person):
    config = person.home / ".config/keyswitch/config.toml"
    config.write_text('shell_keys = "keep"\n')
    add(person, "first")
    with started(person, "install", "first") as screen:
        assert WARNING in ready(screen)
    settings = json.loads((person.claude_home / "settings.json").read_text())
    assert list(settings) == ["apiKeyHelper"]
