"""statusline, and what list, show, current and use --suggest say of limits."""

import json
import time

import pytest

from tests.cli.keyswitch import KEY
from tests.cli.logins import Logins

NOW = int(time.time())


def limits(five, seven):
    return {
        "five_hour": {"used_percentage": five, "resets_at": NOW + 7200},
        "seven_day": {"used_percentage": seven, "resets_at": NOW + 300_000},
    }


class Session:
    """A session of Claude Code, as its status line sees it."""

    def __init__(self, ks, name="one"):
        self.ks = ks
        self.turn, self.spent, self.windows = "", 0, None
        self.name = name
        self.began = time.time()

    def answered(self, windows, turn):
        self.turn, self.windows = turn, windows
        self.spent += 100
        return self.line()

    def line(self, **how):
        document = {
            "session_id": self.name,
            "prompt_id": self.turn,
            "cost": {
                "total_api_duration_ms": self.spent,
                "total_duration_ms": (time.time() - self.began) * 1000,
            },
        }
        if self.windows:
            document["rate_limits"] = self.windows
        return self.ks("statusline", stdin=json.dumps(document), **how).out


@pytest.fixture
def two(ks):
    logins = Logins(ks)
    logins.capture("one")
    logins.capture("two")
    ks("use", "one", "--force")
    return ks


def usage_of(ks, name):
    profile = json.loads(ks("show", name, "--json").out)["profile"]
    return profile.get("usage")


def test_a_line_and_a_record(two):
    session = Session(two)
    assert session.line() == "one\n"
    assert session.answered(limits(42, 80), "p1") == ("one  5h 42 %  7d 80 %\n")
    assert usage_of(two, "one")["five_hour"]["used_percentage"] == 42
    assert usage_of(two, "two") is None
    assert "5h 42 % until" in two("show", "one").out
    assert "7d 80 % until" in two("list").out
    assert two("current", "--usage").out == "one 5h 42 %  7d 80 %\n"
    folder = two.file(".local/state/keyswitch/usage")
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
        assert "FAKE" not in file.read_text()


@pytest.mark.parametrize("value", [("resets_at", 10**14), ("used", 10**400)])
def test_a_record_that_no_calendar_has_counts_as_none(two, value):
    Session(two).answered(limits(42, 80), "p1")
    (record,) = two.file(".local/state/keyswitch/usage").glob("account-*")
    document = json.loads(record.read_text())
    document["windows"]["five_hour"] |= [value]
    record.write_text(json.dumps(document))
    assert "42 %" not in two("list").out


def test_an_idle_session_has_the_numbers_of_the_former_account(two):
    session = Session(two)
    session.answered(limits(42, 80), "p1")
    two("use", "two", "--force")
    assert session.line().startswith("one ")  # whose numbers they are
    assert usage_of(two, "two") is None
    session.turn = "p2"  # the person types, and no answer came yet
    session.line()
    assert usage_of(two, "two") is None
    session.answered(limits(5, 6), "p2")
    assert usage_of(two, "two")["five_hour"]["used_percentage"] == 5
    assert usage_of(two, "one")["five_hour"]["used_percentage"] == 42


def test_a_turn_ends_with_the_account_it_began_with(two):
    session = Session(two)
    session.answered(limits(42, 80), "p1")
    two("use", "two", "--force")
    session.answered(limits(43, 81), "p1")
    session.answered(limits(44, 82), "p1")
    assert usage_of(two, "two") is None
    session.answered(limits(5, 6), "p2")
    assert usage_of(two, "two")["five_hour"]["used_percentage"] == 5


def test_a_session_from_before_the_switch_that_was_never_seen(two):
    session = Session(two)
    session.began -= 3600
    session.turn, session.spent, session.windows = "p1", 9, limits(42, 80)
    two("use", "two", "--force")
    session.line()
    session.line()
    assert usage_of(two, "two") is None
    session.answered(limits(5, 6), "p2")
    assert usage_of(two, "two")["five_hour"]["used_percentage"] == 5


def test_a_key_has_no_windows(ks):
    ks("add", "key", "--provider", "anthropic", "--stdin", stdin=KEY)
    ks("use", "key")
    Session(ks).answered(limits(42, 80), "p1")
    assert usage_of(ks, "key") is None


def test_values_follow_a_rename(two):
    Session(two).answered(limits(42, 80), "p1")
    two("rename", "one", "other")
    assert usage_of(two, "other")["seven_day"]["used_percentage"] == 80


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", "5", "null", "[" * 100_000, "\udcff",
     '{"rate_limits": 5}', '{"cost": 5, "session_id": 5, "rate_limits": {}}',
     '{"cost": {"total_api_duration_ms": "x"}, "session_id": null}',
     "x" * 5_000_000],
    ids=range(11),
)  # fmt: skip
def test_bad_input_is_a_line_or_nothing(two, text):
    done = two("statusline", stdin=text.encode("utf-8", "surrogateescape"))
    assert done.err == ""
    assert done.out.count("\n") <= 1


def test_a_damaged_and_a_newer_record_are_passed_over(two):
    session = Session(two)
    session.answered(limits(42, 80), "p1")
    folder = two.file(".local/state/keyswitch/usage")
    newer = b'{"version": 2}'
    for text in (b"", b"{", b'{"version": 1, "at": "x", "windows": {}}'):
        for file in folder.iterdir():
            file.write_bytes(text)
        assert usage_of(two, "one") is None
        assert two("list").err == ""
    session.answered(limits(43, 80), "p2")
    assert usage_of(two, "one")["five_hour"]["used_percentage"] == 43
    for file in folder.iterdir():
        file.write_bytes(newer)
    session.answered(limits(44, 80), "p3")
    [kept] = folder.glob("account-*")
    assert kept.read_bytes() == newer


def test_a_state_that_cannot_be_written(two):
    two.file(".local/state/keyswitch/usage").write_text("no folder")
    line = Session(two).answered(limits(42, 80), "p1")
    assert line == "one  5h 42 %  7d 80 %\n"


def test_suggest_names_the_account_with_most_left(two):
    assert "no usage recorded" in two("use", "--suggest").err
    session = Session(two)
    session.answered(limits(42, 80), "p1")
    two("use", "two", "--force")
    session.answered(limits(90, 10), "p2")
    done = two("use", "--suggest")
    assert "keyswitch use one" in done.err
    assert "'one' has the most left: 20 %" in done.err
    document = json.loads(two("use", "--suggest", "--json").out)
    assert document["suggested"] == "one"
    assert document["command"] == "keyswitch use one"
    assert document["profiles"][1]["left_percentage"] == 10
    assert two("current").out == "two\n"
    two("use", "one", "--suggest", code=2)
