"""What the real Claude Code does with odd characters, and `whoami` says so."""

import json

import pytest

VALUES = {
    "ellipsis": "sk-ant-api03-FAKE0123456789…abcdefEXAMPLE",
    "latin": "sk-ant-api03-FAKE0123456789\xe9abcdefEXAMPLE",
    "last of latin": "sk-ant-api03-FAKE0123456789\xffabcdefEXAMPLE",
    "no-break": "sk-ant-api03-FAKE0123456789\xa0abcdefEXAMPLE",
    "zero width": "sk-ant-api03-FAKE0123456789\u200babcdefEXAMPLE",
    "blank": "sk-ant-api03-FAKE0123456789 abcdefEXAMPLE",
    "placeholder": "<token>...",
    "quotes": '"sk-ant-api03-FAKE0123456789abcdefEXAMPLE"',
}
HEADERS = {
    "ANTHROPIC_API_KEY": ("x-api-key",),
    "ANTHROPIC_AUTH_TOKEN": ("authorization",),
    "helper": ("x-api-key", "authorization"),
}


@pytest.mark.parametrize("value", list(VALUES))
@pytest.mark.parametrize("source", list(HEADERS))
def test_whoami_says_what_is_done_with_an_odd_value(machine, source, value):
    text, environ = VALUES[value], {}
    if source == "helper":
        machine.claude_home.mkdir(exist_ok=True)
        (machine.home / "key").write_text(text, encoding="utf-8")
        settings = machine.claude_home / "settings.json"
        settings.write_text(json.dumps({"apiKeyHelper": "cat ~/key"}))
    else:
        environ[source] = text
    recorded = machine.claude(**environ)
    told = machine.keyswitch(
        "whoami", "--json", "--run-helper", check=False, **environ
    )
    request = json.loads(told.stdout)["request"]
    assert request["sent"] == bool(recorded.messages)
    for message in recorded.messages:
        for name in HEADERS[source]:
            sent = message.credentials[name].removeprefix("Bearer")
            masked = request[name]["masked"]
            assert (masked == "") == (sent.strip() == "")
            assert masked in ("", "…") or sent.endswith(masked[-4:])


ELSEWHERE = {
    "AWS_BEARER_TOKEN_BEDROCK": {
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "AWS_REGION": "us-east-1",
    },
    "ANTHROPIC_FOUNDRY_API_KEY": {
        "CLAUDE_CODE_USE_FOUNDRY": "1",
        "ANTHROPIC_FOUNDRY_RESOURCE": "fake",
    },
    "ANTHROPIC_CUSTOM_HEADERS": {"ANTHROPIC_API_KEY": "FAKE"},
}


@pytest.mark.parametrize("value", ["ellipsis", "last of latin", "no-break"])
@pytest.mark.parametrize("name", list(ELSEWHERE))
def test_whoami_knows_it_of_clouds_and_of_custom_headers(machine, name, value):
    before = "X-Team: " if name == "ANTHROPIC_CUSTOM_HEADERS" else ""
    environ = {**ELSEWHERE[name], name: before + VALUES[value]}
    recorded = machine.claude(**environ)
    told = machine.keyswitch("whoami", "--json", check=False, **environ)
    request = json.loads(told.stdout)["request"]
    assert request["sent"] == bool(recorded.messages)
    assert request["sent"] == (value != "ellipsis")
