"""The report for a ticket: what matters, and nothing of who it is."""

import pytest

from keyswitch.diagnosis.checks import examine
from keyswitch.diagnosis.checks.report import report_text
from keyswitch.diagnosis.online.network import NetworkStep
from tests.diagnosis.homes import (
    AWS_FILES,
    AWS_ID,
    BEDROCK,
    CONFIG,
    CREDENTIALS,
    KEY,
    OTHER,
    PAIR,
    PROJECT,
    SECRETS,
    SETTINGS,
    TOKEN,
    Home,
    login,
    profile,
)

HOST = "gateway.acme-canary.example"
PERSON = {
    CONFIG: {
        "oauthAccount": {
            "emailAddress": "jane.canary@acme-canary.example",
            "organizationName": "Canary Works",
            "accountUuid": "12345678-1234-1234-1234-123456789abc",
        }
    },
}
CROWDED = Home(
    files={
        **PERSON,
        **AWS_FILES,
        CREDENTIALS: login(accountUuid="b"),
        PROJECT: {"env": {"ANTHROPIC_BASE_URL": f"https://{HOST}/v1"}},
        SETTINGS: {"apiKeyHelper": "{home}/gone-helper", "env": {"A": None}},
        ".zshrc": f"export ANTHROPIC_API_KEY={OTHER}\n",
        "project/.env": f"ANTHROPIC_AUTH_TOKEN={TOKEN}\n",
        ".claude-switch-backup": "",
    },
    environ={
        "ANTHROPIC_API_KEY": OTHER,
        "HTTPS_PROXY": "http://user:FAKEpass@proxy.acme-canary.example:3128",
        "ANTHROPIC_PROFILE": "anthropic-canary",
        **PAIR,
        "AWS_SESSION_TOKEN": "FAKE",
    },
    profiles={
        "canary-one": profile(more='label = "Canary label"'),
        "canary-two": profile(),
        "canary-gate": profile(
            "gateway", TOKEN, base_url="https://other.acme-canary.example"
        ),
        "canary-broken": "provider = 5\n",
        "canary-old": profile(secret=OTHER, more="expires = 2020-01-01"),
    },
    chosen="canary-one",
    modes={CREDENTIALS: 0o644},
)
CLOUD = Home(
    files={**AWS_FILES, ".zshrc": "export CLAUDE_CODE_USE_BEDROCK=1\n"},
    environ={
        **BEDROCK,
        "AWS_PROFILE": "aws-canary",
        "ANTHROPIC_BEDROCK_BASE_URL": f"http://{HOST.title()}",
    },
    profiles={"canary-one": profile()},
    chosen="canary-one",
)
STEPS = (
    NetworkStep("dns", HOST, False, 3, "no answer", f"{HOST} is gone", "look"),
    NetworkStep("proxy", "proxy.acme-canary.example", True, 3, "answers"),
)


def report(home_, folder, steps=()):
    situation = home_.build(folder)
    return report_text(situation, examine(situation), steps)


@pytest.mark.parametrize("home_", [CROWDED, CLOUD], ids=["crowded", "cloud"])
def test_nothing_tells_who_or_where_it_is(home, home_):
    found = report(home_, home, STEPS)
    assert "canary" not in found.lower()
    assert str(home) not in found
    assert home.name not in found
    assert AWS_ID not in found
    assert "12345678-" not in found
    for secret in SECRETS:
        assert secret[12:-4] not in found
    assert all(line.isprintable() for line in found.splitlines())


def test_it_says_provider_sources_and_findings(home):
    lines = report(CROWDED, home, STEPS).splitlines()
    for wanted in (
        "profiles: 4",
        "a profile is chosen: yes",
        "in use: False",
        "x-api-key: raw from environment of a profile",
        "variable: ANTHROPIC_BASE_URL set by project",
        "settings: user ~/.claude/settings.json read",
        "network: dns 3 ms failed: <host> is gone",
    ):
        assert wanted in lines
    ids = {
        line.partition("[")[2].partition("]")[0]
        for line in lines
        if line.startswith(("error: [", "warning: [", "note: ["))
    }
    assert {
        "profile-not-in-use",
        "helper-broken",
        "key-to-other-host",
        "login-of-another",
        "profile-broken",
        "profile-expired",
        "same-secret-twice",
        "plaintext-secret",
        "file-exposed",
        "other-switcher",
    } <= ids


def test_a_cloud_is_named(home):
    found = report(CLOUD, home)
    assert "provider bedrock" in found
    assert "Amazon Bedrock" in found
    assert "variable: CLAUDE_CODE_USE_BEDROCK set by process" in found


def test_commands_stay_readable_without_the_names(home):
    found = report(CROWDED, home)
    assert "keyswitch rotate profile-" in found
    assert "~/.config/keyswitch/profiles/profile-" in found
    assert "~/project/.env:1" in found


@pytest.mark.parametrize("name", ["bedrock", "api", "error", "settings"])
def test_a_profile_named_as_a_common_word_leaves_the_frame_alone(home, name):
    home_ = CLOUD.but(profiles={name: profile()}, chosen=name)
    found = report(home_, home)
    assert "provider bedrock" in found
    assert f"'{name}'" not in found
    assert "error: [" in found


def test_a_home_beside_another_of_a_like_name_is_not_mixed_up(home):
    other = home.parent / f"{home.name}-two"
    environ = {"NODE_EXTRA_CA_CERTS": f"{other}/ca.pem"}
    found = report(Home(environ={"ANTHROPIC_API_KEY": KEY, **environ}), home)
    assert "~-two" not in found
    assert "names /" in found


def test_a_home_that_is_the_root_is_no_part_of_every_path(home):
    found = report(Home(home="/", environ={"ANTHROPIC_API_KEY": KEY}), home)
    assert "profiles: 0" in found


def test_an_installation_is_listed_with_its_version(home):
    files = {"bin/claude": "#!/bin/sh\n"}
    found = report(Home(files=files), home)
    assert "claude: ~/bin/claude version unknown" in found
