"""The interactive Claude Code in `run --redact` shows no secret."""

from __future__ import annotations

import json

import pytest

from tests import components
from tests.real import screen as screens
from tests.real.accounts import FIRST_KEY
from tests.real.conftest import KEYSWITCH
from tests.real.screen import Screen

MASK = "[redacted: first.api_key]"


@pytest.fixture
def person(machine):
    machine.keyswitch(
        "add", "first", "--provider", "anthropic", "--store", "vault",
        "--stdin", stdin=FIRST_KEY,
    )  # fmt: skip
    known = {
        "hasCompletedOnboarding": True,
        "projects": {str(machine.project): {"hasTrustDialogAccepted": True}},
    }
    (machine.home / ".claude.json").write_text(json.dumps(known))
    (machine.project / "notes").write_text(f"it is {FIRST_KEY}\n")
    return machine


def recorded(screen):
    """Let a screen also keep all that was ever written to it."""
    written = []
    feed = screen._stream.feed
    screen._stream.feed = lambda data: (written.append(data), feed(data))
    return written


def test_what_it_draws_is_masked_also_where_lines_are_short(
    person, monkeypatch
):
    """Forty columns break the key; the rest of it follows by the cursor."""
    monkeypatch.setattr(screens, "COLUMNS", 40)
    command = [*KEYSWITCH, "run", "first", "--redact", "--"]
    command.append(components.locate("claude"))
    with Screen(command, person.env, person.project) as screen:
        written = recorded(screen)
        screen.ready()
        screen.type("!cat notes")
        screen.until(lambda text: MASK in text)
        screen.type("hi")
        screen.until(lambda text: "the stub heard you" in text)
    for part in (FIRST_KEY[:25], FIRST_KEY[-15:]):
        assert part.encode() not in b"".join(written)
