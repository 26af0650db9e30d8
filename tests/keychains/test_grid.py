"""No state of the keychain hangs a command, loses a secret or exchanges it."""

from collections import Counter

import pytest

from tests.keychains.commands import COMMANDS, make_homes
from tests.keychains.grid import outcomes
from tests.keychains.lane import Lane, several
from tests.keychains.states import ALL, STATES
from tests.proof import record


@pytest.fixture(scope="module")
def lanes(tmp_path_factory):
    """Give buses with a fake keychain and a home each."""
    with several(Lane, tmp_path_factory.mktemp("lanes"), make_homes) as made:
        yield made


def judge(found, what):
    """Record what was found, and fail if any of it is a violation."""
    fired = [outcome for _, outcome in found if outcome.fired]
    violations = [v for _, outcome in found for v in outcome.violations]
    broken = sum(bool(outcome.violations) for _, outcome in found)
    record(promise="P8", what=what, points=len(fired), violations=broken)
    assert violations == []


def sample():
    """Yield a command for each state, each of them with several states."""
    used = Counter()
    for state in STATES.values():
        name = min(state.meets, key=lambda n: used[n])
        used[name] += 1
        yield state, name


def test_a_sample_of_states_with_a_command_each(lanes):
    cells = list(sample())[::8]
    try_cells(lanes, cells)


@pytest.mark.full
def test_each_state_with_a_command_and_each_command_with_a_state(lanes):
    cells = list(sample())
    assert {name for _, name in cells} >= set(ALL)
    try_cells(lanes, cells)


def try_cells(lanes, cells):
    found = outcomes(lanes, cells)
    silent = [pair for pair, outcome in found if not outcome.fired]
    assert silent == [], "these did nothing wrong"
    judge(found, "keychain states, a sample of the grid")


@pytest.mark.full
@pytest.mark.parametrize("state", STATES)
def test_every_command_with_every_state(lanes, state, times):
    first = list(STATES).index(state) % 3  # every third; with --times 3 all
    names = list(COMMANDS) if times >= 3 else list(COMMANDS)[first::3]
    found = outcomes(lanes, [(STATES[state], name) for name in names])
    fired = {pair[1] for pair, outcome in found if outcome.fired}
    assert fired >= set(STATES[state].meets) & set(names)
    judge(found, "keychain states x commands that touch a store")
