"""Answers that were given once about a key, and contradictory ones."""

import pytest

from tests.diagnosis.homes import (
    CONFIG,
    KEY,
    TOKEN,
    Home,
    found_in,
    profile,
)

WITH_KEY = Home(environ={"ANTHROPIC_API_KEY": KEY})
TAIL = KEY[-20:]


def answered(**lists):
    return {CONFIG: {"customApiKeyResponses": lists}}


REJECTED = WITH_KEY.but(files=answered(rejected=[TAIL]))
BOTH = WITH_KEY.but(files=answered(approved=[TAIL], rejected=["x", TAIL]))

HOMES = {
    "key-rejected": (REJECTED, BOTH),
    "key-unanswered": (
        WITH_KEY,
        WITH_KEY.but(files=answered(approved=[TAIL])),
    ),
    "key-in-both-lists": (BOTH, REJECTED),
}


def only(found, check):
    (finding,) = (f for f in found if f.check == check)
    return finding


@pytest.mark.parametrize(
    "home_",
    [
        Home(environ={"ANTHROPIC_AUTH_TOKEN": TOKEN}),
        WITH_KEY.but(profiles={"work": profile()}),
    ],
    ids=["no key", "key of a profile"],
)
def test_nothing_is_asked_about(home, monkeypatch, home_):
    found = found_in(home_, home, monkeypatch)
    assert not {"key-rejected", "key-unanswered"} & {f.check for f in found}


@pytest.mark.parametrize(
    ("home_", "check"),
    [(REJECTED, "key-rejected"), (BOTH, "key-in-both-lists")],
)
def test_the_rejection_can_be_forgotten(home, monkeypatch, home_, check):
    mend = only(found_in(home_, home, monkeypatch), check).mend
    assert mend.keys == ("customApiKeyResponses", "rejected")
    assert TAIL not in str(mend)


@pytest.mark.parametrize("check", ["key-rejected", "key-in-both-lists"])
def test_a_key_as_short_as_its_end_is_left_to_the_person(
    home, monkeypatch, check
):
    # What undoes a repair would hold the whole key.
    short = "gw-FAKE-short-1234"
    lists = {"rejected": [short]}
    if check == "key-in-both-lists":
        lists["approved"] = [short]
    environ = {"ANTHROPIC_API_KEY": short}
    found = found_in(
        Home(environ=environ, files=answered(**lists)), home, monkeypatch
    )
    finding = only(found, check)
    assert finding.mend is None
    assert "--fix" not in finding.fix
    assert short[-8:] not in repr(finding)
