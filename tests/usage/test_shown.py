"""How windows are said, and which account has most left."""

from datetime import UTC, datetime

from keyswitch.usage.limits import UsageWindow
from keyswitch.usage.records import Usage
from keyswitch.usage.shown import Left, document, in_words, ranked, short

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
HOUR, DAY = 3600, 86_400


def usage(five, seven, ago=3 * HOUR):
    windows = {"five_hour": five, "seven_day": seven}
    return Usage(AT - ago, windows)


def test_both_windows_with_their_ends_and_the_age():
    seen = usage(UsageWindow(42, AT + 2 * HOUR), UsageWindow(80, AT + 3 * DAY))
    assert in_words(seen, NOW) == (
        "5h 42 % until 14:00, 7d 80 % until Thu; 3 h ago"
    )
    assert short(seen.windows, NOW) == "5h 42 %  7d 80 %"


def test_a_window_that_has_ended_is_free_and_not_the_old_number():
    seen = usage(UsageWindow(99, AT - 1), UsageWindow(80, 0), ago=5)
    assert in_words(seen, NOW) == "5h free, 7d 80 %; just now"
    shown = document(seen, NOW)
    assert shown["five_hour"]["used_percentage"] is None
    assert shown["five_hour"]["has_reset"]
    assert shown["seven_day"]["resets_at"] is None


def test_nothing_known_is_nothing_said():
    assert in_words(None, NOW) == ""
    assert document(None, NOW) is None


def test_most_left_first_then_the_newest_and_unknown_ones_last():
    old, new = Usage(AT - DAY, {}), Usage(AT, {})
    found = [
        Left("a", None, None),
        Left("b", 20.0, new),
        Left("c", 70.0, old),
        Left("d", 70.0, new),
        Left("e", 0.0, new),
    ]
    assert "".join(one.profile for one in ranked(found)) == "dcbea"
