"""What a verdict warns of, in homes that have it and homes that nearly do."""

import pytest

from keyswitch.diagnosis.findings.contradictions import warnings
from tests.diagnosis import homes
from tests.diagnosis.homes import (
    AWS_FILES,
    AWS_ID,
    BEDROCK,
    CREDENTIALS,
    KEY,
    OAUTH,
    OTHER,
    PAIR,
    PROJECT,
    SETTINGS,
    TOKEN,
    Home,
    helper,
    login,
    profile,
)

WITH_KEY = Home(environ={"ANTHROPIC_API_KEY": KEY})
WORK = Home(
    profiles={"work": profile()}, chosen="work", files={SETTINGS: helper()}
)
GATE = Home(
    profiles={"gate": profile("gateway", TOKEN, base_url="https://gw.example")},
    chosen="gate",
    files={
        SETTINGS: {
            **helper(),
            "env": {"ANTHROPIC_BASE_URL": "https://gw.example"},
        }
    },
)
ROCK = profile("bedrock", "", region="eu-west-1", aws_profile="dev")


def expecting(bill):
    return WORK.but(profiles={"work": profile(more=f'expect = "{bill}"')})


SENT = ".claude/remote-settings.json"
ORGANIZED = Home(files={CREDENTIALS: login(subscriptionType="team")})


def managed(document):
    return WITH_KEY.but(managed={"managed-settings.json": document})


# id -> (a home that has it, one that nearly does)
HOMES = {
    "nothing-sent": (Home(), WITH_KEY),
    "profile-not-in-use": (
        WORK.but(environ={"ANTHROPIC_API_KEY": OTHER}),
        WORK.but(environ={"ANTHROPIC_API_KEY": KEY}),
    ),
    "two-accounts": (
        WITH_KEY.but(
            environ={"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_AUTH_TOKEN": TOKEN}
        ),
        WITH_KEY.but(
            environ={"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_AUTH_TOKEN": KEY}
        ),
    ),
    "key-to-other-host": (
        WITH_KEY.but(
            environ={
                "ANTHROPIC_API_KEY": KEY,
                "ANTHROPIC_BASE_URL": "https://gw.example",
            }
        ),
        WITH_KEY.but(
            environ={
                "ANTHROPIC_AUTH_TOKEN": TOKEN,
                "ANTHROPIC_BASE_URL": "https://gw.example",
            }
        ),
    ),
    "wrong-bill": (expecting("subscription"), expecting("api")),
    "login-passed-over": (
        WITH_KEY.but(files={CREDENTIALS: login()}),
        Home(files={CREDENTIALS: login()}),
    ),
    "cloud-over-key": (
        WITH_KEY.but(environ={"ANTHROPIC_API_KEY": KEY, **BEDROCK, **PAIR}),
        WITH_KEY.but(environ={"ANTHROPIC_API_KEY": " ", **BEDROCK, **PAIR}),
    ),
    "status-misleads": (
        WITH_KEY.but(
            environ={"ANTHROPIC_CUSTOM_HEADERS": f"x-api-key: {KEY}"},
            files={CREDENTIALS: login()},
        ),
        WITH_KEY.but(
            environ={"ANTHROPIC_CUSTOM_HEADERS": "x-team: blue"},
            files={CREDENTIALS: login()},
        ),
    ),
    "server-settings": (
        ORGANIZED.but(
            files={**ORGANIZED.files, SENT: {"apiKeyHelper": "echo FAKE"}}
        ),
        ORGANIZED.but(files={**ORGANIZED.files, SENT: {"model": "opus"}}),
    ),
    "policy-program": (
        managed({"policyHelper": {"path": "/bin/sh"}}),
        managed({"policyHelper": "/bin/sh"}),
    ),
    "repository-credential": (
        Home(files={PROJECT: {"env": {"ANTHROPIC_API_KEY": KEY}}}),
        Home(files={SETTINGS: {"env": {"ANTHROPIC_API_KEY": KEY}}}),
    ),
}


@pytest.fixture
def look(home):
    def look(built):
        found = warnings(built.build(home))
        for finding in found:
            homes.check_form(finding)
        return {f.check: f for f in found}

    return look


def test_another_key_is_named_with_its_place_and_the_way_out(look):
    rc = {".zshrc": f"export ANTHROPIC_API_KEY={OTHER}\n", **WORK.files}
    found = look(WORK.but(environ={"ANTHROPIC_API_KEY": OTHER}, files=rc))
    finding = found["profile-not-in-use"]
    assert "'work' is active, but ANTHROPIC_API_KEY" in finding.what
    assert ".zshrc:1" in finding.place
    assert finding.fix == "unset ANTHROPIC_API_KEY"
    assert ".zshrc:1, or new shells set it again" in finding.why


