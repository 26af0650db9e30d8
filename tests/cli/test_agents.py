"""`agents = "deny"`: no agent gets a secret, or moves one elsewhere."""

import pytest

from keyswitch.switching import agents
from tests.cli.keyswitch import KEY

GIVING = [
    ("env", "w", "--shell", "sh"),
    ("run", "w", "--", "env"),
    ("edit", "w", "--set", "base_url=https://evil.example"),
    ("edit", "w", "--unset", "base_url"),
    ("vault", "recovery"),
]
HELPERS = [("helper", "api-key", "w"), ("helper", "aws", "w")]


@pytest.fixture
def denied(ks):
    ks.add("w")
    path = ks.home / ".config/keyswitch/config.toml"
    path.write_text('agents = "deny"\n')
    return ks


@pytest.mark.parametrize("line", GIVING + HELPERS, ids=" ".join)
@pytest.mark.parametrize("variable", [n for n, _ in agents.COMMANDS])
def test_an_agent_s_command_gets_nothing(denied, line, variable):
    before = denied.profile_file("w").read_bytes()
    done = denied(*line, code=1, **{variable: "1"})
    assert KEY not in done.out
    assert "an agent runs this command" in done.err
    assert denied.profile_file("w").read_bytes() == before


@pytest.mark.parametrize("line", GIVING, ids=" ".join)
@pytest.mark.parametrize("variable", ["AI_AGENT", "AGENT"])
def test_so_does_one_by_convention(denied, line, variable):
    done = denied(*line, code=1, **{variable: "some-agent"})
    assert "an agent runs this command" in done.err


def test_claude_code_s_own_helpers_are_answered(denied):
    names = {
        "AI_AGENT": "claude-code_2-1-330_harness",
        "CLAUDE_CODE_ENTRYPOINT": "sdk-cli",
    }
    assert denied("helper", "api-key", "w", **names).out == KEY + "\n"


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_a_variable_that_says_no_is_no_agent(denied, value):
    assert KEY in denied("env", "w", "--shell", "sh", CLAUDECODE=value).out


def test_a_person_is_served(denied):
    assert KEY in denied("env", "w", "--shell", "sh").out
    assert denied("helper", "api-key", "w").out == KEY + "\n"
