"""A credential of a wrong kind, or a model of another service, is named."""

import json

import pytest

KEY = "sk-ant-api03-FAKE-0123456789abcdefghijklmnopqrstuvwxEXAMPLE"
TOKEN = "sk-ant-oat01-FAKE-0123456789abcdefghijklmnopqrstuvEXAMPLE"
MIXED = "credential-mixed-up"
MODEL = "model-of-another-service"


def found(ks, **environ):
    document = json.loads(ks("whoami", "--json", code=None, **environ).out)
    return {
        warning["id"]: warning["what"]
        for warning in document["warnings"]
        if warning["id"] in (MIXED, MODEL)
    }


@pytest.mark.parametrize(
    ("environ", "what"),
    [
        ({"CLAUDE_CODE_OAUTH_TOKEN": KEY}, "contains an API key"),
        ({"ANTHROPIC_API_KEY": TOKEN}, "contains a login's token"),
        ({"ANTHROPIC_AUTH_TOKEN": KEY}, "contains an API key"),
        ({"ANTHROPIC_API_KEY": f"'{KEY}'"}, "has quotes around it"),
        ({"ANTHROPIC_AUTH_TOKEN": "Bearer FAKE"}, "has the word Bearer around"),
        ({"ANTHROPIC_API_KEY": f"{KEY}\u00e9"}, "a character that is invalid"),
        ({"ANTHROPIC_API_KEY": f"{KEY}\u0430"}, "a character that is invalid"),
        ({"ANTHROPIC_API_KEY": f"{KEY}\nx"}, "has more than one line"),
        ({"ANTHROPIC_API_KEY": f"{KEY} x"}, "contains white space"),
        (
            {"ANTHROPIC_API_KEY": f"export A={KEY}"},
            "has a shell command around",
        ),
        ({"ANTHROPIC_API_KEY": f"x-api-key: {KEY}"}, "has a header's name"),
        ({"ANTHROPIC_API_KEY": f"{KEY};"}, "ends with ';'"),
        ({"ANTHROPIC_API_KEY": "sk-ant-api03-..."}, "is a placeholder"),
        ({"ANTHROPIC_API_KEY": TOKEN.replace("oat", "ort")}, "a refresh token"),
    ],
)
def test_a_credential_that_no_service_takes_is_named(ks, environ, what):
    assert what in found(ks, **environ)[MIXED]


@pytest.mark.parametrize(
    "environ",
    [
        {"ANTHROPIC_API_KEY": KEY},
        {"CLAUDE_CODE_OAUTH_TOKEN": TOKEN},
        # A gateway has tokens of its own.
        {"ANTHROPIC_AUTH_TOKEN": KEY, "ANTHROPIC_BASE_URL": "http://127.0.0.1"},
        {"ANTHROPIC_AUTH_TOKEN": "none", "ANTHROPIC_BASE_URL": "http://[::1]"},
        {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_MODEL": "claude-opus-4-1"},
        {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_MODEL": "sonnet[1m]"},
        {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_MODEL": "opusplan"},
    ],
)
def test_what_is_in_its_place_is_not_named(ks, environ):
    assert found(ks, **environ) == {}


def test_a_model_of_another_service_is_named_by_use(ks):
    ks.file(".claude").mkdir()
    settings = {"env": {"ANTHROPIC_MODEL": "glm-4.6"}}
    ks.file(".claude/settings.json").write_text(json.dumps(settings))
    ks.add("work")
    said = ks("use", "work").err
    assert "ANTHROPIC_MODEL is 'glm-4.6', which Anthropic does not have" in said
