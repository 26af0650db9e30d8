"""Moments in words."""

from datetime import UTC, date, datetime, timedelta

import pytest

from keyswitch.cli.listings import moments

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


@pytest.mark.parametrize(
    ("day", "words"),
    [(29, "yesterday"), (30, "today"), (1, "29 days ago"), (27, "3 days ago")],
)
def test_a_day_is_named_with_its_distance(day, words):
    shown = moments.day(date(2026, 11, day), NOW)
    assert shown == f"2026-11-{day:02}, {words}"


def test_a_moment_is_shown_in_local_time():
    there = NOW.astimezone(tz=None).tzinfo
    shown = moments.local(NOW, NOW.astimezone(there) + timedelta(days=3))
    assert shown.endswith(", 3 days ago")
    assert shown.startswith(f"{NOW.astimezone(there):%Y-%m-%d %H:%M}")
