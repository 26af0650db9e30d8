"""A real gnome-keyring, stopped or locked at each call a command makes."""

import subprocess
import sys
import time

import pytest

from tests.keychains.commands import KEYS, make_keys
from tests.keychains.grid import clean, outcomes
from tests.keychains.lane import several
from tests.keychains.real_lane import RealLane
from tests.keychains.states import State
from tests.proof import record

pytestmark = pytest.mark.real("gnome-keyring")

LONG = 20  # calls, of which every third one will do
NAMES = ["add", "env", "use", "rotate", "undo", "import", "vault-keychain"]


@pytest.fixture(scope="module")
def lane(tmp_path_factory):
    made = RealLane(tmp_path_factory.mktemp("real"))
    make_keys(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def lanes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reals")
    with several(RealLane, folder, make_keys) as made:
        yield made


def happens_at(lanes, name, calls, what="freeze"):
    cells = [(State(f"{what}-{call}", {what: call}), name) for call in calls]
    found = outcomes(lanes, cells)
    assert [str(pair[0]) for pair, outcome in found if not outcome.fired] == []
    violations = [v for _, outcome in found for v in outcome.violations]
    record(promise="P8", what=f"a real keyring, {what} at a call",
           points=len(cells), violations=len(violations))  # fmt: skip
    assert violations == []


@pytest.mark.parametrize("name", ["add", "env"])
def test_a_daemon_that_stops_on_the_way_hangs_and_loses_nothing(lane, name):
    count = len(clean(lane, name).calls)
    assert count >= 3
    happens_at([lane], name, [count // 2 + 1])


@pytest.mark.full
@pytest.mark.parametrize("name", NAMES)
def test_a_daemon_that_stops_at_any_call_hangs_and_loses_nothing(lanes, name):
    count = len(clean(lanes[0], name).calls)
    happens_at(lanes, name, range(1, count + 1, 3 if count > LONG else 1))


def test_a_keyring_that_is_locked_in_the_middle_of_an_add(lane):
    count = len(clean(lane, "add").calls)
    happens_at([lane], "add", [count // 2 + 1], "lock")


@pytest.mark.full
def test_a_keyring_that_is_locked_anywhere_in_an_add(lanes):
    calls = range(1, len(clean(lanes[0], "add").calls) + 1)
    happens_at(lanes, "add", calls, "lock")


@pytest.mark.parametrize("size", [1279, 1281])
def test_a_value_near_the_limit_of_other_systems_comes_back(lane, size):
    lane.put_back("keys")
    key = "sk-ant-api03-FAKE-" + "x" * (size - 25) + "EXAMPLE"
    assert len(key) == size
    lane.done("rotate", "one", "--stdin", stdin=key.encode())
    assert lane.done("helper", "api-key", "one").out == key + "\n"


def test_twenty_shells_that_start_at_once_get_the_key_or_one_line(lane):
    lane.put_back("keys")
    begin = time.monotonic()
    shells = [
        subprocess.Popen(
            [sys.executable, "-m", "keyswitch", "env", "--shell", "bash"],
            env={**lane.environ(), "HOME": str(lane.home)}, cwd=lane.home,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )
        for _ in range(20)
    ]  # fmt: skip
    ended = [(*shell.communicate(timeout=30), shell) for shell in shells]
    assert time.monotonic() - begin < 20 * 0.5 + 1.5
    served = [out for out, _, _ in ended if KEYS["one"] in out]
    assert served
    for out, err, shell in ended:
        if shell.returncode:
            assert (out, err.count("\n")) == ("", 1)
        else:
            assert KEYS["one"] in out
    record(promise="P8", what="20 shells at once on a real keyring",
           points=20, violations=0)  # fmt: skip
