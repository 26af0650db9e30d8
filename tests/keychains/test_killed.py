"""A command that was killed has lost no secret of a keychain, and left none."""

import os

import pytest

from tests.keychains.commands import COMMANDS, make_homes
from tests.keychains.killing import (
    CHANGING,
    WAYS,
    KillLane,
    keychain_calls,
    killed_at,
    killed_in,
    killed_while_it_waits,
    system_calls,
)
from tests.keychains.lane import in_lanes, several
from tests.proof import record

pytestmark = pytest.mark.real("strace")
SAMPLED = ("add", "rotate", "remove")
# Strides: system calls in the two tiers, and calls to the keychain. With the
# variable at 1 the long tier tries all of them.
_FEW = 17
_MANY = int(os.environ.get("KEYSWITCH_TEST_STRIDE", "23"))
_CALLS = min(_MANY, 9)


@pytest.fixture(scope="module")
def lanes(tmp_path_factory):
    place = tmp_path_factory.mktemp("killed")
    with several(KillLane, place, make_homes) as made:
        yield made


def kill_at_system_calls(lanes, name, stride):
    points = system_calls(lanes[0], name)
    offset = CHANGING.index(name) % min(stride, len(points))
    chosen = points[offset::stride]
    found = in_lanes(
        lanes,
        [lambda lane, p=p: killed_at(lane, name, p) for p in chosen],
    )
    judge(found, "KILL at changing calls, secrets in a keychain")


def kill_in_keychain_calls(lanes, name, ways, stride=1):
    calls = keychain_calls(lanes[0], name)
    jobs = [(way, n) for way in ways for n in range(1, calls + 1, stride)]
    found = in_lanes(
        lanes,
        [lambda lane, j=job: killed_in(lane, name, *j) for job in jobs],
    )
    fired = [violations for happened, violations in found if happened]
    assert len(fired) >= len(jobs) / 2
    judge(fired, "KILL before and after calls to a keychain")


def judge(found, what):
    """Record lists of violations, one for each point."""
    broken = sum(bool(violations) for violations in found)
    record(promise="P8", what=what, points=len(found), violations=broken)
    assert [v for violations in found for v in violations][:9] == []


@pytest.mark.parametrize("name", SAMPLED)
def test_a_sample_of_kills(lanes, name):
    kill_at_system_calls(lanes, name, _FEW)
    kill_in_keychain_calls(lanes, name, WAYS[1::2], stride=5)


def test_who_is_left_waiting_for_the_keychain_holds_nothing_for_long(lanes):
    tries = (killed_while_it_waits(lanes[0], "add") for _ in range(5))
    found = next(violations for happened, violations in tries if happened)
    judge([found], "KILL while a keychain is silent")


@pytest.mark.full
@pytest.mark.parametrize("name", CHANGING)
def test_a_kill_at_a_system_call(lanes, name):
    kill_at_system_calls(lanes, name, _MANY)


@pytest.mark.full
@pytest.mark.parametrize("name", [n for n in CHANGING if COMMANDS[n].touches])
def test_a_kill_in_a_call_to_the_keychain(lanes, name):
    kill_in_keychain_calls(lanes, name, WAYS, stride=_CALLS)
