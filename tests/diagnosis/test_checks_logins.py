"""Stored logins: empty, ended, of another, or looked for elsewhere."""

import time

import pytest

from tests.diagnosis.homes import (
    CONFIG,
    CREDENTIALS,
    KEY,
    OAUTH,
    SETTINGS,
    Home,
    found_in,
    login,
)

LOGIN = Home(files={CREDENTIALS: login()})
ANTHROPIC = ".config/anthropic"


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


@pytest.fixture
def look(home, monkeypatch):
    def look(built):
        return {f.check: f for f in found_in(built, home, monkeypatch)}

    return look


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
    assert f"ends in {span}" in look(home_)["login-expires"].what


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
