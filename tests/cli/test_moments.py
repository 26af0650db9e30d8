"""Moments in words."""

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from keyswitch.cli.listings import moments
from keyswitch.profiles.paths import resolve
from keyswitch.secret import Secret
from keyswitch.secrets.outside import seen
from keyswitch.secrets.references.reference import Fetched

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=119), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=65), "2 months ago"),
        (timedelta(days=800), "2 years ago"),
        (-timedelta(days=3), "in 3 days"),
    ],
)
def test_an_age_has_one_unit(past, words):
    assert moments.ago(NOW - past, NOW) == words


def test_units_are_words_for_a_person():
    text = "expires in 5 d; 5h 30 %, 1 h ago, 12 min"
    shown = moments.in_full(text)
    assert shown == "expires in 5 days; 5h 30 %, 1 hour ago, 12 minutes"
    assert moments.in_full("expires in 0 d") == "expires today"


@pytest.mark.parametrize(
    ("day", "words"),
    [(29, "yesterday"), (30, "today"), (1, "29 days ago"), (27, "3 days ago")],
)
def test_a_day_is_named_with_its_distance(day, words):
    shown = moments.day(date(2026, 11, day), NOW)
    assert shown == f"2026-11-{day:02}, {words}"


@pytest.fixture
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 1, 15, 12, tzinfo=UTC), "2026-01-15 13:00"),
        (datetime(2026, 7, 15, 12, tzinfo=UTC), "2026-07-15 14:00"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25 02:30"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25 02:30"),
    ],
)
def test_summer_time_is_that_of_the_moment_not_of_today(moment, shown):
    at = moments.now()
    assert moments.local(moment, at).startswith(f"{shown}, ")
    here = moment.astimezone(at.tzinfo)
    assert here.timestamp() == moment.timestamp()


def test_a_lease_ends_within_the_calendar(tmp_path):
    paths = resolve({"HOME": str(tmp_path)})
    seen.keep(paths, "vault:a#b", Fetched(Secret("FAKE"), 10**18))
    found = seen.of(paths, "vault:a#b")
    assert datetime.fromtimestamp(found.until, UTC).year == 9999
    path = Path(seen.path_of(paths, "vault:a#b"))
    path.write_text(path.read_text().replace(str(found.until), "9" * 20))
    assert seen.of(paths, "vault:a#b") is None


@pytest.mark.parametrize("text", ["", "xyz", "0001-01-01T00:00:00+23:00"])
def test_what_is_no_moment_is_shown_as_it_stands(text):
    assert moments.when(text, NOW) == text


def test_a_moment_is_shown_in_local_time():
    there = NOW.astimezone(tz=None).tzinfo
    shown = moments.local(NOW, NOW.astimezone(there) + timedelta(days=3))
    assert shown.endswith(", 3 days ago")
    assert shown.startswith(f"{NOW.astimezone(there):%Y-%m-%d %H:%M}")
