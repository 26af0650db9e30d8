"""What needs no secret leaves the keychain alone, whatever its state."""

import pytest

from tests.keychains.commands import COMMANDS, make_keys
from tests.keychains.grid import cell, clean
from tests.keychains.lane import Lane
from tests.keychains.states import STATES
from tests.proof import record


@pytest.fixture(scope="module")
def lane(tmp_path_factory):
    made = Lane(tmp_path_factory.mktemp("untouched"))
    make_keys(made)
    yield made
    made.close()


def test_what_needs_no_secret_opens_no_keychain(lane):
    names = [n for n, command in COMMANDS.items() if not command.touches]
    assert len(names) >= 5
    for name in names:
        assert clean(lane, name).calls == ()
        outcome = cell(lane, STATES["mute"], name)
        assert (outcome.fired, outcome.violations) == (False, ())
    record(promise="P8", what="commands that need no keychain",
           points=len(names), violations=0)  # fmt: skip
