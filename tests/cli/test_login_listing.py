"""What list and show say of logins, without any secret store."""

import json
import re
import tomllib
from datetime import datetime, timedelta

import pytest

from keyswitch.__main__ import main
from keyswitch.secrets import stores
from keyswitch.secrets.keychain import store as keychain
from keyswitch.secrets.keychain.store import KeychainStore
from keyswitch.secrets.vault.reading import Vault
from tests.cli.keyswitch import KEY
from tests.cli.logins import INFINITE, Logins


@pytest.fixture
def logins(ks):
    return Logins(ks)


@pytest.fixture
def told(logins, monkeypatch, capsys):
    """Run a command here, where no store can be opened."""

    def refuse(*_args, **_options):
        raise AssertionError("a secret store was opened")

    monkeypatch.setattr(stores, "open_store", refuse)
    monkeypatch.setattr(keychain, "open_keychain", refuse)
    for kind, names in (
        (Vault, ("open", "entries", "get")),
        (KeychainStore, ("require", "get", "probe")),
    ):
        for name in names:
            monkeypatch.setattr(kind, name, refuse)

    def told(*args):
        for name, value in logins.ks.environ.items():
            monkeypatch.setenv(name, value)
        code = main(list(args))
        done = capsys.readouterr()
        assert (code, done.err) == (0, "")
        return done.out

    return told


def row(text, name):
    (found,) = [
        line for line in text.splitlines() if re.match(rf".  {name}\b", line)
    ]
    return re.split(r"\s{2,}", found.strip("* ").strip())[-1]


def test_the_fence_of_these_tests_holds(told, logins, capsys):
    logins.ks.add("key")
    told("list")
    assert main(["helper", "api-key", "key"]) == 3
    assert "AssertionError in 'helper'" in capsys.readouterr().err


def test_a_list_says_how_long_and_whose(told, logins):
    logins.capture("me", hours=3.5)
    logins.capture("over", hours=-1)
    logins.capture("fixed", hours=-1, refreshToken="")
    text = told("list")
    assert row(text, "me") == (
        "expires in 3 h, refreshable; me@mail.example (max)"
    )
    assert row(text, "over").startswith("expired, refreshable; over@")
    assert row(text, "fixed").startswith("expired; fixed@")


def test_a_label_stands_in_place_of_the_address(told, logins):
    logins.capture("me", hours=3.5)
    logins.ks("edit", "me", "--label", "Acme")
    assert row(told("list"), "me") == "expires in 3 h, refreshable; Acme"


def test_a_login_that_was_logged_out_has_none(told, logins):
    logins.capture("me")
    logins.ks("logout", "me", "--yes")
    assert row(told("list"), "me").startswith("no login stored; me@")
    shown = told("show", "me")
    assert "no login stored" in shown
    assert "token expires" not in shown


def test_a_setup_token_says_until_which_day(told, logins):
    token = "sk-ant-oat01-FAKE-setup-0000000000000000000000EXAMPLE"
    logins.ks.add(
        "ci", "--expires", "2999-05-06", provider="claude-token", secret=token
    )
    assert row(told("list"), "ci") == "valid until 2999-05-06"
    found = json.loads(told("show", "ci", "--json"))["profile"]["login"]
    assert found == {
        "status": "valid until 2999-05-06",
        "expires_at": "2999-05-06",
        "refreshable": False,
    }


TOKEN = "sk-ant-oat01-FAKE-setup-0000000000000000000000EXAMPLE"


def test_the_end_of_a_setup_token_is_expected_where_nobody_gives_it(ks):
    def day(days):
        return (
            datetime.now().astimezone().date() + timedelta(days)
        ).isoformat()

    def file():
        path = ks.home / ".config/keyswitch/profiles/ci.toml"
        return tomllib.loads(path.read_text())

    done = ks("login", "ci", "--token", "--stdin", stdin=TOKEN)
    about = f"expires about {day(365)}, expected"
    assert about in done.err
    assert "keyswitch edit ci --expires DATE" in done.err
    assert about in ks("list").out
    assert f"about {day(365)}, expected" in ks("show", "ci").out
    found = json.loads(ks("show", "ci", "--json").out)["profile"]
    assert (found["expires"], found["expires_expected"]) == (day(365), True)
    ks("edit", "ci", "--expires", day(30))
    assert "expires_expected" not in file()
    assert f"valid until {day(30)}" in ks("list").out
    # A new token has a time of its own.
    done = ks("rotate", "ci", "--stdin", stdin=TOKEN.replace("setup", "other"))
    assert about in done.err
    assert file()["expires"].isoformat() == day(365)
    ks("rotate", "ci", "--stdin", "--expires", day(9), stdin=TOKEN)
    assert "expires_expected" not in file()
    ks("edit", "ci", "--expires", "")
    assert "expiry unknown" in ks("list").out


def test_no_end_is_expected_where_a_date_is_refused_on_purpose(ks):
    ks.add("ci", "--expires", "", provider="claude-token", secret=TOKEN)
    assert "expiry unknown" in ks("list").out


def test_a_key_has_no_login_in_json_and_its_label_in_a_list(told, logins):
    logins.ks.add("key", "--label", "Acme", secret=KEY)
    assert row(told("list"), "key") == "Acme"
    (found,) = json.loads(told("list", "--json"))["profiles"]
    assert "login" not in found


def test_programs_get_the_same_from_list_and_show(told, logins):
    logins.capture("me", hours=3.5)
    (listed,) = json.loads(told("list", "--json"))["profiles"]
    shown = json.loads(told("show", "me", "--json"))["profile"]
    assert listed == shown
    assert shown["login"].pop("expires_at").endswith("+00:00")
    assert shown["login"] == {
        "status": "expires in 3 h, refreshable",
        "refreshable": True,
    }


def test_show_gives_a_time_and_no_milliseconds(told, logins):
    logins.capture("me", hours=3.5)
    text = told("show", "me")
    assert re.search(r"\nstatus +expires in 3 h, refreshable\n", text)
    assert re.search(
        r"\ntoken expires +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d\n", text
    )
    assert "token_expires" not in text
    assert not re.search(r"\d{12}", text)
    screen = logins.ks("show", "me", "--color", "always").out
    assert re.search(r" \d{4}-\d\d-\d\d \d\d:\d\d, in 3 hours\n", screen)


@pytest.mark.parametrize(
    "value", [1e300, INFINITE, 10**400, -5, "soon", None, True]
)
def test_an_end_that_is_no_time_is_not_known(told, logins, value):
    logins.capture("me", expiresAt=value)
    assert row(told("list"), "me").startswith("refreshable; me@")
    assert "token expires" not in told("show", "me")
