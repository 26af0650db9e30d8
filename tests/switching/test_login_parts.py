"""The parts of Claude Code's files that belong to one account."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.errors import UnreadableTextError
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login import parts as login_parts
from keyswitch.targets.claude_code.login.parts import Identity, Parts

LOGIN = {
    "accessToken": "FAKE-access",
    "refreshToken": "FAKE-refresh",
    "expiresAt": 1800000000000,
    "subscriptionType": "max",
}
NAME = {
    "accountUuid": "a",
    "organizationUuid": "o",
    "emailAddress": "a@example.com",
    "organizationName": "A & co",
}


def parts(login=None, name=None, key=None):
    found = {
        rules.LOGIN: login,
        login_parts.ACCOUNT: name,
        rules.CONSOLE_KEY: key,
    }
    return Parts({k: json.dumps(v) for k, v in found.items() if v is not None})


def read(credentials=None, config=None):
    return login_parts.read(("credentials", credentials), ("config", config))


# ------------------------------------------------------------------ reading


def test_a_login_is_read_from_two_files_as_it_is_written():
    found = read(
        b'{"mcpOAuth":{},"claudeAiOauth" : {"a":1e400},'
        b'"trustedDeviceToken":"d"}',
        b'{"oauthAccount":{ },"primaryApiKey":"k","projects":{},'
        b'"customApiKeyResponses":{"approved":[ ]}}',
    )
    assert found.raw == {
        "claudeAiOauth": '{"a":1e400}',
        "trustedDeviceToken": '"d"',
        "oauthAccount": "{ }",
        "primaryApiKey": '"k"',
        "customApiKeyResponses": '{"approved":[ ]}',
    }


@pytest.mark.parametrize("data", [None, b"", b" \n", b"\xef\xbb\xbf", b"{}"])
def test_where_there_is_nothing_nothing_is_found(data):
    assert read(data, data).raw == {}
    assert read(b'{"claudeAiOauth":null}').raw == {}


@pytest.mark.parametrize(
    "data", [b"[1]", b"{", b'{"a":1}x', b"\xff", b'{"a":1,}', b"null"]
)
def test_what_cannot_be_read_is_an_error_that_names_the_file(data):
    with pytest.raises(UnreadableTextError, match="credentials"):
        read(data)


def test_a_member_that_is_there_twice_is_refused():
    with pytest.raises(UnreadableTextError, match="twice"):
        read(b'{"claudeAiOauth":{},"claudeAiOauth":{}}')


# ----------------------------------------------------------------- evidence


def test_tokens_or_a_key_are_worth_keeping():
    assert parts(LOGIN).usable
    assert parts({"accessToken": "x"}).usable
    assert parts({"refreshToken": "x"}).usable
    assert parts(key="k").usable
    assert parts(LOGIN).has_tokens
    assert not parts(name=NAME, key="k").has_tokens


@pytest.mark.parametrize(
    "login",
    [
        {},
        [],
        "text",
        5,
        {"accessToken": "", "refreshToken": "", "expiresAt": 0},
        {"accessToken": None, "refreshToken": 5},
        {"accessToken": ["x"]},
        {"accessToken": "half a pair \ud800"},
    ],
)
def test_a_blanked_or_odd_login_is_not(login):
    assert not parts(login, NAME).usable
    assert not parts(login, NAME).has_tokens


def test_tokens_tell_whose_they_are_before_the_shown_name():
    own = {**LOGIN, "accountUuid": "b", "organizationUuid": "p"}
    assert parts(own, NAME).identity == Identity("b", "p")
    assert parts(own, NAME).named_identity == Identity("a", "o")
    assert parts(LOGIN, NAME).identity == Identity("a", "o")
    assert parts(LOGIN).identity == Identity("", "")
    # Its organisation is not that of another account.
    assert parts({**LOGIN, "accountUuid": "b"}, NAME).identity == ("b", "")
    assert parts({"organizationUuid": "p"}).identity == Identity("", "")


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [
        (("a", "o"), ("a", "o"), True),
        (("a", "o"), ("a", ""), True),
        (("", ""), ("a", "o"), True),
        (("a", "o"), ("b", "o"), False),
        (("a", "o"), ("a", "p"), False),
        (("a", "o"), ("", "p"), False),
    ],
)
def test_two_accounts_may_be_the_same_if_nothing_says_otherwise(
    one, other, fits
):
    assert Identity(*one).fits(Identity(*other)) is fits
    assert Identity(*other).fits(Identity(*one)) is fits


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1800000000000", 1.8e12),
        ("1.8e12", 1.8e12),
        ("1e999", 0),
        ("9" * 5000, 0),
        ("-" + "9" * 5000, 0),
        ("true", 0),
        ('"1800000000000"', 0),
        ("null", 0),
    ],
)
def test_when_a_token_ends_is_a_number_or_not_known(written, meant):
    raw = f'{{"accessToken":"x","expiresAt":{written}}}'
    found = Parts({rules.LOGIN: raw})
    assert found.expires_at == meant
    assert found.access_token == "x"
    assert login_parts.unpack(login_parts.pack(found)) == found


def test_what_a_profile_file_may_say_of_a_login_is_no_secret():
    found = parts(LOGIN, NAME, "FAKE-key").described()
    assert found == {
        "account_uuid": "a",
        "organization_uuid": "o",
        "email": "a@example.com",
        "organization": "A & co",
        "plan": "max",
        "token_expires": "1800000000000",
        "refreshable": "yes",
    }
    assert "FAKE" not in repr(parts(LOGIN, NAME, "FAKE-key"))


def test_a_name_that_is_another_s_is_not_described():
    own = {**LOGIN, "accountUuid": "b", "organizationUuid": "p"}
    found = parts(own, NAME).described()
    assert "email" not in found
    assert "organization" not in found


def test_what_no_profile_file_can_hold_is_not_described():
    odd = {**NAME, "emailAddress": "a\n[secrets]", "organizationName": "\x1b["}
    assert parts(LOGIN, odd).described().keys() & {"email", "organization"} == (
        set()
    )


# ------------------------------------------------------------------ storing

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
).map(json.dumps)
stored = st.dictionaries(st.sampled_from(login_parts.ALL_KEYS), values)


@given(stored)
def test_what_is_packed_is_unpacked_again(raw):
    assert login_parts.unpack(login_parts.pack(Parts(raw))).raw == raw


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version":2,"parts":{}}',
        '{"version":1}',
        '{"version":1,"parts":{"other":"1"}}',
        '{"version":1,"parts":{"claudeAiOauth":{}}}',
        '{"version":1,"parts":{"claudeAiOauth":"{"}}',
    ],
)
def test_nothing_else_is_taken_for_a_login(text):
    with pytest.raises(ValueError, match=r".*"):
        login_parts.unpack(text)


# ---------------------------------------------------------------- replacing


def applied(data, raw, keys=login_parts.CREDENTIALS_KEYS, dropped=()):
    return login_parts.applied("file", data, Parts(raw), keys, dropped)


@given(stored, stored)
def test_the_members_become_the_parts_and_every_other_byte_stays(before, after):
    lines = [f'  "{key}": {raw}' for key, raw in before.items()]
    head, tail = '{\n  "odd" :\t1E5,\n', '\n  "end":[ ]\r\n}\n'
    text = head + "".join(f"{line},\n" for line in lines) + tail.lstrip("\n")
    out = applied(text.encode(), after, login_parts.ALL_KEYS).decode()
    assert out.startswith('{\n  "odd" :\t1E5')
    assert '"end":[ ]' in out
    found = json.loads(out)
    assert {k: v for k, v in found.items() if k not in ("odd", "end")} == {
        k: json.loads(raw) for k, raw in after.items()
    }
    assert applied(out.encode(), after, login_parts.ALL_KEYS).decode() == out


def test_a_file_that_says_nothing_any_more_is_no_file():
    assert applied(b'{"claudeAiOauth":{"a":1}}', {}) is None
    assert applied(None, {}) is None
    assert applied(b'{"mcpOAuth":{},"claudeAiOauth":1}', {}) == (
        b'{"mcpOAuth":{}}'
    )


def test_a_file_is_made_for_a_login():
    assert applied(None, {"claudeAiOauth": '{"a":1}'}) == (
        b'{\n  "claudeAiOauth": {"a":1}\n}'
    )


def test_what_was_remembered_of_an_account_s_rights_goes():
    data = b'{"modelAccessCache":1,"oauthAccount":{},"x":2}'
    out = applied(data, {}, login_parts.CONFIG_KEYS, login_parts.CACHES)
    assert json.loads(out) == {"x": 2}


def test_some_parts_and_those_beside_them():
    one, other = parts(LOGIN), parts({"accessToken": "y"}, NAME, "k")
    both = one.beside(other)
    assert both.raw == {**other.raw, **one.raw}
    assert list(both.raw) == ["claudeAiOauth", "oauthAccount", "primaryApiKey"]
    assert both.only(("oauthAccount",)).raw == parts(name=NAME).raw
