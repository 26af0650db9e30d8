"""The windows of limits, from status lines and headers of services."""

import pytest

from keyswitch.usage.limits import (
    UsageWindow,
    windows_of_headers,
    windows_of_status,
)

# What 2.1.330 handed over, where the headers of the answer said 0.42 and 0.8.
STATUS = {
    "five_hour": {"used_percentage": 42, "resets_at": 1796029529},
    "seven_day": {"used_percentage": 80, "resets_at": 1796322329},
}
BOTH = {
    "five_hour": UsageWindow(42.0, 1796029529),
    "seven_day": UsageWindow(80.0, 1796322329),
}


def test_the_status_line_of_claude_code():
    assert windows_of_status({"rate_limits": STATUS}) == BOTH


def test_headers_of_claude_code():
    headers = {
        "Anthropic-RateLimit-Unified-5h-Utilization": "0.42",
        "anthropic-ratelimit-unified-5h-reset": "1796029529",
        "anthropic-ratelimit-unified-7d-utilization": "0.8",
        "anthropic-ratelimit-unified-7d-reset": "1796322329",
        "anthropic-ratelimit-unified-status": "allowed",
    }
    assert windows_of_headers(headers) == BOTH


def test_headers_of_codex_say_how_long_each_window_is():
    headers = {
        "x-codex-primary-used-percent": "42",
        "x-codex-primary-window-minutes": "300",
        "x-codex-primary-reset-at": "1796029529",
        "x-codex-secondary-used-percent": "80.0",
        "x-codex-secondary-window-minutes": "10080",
        "x-codex-secondary-reset-at": "1796322329",
    }
    assert windows_of_headers(headers) == BOTH


@pytest.mark.parametrize(
    "given",
    [
        None, [], 5, "x", {}, {"rate_limits": None}, {"rate_limits": []},
        {"rate_limits": {"five_hour": None, "seven_day": 3}},
        {"rate_limits": {"five_hour": {"used_percentage": None}}},
        {"rate_limits": {"five_hour": {"used_percentage": -1}}},
        {"rate_limits": {"five_hour": {"used_percentage": float("nan")}}},
        {"rate_limits": {"five_hour": {"used_percentage": 10**400}}},
        {"rate_limits": {"five_hour": {"used_percentage": True}}},
    ],
)  # fmt: skip
def test_what_is_no_window_is_none(given):
    assert windows_of_status(given) == {}


@pytest.mark.parametrize("reset", [None, "", -5, 1e300, "soon", [], True])
def test_a_reset_that_is_none_is_not_known(reset):
    given = {"five_hour": {"used_percentage": 7, "resets_at": reset}}
    found = windows_of_status({"rate_limits": given})
    assert found == {"five_hour": UsageWindow(7.0, 0)}
