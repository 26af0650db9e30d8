"""Whether what a shell exports can reach Claude Code past the files."""

import pytest

from keyswitch.compiled import Compiled
from keyswitch.profiles.paths import Paths
from keyswitch.terminal.active_settings import come_first

PATHS = Paths(config="/c", data="/d", state="/s")
BEDROCK = ("CLAUDE_CODE_USE_BEDROCK", "1")
KINDS = {
    "key": ([], ["ANTHROPIC_API_KEY"], True),
    "token": ([], ["CLAUDE_CODE_OAUTH_TOKEN"], False),
    "plain": ([], ["ANTHROPIC_API_KEY"], False),
    "gateway": (
        [("ANTHROPIC_BASE_URL", "https://gw.test")],
        ["ANTHROPIC_AUTH_TOKEN"],
        True,
    ),
    "aws keys": ([BEDROCK], ["AWS_SECRET_ACCESS_KEY"], False),
    "aws key": ([BEDROCK], ["AWS_BEARER_TOKEN_BEDROCK"], True),
    "vertex": ([("CLAUDE_CODE_USE_VERTEX", "1")], [], False),
    "vertex of b": (
        [
            ("ANTHROPIC_VERTEX_PROJECT_ID", "b"),
            ("CLAUDE_CODE_USE_VERTEX", "1"),
        ],
        [],
        False,
    ),
    "openai": ([("OPENAI_BASE_URL", "x")], ["OPENAI_API_KEY"], False),
    "model": ([("ANTHROPIC_MODEL", "m")], ["ANTHROPIC_API_KEY"], True),
}


def profile(kind, name):
    literals, secrets, answers = KINDS[kind]
    made = Compiled(name)
    made.literals = list(literals)
    made.secrets = [(variable, "key") for variable in secrets]
    made.roles = {"helper": "key"} if answers else {}
    return made


@pytest.mark.parametrize(
    ("active", "chosen", "elsewhere"),
    [
        ("key", "key", False),
        ("key", "gateway", False),
        ("key", "token", True),  # the helper beats it
        ("key", "plain", True),  # it is cancelled, and no helper has it
        ("key", "vertex", False),
        ("key", "aws keys", False),
        ("gateway", "key", True),
        ("token", "key", False),
        ("token", "token", False),
        ("aws keys", "aws keys", True),  # the AWS profile of the settings wins
        ("aws keys", "aws key", True),
        ("aws key", "aws key", False),  # the helper answers for the other
        ("aws key", "aws keys", True),
        ("aws keys", "key", True),
        ("vertex of b", "vertex", True),
        ("openai", "key", False),
        ("model", "key", False),
        ("key", "openai", False),
    ],
)
def test_an_export_is_not_trusted_past_what_the_files_say(
    active, chosen, elsewhere
):
    found = come_first(
        PATHS, profile(chosen, "chosen"), profile(active, "active"), {}
    )
    assert found is elsewhere
