"""A login's state in words, from its profile file alone."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from keyswitch.model import Profile, SecretRef
from keyswitch.profiles.login_status import (
    LoginStatus,
    end_of,
    notes,
    status_of,
    who,
)

NOW = datetime(2026, 10, 7, 12, 0, tzinfo=UTC)
REF = SecretRef("vault", "ks1-FAKE", hint="sk-ant-oat01-…MPLE")


def login(*, ref=REF, **fields):
    return Profile(
        "me",
        "claude-login",
        fields=fields,
        secrets={"login": ref} if ref else {},
    )


def ending(**left):
    end = NOW + timedelta(**left)
    return str(int(end.timestamp() * 1000))


def said(**left):
    profile = login(token_expires=ending(**left), refreshable="yes")
    return status_of(profile, NOW).text


@pytest.mark.parametrize(
    ("left", "text"),
    [
        ({"seconds": 1}, "expires in 1 s"),
        ({"seconds": 59}, "expires in 59 s"),
        ({"seconds": 60}, "expires in 1 min"),
        ({"seconds": 3599}, "expires in 59 min"),
        ({"hours": 1}, "expires in 1 h"),
        ({"seconds": 86399}, "expires in 23 h"),
        ({"days": 1}, "expires in 1 d"),
        ({"days": 400}, "expires in 400 d"),
        ({"seconds": 0}, "expired"),
        ({"seconds": -1}, "expired"),
        ({"days": -400}, "expired"),
    ],
)
def test_the_rest_is_said_in_one_unit(left, text):
    assert said(**left) == f"{text}, refreshable"


@pytest.mark.parametrize(
    ("left", "text"),
    [
        ({"seconds": 86399}, "expires in 23 h"),
        ({"days": 1}, "valid until 2026-10-08"),
        ({"days": 365}, "valid until 2027-10-07"),
        ({"seconds": 0}, "expired"),
    ],
)
def test_one_that_is_not_renewed_is_said_to_last_until_a_day(left, text):
    profile = login(token_expires=ending(**left))
    assert status_of(profile, NOW).text == text


def test_less_than_a_second_is_not_called_none():
    profile = login(token_expires=ending(seconds=1), refreshable="yes")
    nearly = NOW + timedelta(milliseconds=999)
    assert status_of(profile, nearly).text == "expires in 1 s, refreshable"


def test_a_day_is_of_the_person_s_own_calendar():
    east = NOW.astimezone(timezone(timedelta(hours=13)))
    profile = login(token_expires=ending(days=1))
    assert status_of(profile, east).text == "valid until 2026-10-09"


def test_programs_get_the_moment_and_whether_it_is_renewed():
    profile = login(token_expires=ending(hours=3), refreshable="yes")
    assert status_of(profile, NOW) == LoginStatus(
        "expires in 3 h, refreshable", "2026-10-07T15:00:00+00:00", True
    )


@pytest.mark.parametrize(
    "junk",
    ["", "soon", "-1", "0", "1e300", "1" + "0" * 300, "1.5", "٣", " 5",
     "999999999999999", "9" * 5000, "inf"],
)  # fmt: skip
def test_a_field_that_is_no_moment_is_none(junk):
    assert end_of(junk) is None
    profile = login(token_expires=junk)
    assert status_of(profile, NOW) == LoginStatus("expiry unknown")
    renewed = login(token_expires=junk, refreshable="yes")
    assert status_of(renewed, NOW) == LoginStatus("refreshable", None, True)


def test_the_last_moment_has_a_date_in_every_zone():
    profile = login(token_expires="253370764800000")
    for hours in (-23, 23):
        now = NOW.astimezone(timezone(timedelta(hours=hours)))
        assert status_of(profile, now).text.startswith("valid until 999")


def test_refreshable_is_what_the_field_says_and_nothing_like_it():
    profile = login(token_expires=ending(hours=3), refreshable="no")
    assert status_of(profile, NOW).text == "expires in 3 h"


def test_without_a_secret_nothing_is_stored_whatever_the_fields_say():
    profile = login(ref=None, token_expires=ending(hours=3), refreshable="yes")
    assert status_of(profile, NOW) == LoginStatus("no login stored")


@pytest.mark.parametrize("hint", ["", "…"])
def test_a_login_without_any_token_is_blanked(hint):
    empty = SecretRef("vault", "ks1-FAKE", hint=hint)
    assert status_of(login(ref=empty), NOW) == LoginStatus("blanked")
    # A refresh token alone brings everything back.
    kept = status_of(login(ref=empty, refreshable="yes"), NOW)
    assert kept.text == "refreshable"


@pytest.mark.parametrize(
    ("expires", "status"),
    [
        (
            date(2026, 10, 7),
            LoginStatus("valid until 2026-10-07", "2026-10-07"),
        ),
        (date(2026, 10, 6), LoginStatus("expired", "2026-10-06")),
        (None, LoginStatus("expiry unknown")),
    ],
)
def test_a_setup_token_lasts_until_the_end_of_its_day(expires, status):
    profile = Profile(
        "ci", "claude-token", expires=expires, secrets={"oauth_token": REF}
    )
    assert status_of(profile, NOW) == status


@pytest.mark.parametrize(
    ("expires", "text", "note"),
    [
        (date(2027, 10, 7), "expires about 2027-10-07, expected", ""),
        (date(2026, 10, 21), "expires about 2026-10-21, expected", "same"),
        (date(2026, 10, 6), "expired about 2026-10-06, expected", "same"),
    ],
)
def test_an_end_that_nobody_gave_is_said_to_be_expected(expires, text, note):
    profile = Profile(
        "ci",
        "claude-token",
        expires=expires,
        expires_expected=True,
        secrets={"oauth_token": REF},
    )
    status = LoginStatus(text, expires.isoformat())
    assert status_of(profile, NOW) == status
    assert notes(profile, NOW)[0] == text
    other = profile._replace(provider="own", secrets={})
    assert notes(other, NOW)[0] == (text if note else "")


def test_a_setup_token_that_was_removed_is_none():
    profile = Profile("ci", "claude-token", expires=date(2027, 1, 1))
    assert status_of(profile, NOW) == LoginStatus("no login stored")


def test_other_profiles_have_no_login():
    profile = Profile(
        "w", "anthropic", fields={"token_expires": "5", "email": "a@b.example"}
    )
    assert status_of(profile, NOW) is None
    assert who(profile) == ""


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"email": "me@mail.example", "plan": "max"}, "me@mail.example (max)"),
        ({"email": "me@mail.example"}, "me@mail.example"),
        ({"plan": "max"}, "max"),
        ({}, ""),
    ],
)
def test_whose_it_is(fields, text):
    assert who(login(**fields)) == text
