"""Stored logins: empty, ended, of another, or looked for elsewhere."""

import time

import pytest

from keyswitch.changes import login_ledger
from keyswitch.changes.login_ledger import Generation, Ledger
from keyswitch.model import LoginFolder
from tests.diagnosis.homes import (
    CONFIG,
    CREDENTIALS,
    KEY,
    OAUTH,
    SETTINGS,
    Home,
    login,
    profile,
)

LOGIN = Home(files={CREDENTIALS: login()})
ANTHROPIC = ".config/anthropic"
LEDGER = ".local/state/keyswitch/baseline/logins.json"


def with_login(config=None, **changes):
    files = {CREDENTIALS: login(**changes)}
    if config is not None:
        files[CONFIG] = config
    return Home(files=files)


def in_days(days):
    return (time.time() + days * 86400) * 1000


def shown(uuid, email="you@work.example"):
    return {"oauthAccount": {"accountUuid": uuid, "emailAddress": email}}


def anthropic(mode=0o600, **environ):
    credentials = f"{ANTHROPIC}/credentials/dev.json"
    return Home(
        files={
            f"{ANTHROPIC}/configs/dev.json": {
                "authentication": {"type": "user_oauth"}
            },
            credentials: {"access_token": OAUTH},
        },
        modes={credentials: mode},
        environ={"ANTHROPIC_PROFILE": "dev", **environ},
    )


def config_dir(value):
    return LOGIN.but(environ={"CLAUDE_CONFIG_DIR": value})


def kept(*emails, before=""):
    """Return a home whose ledger keeps logins of no profile."""
    orphans = tuple(
        Generation("vault", f"ks1-{n}", 1, (), account=f"FAKE-{n}", email=email)
        for n, email in enumerate(emails)
    )
    folder = LoginFolder("", login_ledger.ORPHAN if before else "", before)
    data = login_ledger.encode(Ledger({"/you/.claude": folder}, {}, orphans))
    return Home(files={LEDGER: data})


HOMES = {
    "login-unreadable": (
        Home(files={CREDENTIALS: "{nope"}),
        Home(files={CREDENTIALS: " \n"}),
    ),
    "login-blanked": (
        with_login(accessToken="", refreshToken=""),
        with_login(accessToken=""),
    ),
    "login-without-scope": (
        with_login(scopes=["user:profile"]),
        LOGIN,
    ),
    "login-expired": (
        with_login(refreshToken="", expiresAt=in_days(-1)),
        with_login(expiresAt=in_days(-1)),
    ),
    "login-expires": (
        with_login(refreshToken="", expiresAt=in_days(3)),
        with_login(refreshToken="", expiresAt=in_days(30)),
    ),
    "login-of-another": (
        with_login(shown("a"), accountUuid="b"),
        with_login(shown("a"), accountUuid="a"),
    ),
    "login-of-no-profile": (
        kept("you@old.example"),
        kept("you@old.example", before="ks1-0"),
    ),
    "console-key-beside-login": (
        with_login({"primaryApiKey": KEY}),
        Home(files={CONFIG: {"primaryApiKey": KEY}}),
    ),
    "anthropic-profile-missing": (
        anthropic(ANTHROPIC_PROFILE="gone"),
        anthropic(),
    ),
    "anthropic-profile-unusable": (anthropic(0o644), anthropic()),
    "config-dir-empty": (config_dir(""), LOGIN),
    "config-dir-tilde": (config_dir("~/.claude-work"), config_dir("work")),
    "config-dir-usual": (
        config_dir("{home}/.claude/"),
        config_dir("{home}/.claude-work"),
    ),
    "config-dir-in-settings": (
        Home(
            files={SETTINGS: {"env": {"CLAUDE_CONFIG_DIR": "{home}/elsewhere"}}}
        ),
        config_dir("{home}/elsewhere"),
    ),
}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("[]", "not a JSON object"),
        (b"\xff\xfe{\0}\0", "not a JSON object"),
    ],
)
def test_a_login_that_cannot_be_read_says_why(look, data, why):
    finding = look(Home(files={CREDENTIALS: data}))["login-unreadable"]
    assert why in finding.what


@pytest.mark.parametrize(
    ("environ", "severity"),
    [({}, "error"), ({"ANTHROPIC_API_KEY": KEY}, "warning")],
)
def test_a_login_that_is_not_used_is_no_error(look, environ, severity):
    home_ = with_login(accessToken="", refreshToken="").but(environ=environ)
    assert look(home_)["login-blanked"].severity == severity


@pytest.mark.parametrize(("days", "span"), [(0.5, "11 h"), (4.5, "4 d")])
def test_the_rest_of_a_login_is_said_in_hours_or_days(look, days, span):
    home_ = with_login(refreshToken="", expiresAt=in_days(days))
    assert f"expires in {span}" in look(home_)["login-expires"].what


def test_kept_logins_are_named_each_once_and_say_what_to_do(look):
    found = look(kept("a@old.example", "b@old.example", "a@old.example", ""))
    finding = found["login-of-no-profile"]
    assert finding.what == (
        "saved logins without a profile: a@old.example, b@old.example, "
        "an account without a name"
    )
    assert finding.fix == "keyswitch login personal --orphan"
    assert "keyswitch revoke-local" in finding.why
    assert finding.place.endswith(LEDGER)


def test_an_older_state_of_a_profile_s_login_is_nothing_to_do(look):
    text = profile("claude-login", account_uuid="FAKE-0")
    home_ = kept("a@old.example", "b@old.example").but(profiles={"me": text})
    what = look(home_)["login-of-no-profile"].what
    assert what == "saved logins without a profile: b@old.example"


@pytest.mark.parametrize(
    "data",
    ["{nope", "[]", "5", '{"orphans": 5}', '{"orphans": [{}]}',
     '{"orphans": [5]}', '{"folders": []}', '{"folders": {"/x": 5}}',
     '{"orphans": [{"token": 5, "account": ""}]}', b"\xff", "[" * 10**5],
)  # fmt: skip
def test_a_damaged_ledger_is_not_doctor_s_to_raise_for(look, data):
    assert "login-of-no-profile" not in look(Home(files={LEDGER: data}))


def test_kept_logins_are_found_without_a_secret_store(look, monkeypatch):
    def refuse(*_):
        raise AssertionError

    monkeypatch.setattr("keyswitch.secrets.stores.open_store", refuse)
    monkeypatch.setattr("keyswitch.secrets.vault.reading.Vault.open", refuse)
    assert "login-of-no-profile" in look(kept("a@old.example"))


@pytest.mark.parametrize(
    "environ",
    [{"CLAUDE_CODE_SIMPLE": "1"}, {"ANTHROPIC_UNIX_SOCKET": "{home}/s"}],
)
def test_an_anthropic_profile_that_no_session_would_take_is_not_missed(
    look, environ
):
    assert "anthropic-profile-missing" not in look(anthropic(**environ))


def test_an_exposed_profile_is_an_error_where_it_would_be_used(look):
    finding = look(anthropic(0o644))["anthropic-profile-unusable"]
    assert finding.severity == "error"
    assert finding.fix.startswith("chmod 600 ")


def test_one_that_is_not_used_is_a_note(look):
    home_ = anthropic(0o644, ANTHROPIC_API_KEY=KEY)
    finding = look(home_)["anthropic-profile-unusable"]
    assert finding.severity == "note"


def test_a_relative_folder_counts_from_here(look):
    assert "config-dir-usual" in look(config_dir("../.claude"))
