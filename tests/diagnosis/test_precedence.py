"""whoami --explain: every source in the order that counts, a cloud's too."""

import pytest

from keyswitch.diagnosis.precedence.ladder import ladder
from keyswitch.targets.claude_code import rules
from tests import claude_setups
from tests.diagnosis.homes import BEDROCK, PAIR, SETTINGS, Home

OBSERVED = {
    case["id"]
    for name in ("precedence", "observed", "surfaces", "clouds", "managed")
    for case in claude_setups.load(f"{name}.json")
}
FILES = {
    ".aws/config": "[profile dev]\nregion = x\nrole_arn = r\n"
    "source_profile = base\n[profile base]\naws_access_key_id = AKIAFAKE\n"
    "aws_secret_access_key = FAKE\n"
}


@pytest.fixture
def rungs(home):
    def look(built):
        found = ladder(built.build(home))
        return {(r.order, r.source): r for r in found}

    return look


@pytest.mark.parametrize("cloud", rules.PROVIDERS, ids=lambda c: c.name)
def test_every_row_names_an_observation_that_is_there(rungs, cloud):
    found = rungs(Home(environ={cloud.flag: "1"}))
    assert {order for order, _ in found} >= {"service", cloud.name, "x-api-key"}
    assert {rung.seen for rung in found.values()} <= OBSERVED


def test_a_gateway_s_flag_counts_with_an_address_and_a_token(rungs):
    flag = {rules.GATEWAY: "1", **BEDROCK}
    alone = rungs(Home(environ=flag))["service", rules.GATEWAY]
    assert not alone.place
    both = {rules.BASE_URL: "https://gw.example", rules.AUTH_TOKEN: "FAKE"}
    found = rungs(Home(environ={**flag, **both}))
    assert found["service", rules.GATEWAY].used
    assert found["service", rules.GATEWAY].beats == ("CLAUDE_CODE_USE_BEDROCK",)
    assert not found["service", "CLAUDE_CODE_USE_BEDROCK"].used
    assert found["authorization", rules.AUTH_TOKEN].used


def test_without_a_cloud_there_is_none_of_its_rows(rungs):
    orders = {order for order, _ in rungs(Home())}
    assert orders == {"service", "x-api-key", "authorization", "login"}


def test_a_named_profile_beats_the_pair_and_says_which_line_counts(rungs):
    environ = {**BEDROCK, **PAIR, "AWS_PROFILE": "dev"}
    found = rungs(Home(environ=environ, files=FILES))
    named = found["bedrock", "AWS_PROFILE"]
    assert named.used
    assert named.beats == ("AWS_ACCESS_KEY_ID",)
    assert not found["bedrock", "AWS_ACCESS_KEY_ID"].used
    role = found["profile dev", "role_arn"]
    assert role.place.endswith("/.aws/config:3")
    assert role.used


def test_a_command_of_the_settings_has_file_and_line(rungs):
    files = {SETTINGS: {"awsAuthRefresh": "aws sso login"}}
    environ = {**BEDROCK, "AWS_EC2_METADATA_DISABLED": "true"}
    found = rungs(Home(environ=environ, files=files))
    row = found["bedrock", "awsAuthRefresh"]
    assert ".claude/settings.json:" in row.place
    assert row.used


@pytest.mark.parametrize(
    ("flag", "order", "source"),
    [
        ("BEDROCK", "bedrock", "EC2 instance metadata"),
        ("VERTEX", "vertex", "Google metadata server"),
        ("FOUNDRY", "foundry", "managed identity"),
    ],
)
def test_what_only_the_machine_knows_is_neither_set_nor_absent(
    rungs, flag, order, source
):
    environ = {
        f"CLAUDE_CODE_USE_{flag}": "1",
        "ANTHROPIC_FOUNDRY_RESOURCE": "r",
        "PATH": "/nowhere",
    }
    rung = rungs(Home(environ=environ))[order, source]
    assert rung.asks
    assert not rung.place
    assert not rung.used
