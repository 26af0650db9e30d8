"""trace keeps what answers say of an account's limits, and only of its own."""

import pytest

from keyswitch.profiles import paths
from keyswitch.trace.requests.exchange import (
    Body,
    Credential,
    Exchange,
    Timing,
)
from keyswitch.trace.usage_feed import UsageFeed
from keyswitch.usage import records
from keyswitch.usage.limits import UsageWindow
from keyswitch.workspace import Workspace

START = "anthropic-ratelimit-unified-5h-"
LIMITS = ((f"{START}utilization", "0.42"), (f"{START}reset", "1796029529"))
FILE = """provider = "claude-login"

[fields]
account_uuid = "FAKE-account"
"""


@pytest.fixture
def workspace(home):
    environ = {"HOME": str(home)}
    folder = paths.resolve(environ).profiles_dir
    made = home / folder
    made.mkdir(parents=True, mode=0o700)
    (made / "work.toml").write_text(FILE)
    return Workspace(environ)


def exchange(**changes):
    return Exchange(
        number=1,
        started=0.0,
        method="POST",
        url="https://api.anthropic.com/v1/messages",
        way="base-url",
        credentials=(Credential("authorization", "…", "work"),),
        request_headers=(),
        request=Body(),
        timing=Timing(),
        limits=LIMITS,
    )._replace(**changes)


def fed(workspace, one):
    shown = []
    UsageFeed(workspace).before(shown.append)(one)
    assert shown == [one]
    profile, _ = workspace.load("work")
    return records.read(workspace.paths, records.account_of(profile))


def test_an_answer_to_one_account(workspace):
    found = fed(workspace, exchange())
    assert found.windows == {"five_hour": UsageWindow(42.0, 1796029529)}


TWO = (Credential("authorization", "…", "work"), Credential("x-api-key", "…"))


@pytest.mark.parametrize(
    "changes",
    [
        {"simulated": "429"},
        {"limits": ()},
        {"url": "https://gateway.example.com/v1/messages"},
        {"credentials": ()},
        {"credentials": TWO},
        {"credentials": (Credential("authorization", "…", "gone"),)},
    ],
)
def test_what_is_not_known_to_be_the_accounts(workspace, changes):
    assert fed(workspace, exchange(**changes)) is None
