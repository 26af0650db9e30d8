"""A run of the real Claude Code again, from its recording and no service."""

from __future__ import annotations

import json

import pytest

from tests import components
from tests.real.answers import REPLY
from tests.real.test_trace import AWS, KEY

NOWHERE = "http://127.0.0.1:9"  # nothing listens there


def run(machine, *options, **environ):
    words = [components.locate("claude"), "-p", "hi"]
    done = machine.keyswitch(
        "trace", "--json", *options, "--", *words, check=False, **environ
    )
    return done, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("bodies", ["answers", "all"])
def test_claude_code_gets_the_recorded_stream(machine, bodies):
    har = str(machine.home / "run.har")
    url = {"ANTHROPIC_BASE_URL": machine.service.url, "ANTHROPIC_API_KEY": KEY}
    _, first = run(machine, "--record", har, "--bodies", bodies, **url)
    machine.service.taken()
    url["ANTHROPIC_BASE_URL"] = NOWHERE
    done, again = run(machine, "--replay", har, **url)
    assert (done.returncode, machine.service.taken()) == (0, [])
    assert done.stderr.startswith(REPLY)
    assert [r["simulated"] for r in again] == ["replay"] * len(first)
    assert [r["received_bytes"] for r in again] == [
        r["received_bytes"] for r in first
    ]


def test_what_the_recording_does_not_hold_is_said_at_once(machine):
    har = str(machine.home / "run.har")
    environ = {
        "CLAUDE_CODE_MAX_RETRIES": "10",
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "ANTHROPIC_BEDROCK_BASE_URL": machine.service.url,
        **AWS,
    }
    run(machine, "--record", har, **environ)
    done, again = run(machine, "--replay", har, **environ)
    assert done.returncode == 1
    assert "does not contain the whole answer" in done.stderr
    # Not asked for again, though there are ten retries.
    assert [r["status"] for r in again if r["status"] != 200] == [502]
