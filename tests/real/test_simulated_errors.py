"""Tables of docs/guides/trace-errors.md: what real clients do with an error.

Each row is tried: what is printed, the exit status, and how many requests
there are. With two retries in place of ten, which the tables call n.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict

import pytest

from keyswitch.trace.stand_ins.simulation import KINDS
from tests import components
from tests.real.test_field_errors import explain
from tests.real.test_trace import AWS, KEY, OPENAI

RETRIES = 2
OFTEN = {"401", "html", "overloaded"}  # tried with each commit
ANTHROPIC = ("--provider", "anthropic")
LOGIN = {
    "accessToken": "sk-ant-oat01-FAKE-simulated-0000000000000000000EXAMPLE",
    "refreshToken": "sk-ant-ort01-FAKE-simulated-0000000000000000000EXAMPLE",
    "expiresAt": 4_000_000_000_000,
    "scopes": ["user:inference", "user:profile"],
    "subscriptionType": "max",
}


def tables():
    """Return {heading and table's number in it: rows} of the document."""
    found, heading = defaultdict(list), ""
    text = (components.ROOT / "docs" / "guides" / "trace-errors.md").read_text(
        "utf-8"
    )
    for line in text.splitlines():
        if line.startswith("#"):
            heading, number = line.strip("# "), -1
        elif line.startswith("| error | it prints"):
            number += 1
        elif line.startswith("| `"):
            found[heading, number].append(
                [cell.strip() for cell in line.strip("| ").split("|")]
            )
    return found


TABLES = tables()


def rows(heading, number, part):
    return [
        pytest.param(
            row,
            id=row[0].strip("`"),
            marks=[pytest.mark.real(part)]
            + [pytest.mark.full] * (row[0].strip("`") not in OFTEN),
        )
        for row in TABLES[heading, number]
    ]


RESPONSE = [
    {"type": "response.created", "response": {"id": "resp_FAKE"}},
    {
        "type": "response.output_item.done",
        "output_index": 0,
        "item": {
            "type": "message",
            "id": "msg_FAKE",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "heard you"}],
        },
    },
    {
        "type": "response.completed",
        "response": {
            "id": "resp_FAKE",
            "usage": {
                "input_tokens": 1, "output_tokens": 1, "total_tokens": 2,
                "input_tokens_details": None, "output_tokens_details": None,
            },
        },
    },
]  # fmt: skip


def openai(request):
    """Answer as OpenAI's API for Codex does."""
    if request.method != "POST" or not request.path.endswith("/responses"):
        return None
    events = "".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
        for event in RESPONSE
    )
    return 200, "text/event-stream", events.encode()


def is_said(cell, printed):
    """Tell whether a text of a table's cell is what was printed."""
    texts = re.findall(r"`([^`]+)`", cell)
    patterns = (
        ".*".join(re.escape(part) for part in text.split("…")) for text in texts
    )
    return any(re.search(p, printed, re.DOTALL) for p in patterns)


def tried(machine, row, words, environ, ends=""):
    """Run a client with a row's error, and compare."""
    kind, _, status, count = (cell.strip("`") for cell in row[:4])
    simulated = "slow 0.5 s" if kind == "slow" else kind
    done = machine.keyswitch(
        *("trace", "--json", "--simulate", simulated, "--", *words),
        check=False,
        **environ,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    asked = [
        one
        for one in lines
        if one["simulated"] == kind and one["path"].endswith(ends)
    ]
    printed = done.stderr.partition("keyswitch: ")[0]
    printed = printed[max(printed.find("ERROR: "), 0) :]  # Codex says more
    assert done.returncode == int(status), printed
    expected = eval(count.replace("*", ""), {"n": RETRIES})  # our own document
    assert len(asked) == expected, printed
    if kind == "slow":
        assert asked[0]["first_byte_ms"] >= 0
        return
    assert is_said(row[1], printed), printed
    causes = explain(printed, {**machine.env, **environ}, machine.project)
    assert causes, printed


def claude(machine, row, ends="", **environ):
    environ = {
        "ANTHROPIC_BASE_URL": machine.service.url,
        "CLAUDE_CODE_MAX_RETRIES": str(RETRIES),
        **environ,
    }
    words = [components.locate("claude"), "-p", "hi"]
    tried(machine, row, words, environ, ends)


OF_CLAUDE = "Claude Code"


@pytest.mark.parametrize("row", rows(OF_CLAUDE, 0, "claude"))
def test_claude_code_with_a_key(machine, row):
    claude(machine, row, ANTHROPIC_API_KEY=KEY)


@pytest.mark.parametrize("row", rows(OF_CLAUDE, 1, "claude"))
def test_claude_code_with_a_login(machine, row):
    machine.claude_home.mkdir()
    (machine.claude_home / ".credentials.json").write_text(
        json.dumps({"claudeAiOauth": LOGIN})
    )
    claude(machine, row)


@pytest.mark.full
@pytest.mark.parametrize("kind", ["401", "expired-login"])
def test_claude_code_with_a_helper_asks_it_again(machine, kind):
    machine.keyswitch("add", "work", *ANTHROPIC, "--stdin", stdin=KEY)
    machine.keyswitch("use", "work")
    prints = {"401": "`Invalid API key`", "expired-login": "`Failed to auth`"}
    claude(machine, [f"`{kind}`", prints[kind], "1", "3 + *n*"])


@pytest.mark.full
@pytest.mark.parametrize("row", rows(OF_CLAUDE, 2, "claude"))
def test_claude_code_on_bedrock(machine, row):
    claude(
        machine,
        row,
        "/invoke-with-response-stream",
        CLAUDE_CODE_USE_BEDROCK="1",
        ANTHROPIC_BEDROCK_BASE_URL=machine.service.url,
        **AWS,
    )


@pytest.mark.full
@pytest.mark.parametrize("row", rows("Codex", 0, "codex"))
def test_codex_with_a_key(machine, row):
    machine.service.oauth = openai
    folder = machine.home / ".codex"
    folder.mkdir()
    folder.joinpath("config.toml").write_text(
        f'openai_base_url = "{machine.service.url}/v1"\n'
    )
    words = [components.locate("codex"), "exec", "--skip-git-repo-check", "hi"]
    tried(machine, row, words, {"CODEX_API_KEY": OPENAI})


def test_each_error_is_in_each_table():
    assert [len(TABLES[OF_CLAUDE, n]) for n in range(3)] == [
        len(KINDS), 5, 5,
    ]  # fmt: skip
    assert len(TABLES["Codex", 0]) == len(KINDS)
