"""Profiles that are broken, end, are old or double, and their stores."""

import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from keyswitch.errors import InputError
from tests.diagnosis.homes import (
    KEY,
    OTHER,
    SETTINGS,
    Home,
    helper,
    profile,
)

MODULE = "keyswitch.diagnosis.checks.profiles"
TODAY = datetime.now(UTC).date()


def with_date(key, days):
    more = f"{key} = {TODAY + timedelta(days=days)}"
    return Home(profiles={"work": profile(more=more)})


def keychain(*, ok=True, locked=False, tried=()):
    text = profile().replace('"vault"', '"keychain"')
    answer = SimpleNamespace(ok=ok, locked=locked, tried=tried)
    opened = SimpleNamespace(probe=lambda: answer, get=lambda *_: KEY)
    return Home(
        profiles={"work": text},
        patches={f"{MODULE}.open_keychain": lambda *_: opened},
    )


def keyring(*, works):
    answer = (works, "" if works else "no kernel keyring on this system")
    return Home(
        profiles={"work": profile()},
        patches={f"{MODULE}.available": lambda: answer},
    )


CONFIG_TOML = ".config/keyswitch/config.toml"
BROKEN = Home(profiles={"work": "provider = 5\n"})

RULE = Home(
    files={CONFIG_TOML: "[links]\n'github.com/acme/*' = 'work'\n"},
    profiles={"work": profile()},
    environ={"PATH": os.environ["PATH"]},
)
HOMES = {
    "profile-broken": (BROKEN, Home(profiles={"work": profile()})),
    "profile-missing": (
        Home(chosen="gone"),
        Home(chosen="work", profiles={"work": profile()}),
    ),
    "profile-refused": (
        Home(profiles={"work": profile("custom", env="LD_PRELOAD", secret="")}),
        Home(profiles={"work": profile()}),
    ),
    "setting-unknown": (
        Home(files={CONFIG_TOML: "cahce = 'off'\n"}),
        Home(files={CONFIG_TOML: "cache = 'off'\n"}),
    ),
    "rules-without-git": (RULE.but(environ={"PATH": "/none"}), RULE),
    "profile-expired": (with_date("expires", -2), with_date("expires", 2)),
    "profile-expires": (with_date("expires", 10), with_date("expires", 20)),
    "key-due-for-rotation": (
        with_date("created", -400),
        with_date("created", -300),
    ),
    "same-secret-twice": (
        Home(profiles={"a": profile(), "b": profile()}),
        Home(profiles={"a": profile(), "b": profile(secret=OTHER)}),
    ),
    "keychain-unusable": (
        keychain(ok=False, tried=(("Secret Service", "nobody answers"),)),
        keychain(),
    ),
    "keychain-locked": (keychain(locked=True), keychain()),
    "no-session-keyring": (keyring(works=False), keyring(works=True)),
}


def test_a_chosen_profile_that_is_broken_is_not_called_missing(look):
    found = look(BROKEN.but(chosen="work"))
    assert found["profile-broken"].severity == "error"
    assert "profile-missing" not in found


def test_another_one_that_is_broken_is_a_warning(look):
    home_ = BROKEN.but(
        chosen="good",
        profiles={**BROKEN.profiles, "good": profile()},
        files={SETTINGS: helper()},
    )
    assert look(home_)["profile-broken"].severity == "warning"


@pytest.mark.parametrize(
    ("chosen", "severity"), [("work", "error"), ("", "warning")]
)
def test_the_end_of_the_chosen_one_is_an_error(look, chosen, severity):
    found = look(with_date("expires", -2).but(chosen=chosen))
    assert found["profile-expired"].severity == severity


def test_the_holders_of_one_secret_are_named(look):
    finding = look(HOMES["same-secret-twice"][0])["same-secret-twice"]
    assert finding.what == "'a' and 'b' have the same secret"
    assert KEY not in repr(finding)


def test_a_keychain_that_breaks_says_why(look, home):
    def fail(*_):
        raise InputError("config.toml is not valid", "correct /x")

    home_ = keychain().but(patches={f"{MODULE}.open_keychain": fail})
    finding = look(home_)["store-unusable"]
    assert finding.why == "config.toml is not valid"
    assert finding.fix == "correct /x"


def test_a_keychain_that_no_profile_uses_is_not_asked(look):
    def fail(*_):
        raise AssertionError

    home_ = Home(profiles={"work": profile()})
    found = look(home_.but(patches={f"{MODULE}.open_keychain": fail}))
    assert "keychain-unusable" not in found
