"""What interactive mode would ask, in its order."""

import pytest

from keyswitch.diagnosis.findings import interactive
from tests.diagnosis.homes import (
    CONFIG,
    CREDENTIALS,
    KEY,
    SETTINGS,
    TOKEN,
    Home,
    login,
)


def asked(made, folder):
    return interactive.questions(made.build(folder))


def known(folder="project", **more):
    """Return the global configuration of somebody who has been here."""
    return {
        "hasCompletedOnboarding": True,
        "projects": {f"{{home}}/{folder}": {"hasTrustDialogAccepted": True}},
        **more,
    }


def warns_of(*names):
    return [f"it warns that both {' and '.join(names)} are set"]


def answered(**lists):
    return known(customApiKeyResponses=lists)


TAIL = KEY[-20:]
WITH_KEY = {"ANTHROPIC_API_KEY": KEY}
WITH_TOKEN = {"CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-FAKE-of-a-variable"}
ASKS = "whether to use ANTHROPIC_API_KEY (the default is no)"
REJECTED = "nothing, but ANTHROPIC_API_KEY is not used: it was rejected once"


@pytest.mark.parametrize(
    ("config", "environ", "questions"),
    [
        (known(), {}, []),
        (known(), WITH_KEY, [ASKS]),
        (
            answered(approved=[TAIL]),
            WITH_KEY,
            warns_of("ANTHROPIC_API_KEY", "claudeAiOauth"),
        ),
        (
            known(primaryApiKey=KEY),
            {},
            warns_of("primaryApiKey", "claudeAiOauth"),
        ),
        (
            known(primaryApiKey=KEY),
            {"ANTHROPIC_AUTH_TOKEN": TOKEN},
            warns_of("primaryApiKey", "ANTHROPIC_AUTH_TOKEN"),
        ),
        (answered(rejected=[TAIL]), WITH_KEY, [REJECTED]),
        (
            answered(approved=[TAIL], rejected=[TAIL]),
            {"ANTHROPIC_API_KEY": f" {KEY} "},
            warns_of("ANTHROPIC_API_KEY", "claudeAiOauth"),
        ),
        (known(), {"ANTHROPIC_AUTH_TOKEN": TOKEN}, []),
        (known(), {"ANTHROPIC_CUSTOM_HEADERS": f"x-api-key: {KEY}"}, []),
        (
            answered(approved=[TAIL]),
            {**WITH_KEY, "ANTHROPIC_AUTH_TOKEN": TOKEN},
            warns_of("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        ),
        (known(), WITH_TOKEN, []),
        (
            known(primaryApiKey=KEY),
            WITH_TOKEN,
            warns_of("CLAUDE_CODE_OAUTH_TOKEN", "primaryApiKey"),
        ),
        (
            answered(approved=[TAIL]),
            {**WITH_KEY, **WITH_TOKEN},
            warns_of("CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY"),
        ),
        (known(), {"ANTHROPIC_AUTH_TOKEN": TOKEN, **WITH_TOKEN}, []),
        (known(folder=""), {}, []),
        (known(folder="other"), {}, ["whether to trust the folder {}"]),
    ],
)
def test_it_asks_what_was_not_answered(home, config, environ, questions):
    files = {CONFIG: config, CREDENTIALS: login()}
    if config["projects"].keys() == {"{home}/"}:
        config["projects"] = {"{home}": {"hasTrustDialogAccepted": True}}
    found = asked(Home(files=files, environ=environ), home)
    assert list(found) == [q.format(f"{home}/project") for q in questions]


def test_the_first_start_asks_everything_in_order(home):
    found = asked(Home(environ=WITH_KEY), home)
    assert [q.partition(" ")[0] for q in found] == ["at", "whether", "whether"]
    assert found[-1] == ASKS


def test_a_token_beside_a_helper_is_a_pair_unless_it_is_cancelled(home):
    settings = {"apiKeyHelper": "echo FAKE"}
    files = {CONFIG: known(), SETTINGS: settings}
    found = asked(Home(files=files, environ=WITH_TOKEN), home)
    assert list(found) == warns_of("CLAUDE_CODE_OAUTH_TOKEN", "apiKeyHelper")
    settings["env"] = {"CLAUDE_CODE_OAUTH_TOKEN": ""}
    assert asked(Home(files=files, environ=WITH_TOKEN), home) == ()


def test_a_helper_in_both_headers_is_no_pair(home):
    files = {CONFIG: known(), SETTINGS: {"apiKeyHelper": "echo FAKE"}}
    assert asked(Home(files=files), home) == ()
