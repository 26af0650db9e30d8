"""`verify` of several profiles opens a locked keychain once, and no more."""

import json

import pytest

from tests.keychains.commands import make_keys
from tests.keychains.lane import Lane
from tests.keychains.states import STATES

NAMES = ("one", "two", "cloud")
NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:1"}  # nothing listens there


@pytest.fixture(scope="module")
def lane(tmp_path_factory):
    made = Lane(tmp_path_factory.mktemp("verify"))
    make_keys(made)
    yield made
    made.close()


def verified(lane, state=None):
    lane.put_back("keys")
    lane.order(STATES[state].orders if state else None)
    bus = STATES[state].bus if state else ""
    ran = lane.run(("verify", *NAMES, "--json"), bus=bus, environ=NO_NETWORK)
    calls = list(lane.calls)
    lane.settle()
    return ran, json.loads(ran.out)["profiles"], calls


def test_an_open_keychain_gives_each_secret(lane):
    ran, found, calls = verified(lane)
    assert ran.code == 4, ran
    assert [one["state"] for one in found] == ["not known"] * 3
    assert all("refuses connections" in one["what"] for one in found)
    assert calls


@pytest.mark.parametrize("state", ["locked", "prompt-dismissed", "mute"])
def test_one_that_stays_shut_is_tried_once(lane, state):
    ran, found, calls = verified(lane, state)
    assert ran.code == 5, ran
    assert [one["state"] for one in found] == ["could not be read"] * 3
    prompts = [call for call in calls if "Prompt" in call or "Unlock" in call]
    assert len(prompts) <= 1, calls
    assert ran.seconds < 4.0
