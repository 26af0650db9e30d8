"""What an organization's server sent, as `use`, `whoami`, `doctor` say it."""

import base64
import json

import pytest


@pytest.fixture
def member(ks):
    """A person of an organization, with a key profile of their own."""
    ks.add("work")
    folder = ks.file(".claude")
    folder.mkdir()
    login = {
        "accessToken": "sk-ant-oat01-FAKE-of-a-team-0000000000000000EXAMPLE",
        "scopes": ["user:inference"],
        "subscriptionType": "team",
    }
    path = folder / ".credentials.json"
    path.write_text(json.dumps({"claudeAiOauth": login}))
    path.chmod(0o600)
    return ks


def send(ks, document):
    path = ks.file(".claude/remote-settings.json")
    path.write_text(json.dumps(document, indent=1))
    return f"{path}:2"


def test_use_ends_with_4_where_the_server_s_helper_answers(member):
    place = send(member, {"apiKeyHelper": "echo FAKE"})
    done = member("use", "work", code=4)
    assert "apiKeyHelper (no profile) is sent" in done.err
    assert place in done.err
    assert "ask who manages Claude Code at your organization" in done.err


def test_use_says_that_a_login_is_demanded(member):
    place = send(member, {"forceLoginMethod": "claudeai"})
    done = member("use", "work", code=4)
    assert "managed settings require a login" in done.err
    assert place in done.err
    assert "fix: keyswitch login work-2\n" in done.err


def test_whoami_names_the_file_and_that_the_server_may_change_it(member):
    place = send(member, {"apiKeyHelper": "echo FAKE"})
    document = json.loads(member("whoami", "--json").out)
    source = document["request"]["x-api-key"]["source"]
    assert source["set_by"] == "server"
    assert f"{source['path']}:{source['line']}" == place
    said = [w for w in document["warnings"] if w["id"] == "server-settings"]
    assert "may change it" in said[0]["what"]


def test_doctor_says_what_the_server_decides(member):
    send(member, {"env": {"ANTHROPIC_BASE_URL": "https://gw.example"}})
    found = json.loads(member("doctor", "--json", code=None).out)["findings"]
    assert "server-settings" in {finding["id"] for finding in found}


def test_a_gateways_token_of_many_brackets_is_no_bug(ks):
    claims = base64.urlsafe_b64encode(b"[" * 60_000).decode()
    done = ks(
        "whoami", code=None,
        CLAUDE_CODE_USE_GATEWAY="1", ANTHROPIC_BASE_URL="http://127.0.0.1:9",
        ANTHROPIC_AUTH_TOKEN=f"a.{claims}.c",
    )  # fmt: skip
    assert "bug" not in done.err
    assert "ANTHROPIC_AUTH_TOKEN" in done.out
