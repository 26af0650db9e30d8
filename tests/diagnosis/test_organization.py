"""What an organization's settings decide, and what people are told of it."""

import pytest

from keyswitch.diagnosis.findings.contradictions import warnings
from tests.diagnosis.homes import (
    CREDENTIALS,
    KEY,
    SETTINGS,
    TOKEN,
    Home,
    check_form,
    helper,
    login,
    profile,
)

SENT = ".claude/remote-settings.json"
WORK = Home(
    profiles={"work": profile()},
    chosen="work",
    files={SETTINGS: helper(), CREDENTIALS: login(subscriptionType="team")},
)


def sent(**document):
    """Return a home whose organization's server sent these settings."""
    return WORK.but(files={**WORK.files, SENT: document})


def managed(**document):
    return WORK.but(managed={"managed-settings.json": document})


@pytest.fixture
def look(home):
    def look(built):
        found = warnings(built.build(home))
        for finding in found:
            check_form(finding)
        return {f.check: f for f in found}

    return look


def test_a_helper_of_the_server_takes_a_profile_s_place(look):
    found = look(sent(apiKeyHelper="echo FAKE"))
    finding = found["profile-not-in-use"]
    assert "apiKeyHelper (no profile) is sent" in finding.what
    assert finding.place.endswith(f"{SENT}:2")
    assert finding.fix.startswith("ask who manages Claude Code")
    assert "may change it" in found["server-settings"].what


def test_an_address_of_the_server_is_said(look):
    found = look(sent(env={"ANTHROPIC_BASE_URL": "https://gw.example"}))
    assert found["server-settings"].place.endswith(f"{SENT}:3")
    assert found["server-settings"].severity == "note"


def test_settings_of_the_server_count_for_accounts_of_an_organization(look):
    personal = {CREDENTIALS: login(), SENT: {"apiKeyHelper": "echo FAKE"}}
    home = WORK.but(files={**WORK.files, **personal})
    assert "server-settings" not in look(home)


def test_what_says_nothing_about_credentials_is_not_mentioned(look):
    assert look(sent(model="opus")) == {}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"forceLoginMethod": "claudeai"}, "managed settings require a login"),
        ({"forceLoginOrgUUID": "a"}, "managed settings require a login"),
        ({"allowedProviders": ["bedrock"]}, "managed settings do not allow"),
    ],
)
@pytest.mark.parametrize("by", [sent, managed])
def test_a_demand_that_stops_a_profile_is_named_with_its_place(
    look, by, document, says
):
    finding = look(by(**document))["nothing-sent"]
    assert says in finding.what
    assert finding.place.endswith("settings.json:2")
    of_login = "Login" in str(document)
    assert finding.fix.startswith("keyswitch login" if of_login else "ask who")


def test_a_gateway_s_sign_in_is_a_matter_of_the_machine(look):
    demand = {"forceLoginGatewayUrl": "https://gw.example"}
    finding = look(managed(**demand))["nothing-sent"]
    assert "only a gateway sign-in is allowed" in finding.what
    assert finding.fix.endswith("in Claude Code: /login")


def test_the_server_demands_no_sign_in_at_a_gateway(look):
    assert look(sent(forceLoginGatewayUrl="https://gw.example")) == {}


def test_a_program_that_computes_the_settings_is_named(look):
    found = look(managed(policyHelper={"path": "/bin/sh"}))
    assert "/bin/sh computes" in found["policy-program"].what


def test_a_program_that_is_not_there_keeps_claude_code_from_starting(look):
    found = look(managed(policyHelper={"path": "/bin/missing"}))
    assert "cannot be run" in found["nothing-sent"].what


def test_a_gateway_s_flag_leaves_a_gateway_profile_in_effect(look):
    url = "https://gw.example"
    gate = Home(
        profiles={"gate": profile("gateway", TOKEN, base_url=url)},
        chosen="gate",
        environ={
            "CLAUDE_CODE_USE_GATEWAY": "1",
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_AUTH_TOKEN": TOKEN,
        },
    )
    assert look(gate) == {}
    environ = {**gate.environ, "ANTHROPIC_API_KEY": KEY}
    assert "two-accounts" not in look(gate.but(environ=environ))


def test_a_service_of_logins_that_is_not_approved_is_named(look):
    name = "CLAUDE_CODE_CUSTOM_OAUTH_URL"
    found = look(WORK.but(environ={name: "https://sso.example"}))
    assert f"unset {name}" in found["nothing-sent"].fix