def test_what_keyswitch_exported_goes_away_with_its_own_command(look):
    found = look(
        WORK.but(
            profiles={**WORK.profiles, "old": profile(secret=OTHER)},
            environ={"ANTHROPIC_API_KEY": OTHER},
            exported=frozenset(["ANTHROPIC_API_KEY"]),
        )
    )
    finding = found["profile-not-in-use"]
    assert "profile 'old'" in finding.what
    assert finding.fix == 'eval "$(keyswitch env)"'


def test_a_cloud_s_switch_is_blamed_before_any_credential(look):
    found = look(WORK.but(environ={**BEDROCK, **PAIR}))
    finding = found["profile-not-in-use"]
    assert "CLAUDE_CODE_USE_BEDROCK" in finding.what
    assert "unset CLAUDE_CODE_USE_BEDROCK" in finding.fix


def test_another_address_is_named_without_the_password_in_it(look):
    found = look(
        GATE.but(
            files={
                SETTINGS: {
                    **helper(),
                    "env": {
                        "ANTHROPIC_BASE_URL": f"https://u:{TOKEN}@x.example/?k"
                    },
                }
            }
        )
    )
    finding = found["profile-not-in-use"]
    assert "do not go to its address" in finding.what
    assert "x.example" in finding.why


def test_no_address_at_all_is_named_too(look):
    found = look(GATE.but(files={SETTINGS: helper()}))
    assert found["profile-not-in-use"].why == "no address is set"


@pytest.mark.parametrize(
    "url", [f"https://u:{TOKEN}@", f"//{TOKEN}", f"http://[{TOKEN}"]
)
def test_an_address_that_is_none_is_not_repeated(look, url):
    environ = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": url}
    assert "key-to-other-host" in look(Home(environ=environ))


@pytest.mark.parametrize(
    ("environ", "files", "wanted"),
    [
        ({}, {CREDENTIALS: login()}, "claudeAiOauth"),
        ({"CLAUDE_CODE_OAUTH_TOKEN": OAUTH}, {}, "CLAUDE_CODE_OAUTH_TOKEN"),
    ],
)
def test_a_login_to_another_host_is_found(look, environ, files, wanted):
    url = {"ANTHROPIC_BASE_URL": "https://gw.example"}
    found = look(Home(environ={**environ, **url}, files=files))
    assert wanted in found["key-to-other-host"].what


def test_an_address_that_a_repository_brings_is_an_error(look):
    env = {"ANTHROPIC_BASE_URL": "https://gw.example"}
    found = look(WITH_KEY.but(files={PROJECT: {"env": env}}))
    finding = found["key-to-other-host"]
    assert finding.severity == "error"
    assert "from the repository" in finding.why


def test_a_key_goes_where_its_own_profile_says(look):
    url = {"ANTHROPIC_BASE_URL": "https://gw.example"}
    own = {"work": profile(base_url="https://gw.example")}
    environ = {"ANTHROPIC_API_KEY": KEY, **url}
    assert look(WORK.but(profiles=own, environ=environ, files={})) == {}


def test_a_credential_that_cannot_be_sent_is_there_for_status_only(look):
    found = look(Home(environ={**BEDROCK, "AWS_EC2_METADATA_DISABLED": "1"}))
    assert "third_party" in found["status-misleads"].what
    assert "unset CLAUDE_CODE_USE_BEDROCK" in found["nothing-sent"].why
    assert found["nothing-sent"].fix == "aws configure"


@pytest.mark.parametrize(
    "home_",
    [
        WORK,
        GATE,
        Home(files={CREDENTIALS: login()}),
        Home(
            profiles={"rock": ROCK},
            chosen="rock",
            files={
                **AWS_FILES,
                SETTINGS: {"env": {**BEDROCK, "AWS_PROFILE": "dev"}},
            },
        ),
        Home(
            profiles={
                "rock": profile(
                    "bedrock",
                    "FAKE",
                    region="eu-west-1",
                    access_key_id=AWS_ID,
                )
            },
            chosen="rock",
            environ={**BEDROCK, **PAIR},
        ),
    ],
    ids=["key", "gateway", "login", "aws profile", "aws keys"],
)
def test_a_healthy_home_warns_of_nothing(look, home_):
    assert look(home_) == {}


def test_a_broken_settings_file_is_named_with_its_line(look):
    text = '{\n  "model": "opus",\n  // mine\n  "env": {}\n}'
    found = look(WORK.but(files={".claude/settings.json": text}))
    fixes = {f.fix.rpartition("/")[2] for f in found.values()}
    assert "settings.json:3" in fixes
