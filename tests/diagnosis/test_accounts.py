"""Whose a credential is, and what is shown of it."""

import pytest

from keyswitch.diagnosis.findings.accounts import Accounts, masked
from keyswitch.secret import Secret
from keyswitch.targets.claude_code.settings import wanted
from keyswitch.targets.claude_code.settings.wanted import IF_GONE
from keyswitch.targets.verdict import Source
from tests.diagnosis.homes import (
    AWS_ID,
    AWS_SECRET,
    COMMAND,
    KEY,
    OTHER,
    TOKEN,
    Home,
    profile,
)

PROFILES = {
    "work": profile(),
    "gate": profile("gateway", TOKEN, base_url="https://gw.example"),
    "rock": profile(
        "bedrock", AWS_SECRET, region="eu-west-1", access_key_id=AWS_ID
    ),
    "broken": "provider = 5\n",
    "odd": profile("nobody-s-provider", OTHER),
}


@pytest.fixture
def accounts(home):
    return Home(profiles=PROFILES, chosen="work").build(home).accounts


def helper(words, kind="helper", command=COMMAND):
    return Source(kind, "apiKeyHelper", command=f"{command} {words}")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (KEY, "work"),
        (TOKEN, "gate"),
        (AWS_SECRET, "rock"),
        (AWS_ID, "rock"),
        (OTHER, "odd"),
        (KEY[:-1], ""),
        ("", ""),
    ],
)
def test_a_value_belongs_to_the_profile_that_holds_it(accounts, value, name):
    owner = accounts.owner_of(Secret(value), Source("environment", "X"))
    assert owner.profile == name


def test_without_a_key_of_this_machine_nothing_is_known_or_made(home):
    accounts = Home(profiles=PROFILES).build(home).accounts
    key = home / ".local/state/keyswitch/install.key"
    key.unlink()
    assert accounts.holder_of(Secret(KEY)) == ""
    assert not key.exists()


@pytest.mark.parametrize(
    ("source", "name", "shown"),
    [
        (helper("helper claude-code"), "work", "…MPLE"),
        (helper("helper api-key gate"), "gate", "…MPLE"),
        (helper("helper aws rock", "aws_profile"), "rock", "…MPLE"),
        (helper("helper api-key gone"), "", None),
        (helper("helper api-key broken"), "", None),
        (helper("helper api-key odd"), "odd", None),
        (helper(f"helper claude-code{IF_GONE}"), "work", "…MPLE"),
        (helper("helper claude-code extra"), "", None),
        (helper("list"), "", None),
        (helper("helper claude-code", command="/other/keyswitch"), "", None),
        (helper("'unfinished"), "", None),
        (Source("helper", "apiKeyHelper"), "", None),
    ],
)
def test_an_own_command_answers_for_a_profile(accounts, source, name, shown):
    owner = accounts.owner_of(None, source)
    assert (owner.profile, owner.masked) == (name, shown)


def test_a_command_of_two_words_is_known_as_a_whole(home):
    paths = Home(profiles=PROFILES).build(home).accounts.paths
    accounts = Accounts(paths, "/usr/bin/python -m keyswitch")
    command = "/usr/bin/python -m keyswitch helper api-key work"
    assert accounts.own_words(command) == ["helper", "api-key", "work"]
    assert accounts.own_words("/usr/bin/python -m other helper") == []


@pytest.mark.parametrize(
    ("command", "ours"),
    [
        ("/old/venv/bin/keyswitch helper claude-code", True),
        ("keyswitch helper aws work", True),
        ("'/a b/keyswitch' helper aws work", True),
        ("/usr/bin/python -P -m keyswitch helper claude-code", True),
        ("/usr/bin/python3 -P '/a b/keyswitch.pyz' helper aws work", True),
        ("'C:\\keys\\Scripts\\keyswitch.exe' helper aws work", True),
        ("/opt/other helper claude-code", False),
        ("/opt/notkeyswitch helper claude-code", False),
        (f"'/a b/keyswitch' helper claude-code{IF_GONE}", True),
        ("helper keyswitch", False),
        ("keyswitch", False),
        ("echo keyswitch", False),
        ("'unfinished helper", False),
        ("", False),
    ],
)
def test_some_keyswitch_s_command_is_told_from_others(command, ours):
    assert wanted.is_keyswitch(command) is ours


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (KEY, "sk-ant-api03-…MPLE"),
        (TOKEN, "…MPLE"),
        ("sk-ant-api03-FAKE", "…FAKE"),
        ("FAKE-secret", "…"),
        ("", ""),
        ("null", "null"),
        ("5", "5"),
        ("12345678", "…"),
    ],
)
def test_little_is_shown_of_a_secret(value, shown):
    assert masked(Secret(value)) == shown


def test_broken_profiles_are_listed_beside_the_good_ones(accounts):
    assert [p.name for p in accounts.profiles] == [
        "gate",
        "odd",
        "rock",
        "work",
    ]
    assert [b.name for b in accounts.broken] == ["broken"]
    assert accounts.get("broken") is None
    assert accounts.get("gone") is None
    assert accounts.provider_of(accounts.get("odd")) is None
