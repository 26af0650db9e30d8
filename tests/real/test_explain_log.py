"""What the real Claude Code prints and logs is what `explain` knows."""

from __future__ import annotations

import json

import pytest

from tests.real.accounts import AWS_ID, AWS_SECRET

INVALID = "The security token included in the request is invalid."

BEDROCK = {
    "CLAUDE_CODE_USE_BEDROCK": "1",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": AWS_ID,
    "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
    "AWS_SESSION_TOKEN": "FAKE-of-an-old-session",
}
GATEWAY = {
    "ANTHROPIC_AUTH_TOKEN": "FAKE-token-of-a-gateway",
    "ANTHROPIC_BASE_URL": "STUB",
}


@pytest.fixture
def refusing(machine):
    """A machine on which every conversation ends with the text of AWS."""
    for end in ("/v1/messages", "/invoke", "/invoke-with-response-stream"):
        machine.service.answers[end] = 403, {"message": INVALID}
    return machine


def causes(machine, *args, **environ):
    done = machine.keyswitch("explain", "--json", *args, **environ)
    return json.loads(done.stdout)["causes"]


@pytest.mark.parametrize(
    ("environ", "why"),
    [(BEDROCK, "AWS_SESSION_TOKEN"), (GATEWAY, "ANTHROPIC_BASE_URL")],
    ids=["bedrock", "gateway"],
)
def test_the_403_of_aws_is_explained_from_its_text_and_from_the_log(
    refusing, environ, why
):
    """Threads 2260, 5418 and 18580: it says neither whose keys nor where."""
    url = refusing.service.url
    environ = {n: v.replace("STUB", url) for n, v in environ.items()}
    recorded = refusing.claude(**environ)
    assert recorded.exit_code == 1
    assert f"API Error: 403 {INVALID}" in recorded.stdout
    for asked in (recorded.stdout, "--from-log"):
        first, *_ = causes(refusing, asked, **environ)
        assert first["id"] == "aws-security-token-invalid"
        assert why in " ".join(first["why"])
