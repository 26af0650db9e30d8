"""Claude Code's items in the macOS keychain: names, reading and writing.

Nothing here could run on macOS; `security` is a stand-in that behaves as public
reports measured the real one.
"""

import time

import pytest

from keyswitch.errors import LockedError, StoreError
from keyswitch.targets.claude_code.login import keychain
from keyswitch.targets.claude_code.login.keychain import (
    CONSOLE,
    LOGIN,
    Keychain,
)
from tests.targets.fake_security import FakeSecurity

TOKEN = "sk-ant-oat01-FAKE-keychain-EXAMPLE"
DOCUMENT = b'{"claudeAiOauth":{"accessToken":"%b"}}' % TOKEN.encode()


@pytest.fixture
def security(tmp_path):
    stand_in = FakeSecurity(tmp_path / "security")
    yield stand_in
    assert stand_in.unmet == []


@pytest.fixture
def items(security, monkeypatch):
    monkeypatch.setattr(keychain, "SECURITY", str(security.program))
    return Keychain({"USER": "me"})


# The digits are of `printf %s TEXT | sha256sum`.
@pytest.mark.parametrize(
    ("environ", "suffix"),
    [
        ({}, ""),
        ({"CLAUDE_CONFIG_DIR": ""}, ""),
        ({"CLAUDE_CONFIG_DIR": "/x"}, "-b3d1db31"),
        ({"CLAUDE_CONFIG_DIR": "/x/"}, "-85c374be"),
        ({"CLAUDE_CONFIG_DIR": "~/.claude"}, "-37e4f761"),
        ({"CLAUDE_CONFIG_DIR": "/cafe\u0301"}, "-a434c8fb"),
        ({"CLAUDE_CONFIG_DIR": "/caf\u00e9"}, "-a434c8fb"),
        (
            {
                "CLAUDE_CONFIG_DIR": "/y",
                "CLAUDE_SECURESTORAGE_CONFIG_DIR": "/x",
            },
            "-b3d1db31",
        ),
        (
            {"CLAUDE_CONFIG_DIR": "/y", "CLAUDE_SECURESTORAGE_CONFIG_DIR": ""},
            "",
        ),
    ],
)
def test_the_names_are_of_the_very_text_of_the_variable(environ, suffix):
    found = Keychain(environ)
    assert found.login == "Claude Code-credentials" + suffix
    assert found.console == "Claude Code" + suffix


def test_another_folder_has_items_of_its_own(items):
    outer = {"USER": "me", "CLAUDE_SECURESTORAGE_CONFIG_DIR": "/y"}
    assert Keychain(outer).for_folder("/x").login == LOGIN + "-b3d1db31"


@pytest.mark.parametrize(
    ("user", "account"),
    [
        ("me", "me"),
        ("first.last-2_x", "first.last-2_x"),
        ('a" -s "b', "claude-code-user"),
        ("two words", "claude-code-user"),
        ("line\n", "claude-code-user"),
    ],
)
def test_the_account_is_the_user_where_that_is_a_plain_name(user, account):
    assert keychain.account({"USER": user}) == account


def test_without_a_variable_the_account_is_who_runs_it():
    import os
    import pwd

    assert keychain.account({}) == pwd.getpwuid(os.getuid()).pw_name


@pytest.mark.parametrize(
    "value",
    [
        DOCUMENT,
        '{"name":"Zoë ☕ FAKE"}'.encode(),
        b'{\n  "pretty": "FAKE"\n}\n',
        b"sk-ant-api03-FAKE-EXAMPLE",
        b"44455246",  # a text that could be the digits of another one
        b" ends in a space ",
    ],
)
def test_what_is_written_is_read(items, value):
    items.write(LOGIN, b"what was there before")
    items.write(LOGIN, value)
    assert items.read(LOGIN) == value


def test_what_is_not_there_is_nothing(items):
    assert items.read(LOGIN) is None
    items.delete(LOGIN)
    items.write(LOGIN, DOCUMENT)
    items.delete(LOGIN)
    assert items.read(LOGIN) is None


def test_items_of_other_accounts_and_services_stay(items, security):
    security.put(LOGIN, "FAKE mcp", account="unknown")
    security.put(CONSOLE, "FAKE key")
    items.write(LOGIN, DOCUMENT)
    items.delete(LOGIN)
    assert set(security.items) == {f"{LOGIN}|unknown", f"{CONSOLE}|me"}


def test_no_secret_is_in_an_argument(items, security):
    items.write(LOGIN, DOCUMENT)
    items.read(LOGIN)
    items.delete(LOGIN)
    arguments = "\n".join(" ".join(argv) for argv, _ in security.calls)
    assert "find-generic-password -a me -w -s" in arguments
    for secret in (TOKEN, TOKEN.encode().hex(), TOKEN.encode().hex().upper()):
        assert secret not in arguments
    assert any(TOKEN.encode().hex() in given for _, given in security.calls)


@pytest.mark.parametrize("status", [36, 51, 128])
@pytest.mark.parametrize("what", ["fail-read", "fail-write"])
def test_a_locked_keychain_is_said_to_be_one(items, security, status, what):
    security.order(what, status)
    with pytest.raises(LockedError) as error:
        items.write(LOGIN, DOCUMENT)
    assert f"status {status}" in error.value.message
    assert error.value.hint == "unlock it: security unlock-keychain"


@pytest.mark.parametrize("what", ["fail-read", "fail-write"])
def test_another_failure_repeats_nothing_of_what_was_printed(
    items, security, what
):
    security.order(what, 1)
    with pytest.raises(StoreError) as error:
        items.write(LOGIN, DOCUMENT)
    said = error.value.message + error.value.hint
    assert "status 1" in said
    assert TOKEN not in said
    assert TOKEN.encode().hex() not in said


def test_what_fits_a_line_is_written_whole(items):
    room = keychain.LINE_LIMIT - len(
        f'add-generic-password -U -a "me" -s "{LOGIN}" -X \n'
    )
    value = b"x" * (room // 2)
    items.write(LOGIN, value)
    assert items.read(LOGIN) == value


def test_what_does_not_fit_is_refused_before_security_sees_it(items, security):
    items.write(LOGIN, DOCUMENT)
    before = security.calls
    with pytest.raises(StoreError, match="does not fit"):
        items.write(LOGIN, b"x" * 2100)
    assert security.calls == before
    assert security.get(LOGIN) == DOCUMENT


def test_the_stand_in_cuts_a_long_line_as_the_real_one_does(
    items, security, monkeypatch
):
    monkeypatch.setattr(keychain, "LINE_LIMIT", 1 << 20)
    with pytest.raises(StoreError):
        items.write(LOGIN, b"x" * 2100)
    assert security.get(LOGIN) != b"x" * 2100


def test_a_write_that_did_nothing_is_noticed(items, security):
    security.order("lie")
    with pytest.raises(StoreError, match="differs from what was written"):
        items.write(LOGIN, DOCUMENT)


def test_a_removal_that_did_nothing_is_noticed(items, security):
    items.write(LOGIN, DOCUMENT)
    security.order("lie")
    with pytest.raises(StoreError, match="still exists"):
        items.delete(LOGIN)


def test_a_question_that_nobody_answers_ends(items, security):
    security.order("hang")
    begin = time.monotonic()
    with pytest.raises(LockedError, match="did not answer"):
        items.read(LOGIN, 0.5)
    assert time.monotonic() - begin < 5


def test_without_the_program_it_says_so(items, security):
    security.program.unlink()
    with pytest.raises(StoreError, match="cannot run"):
        items.read(LOGIN)
