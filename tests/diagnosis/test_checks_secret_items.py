"""Stores that are missing, old or locked, and items that are not in them."""

import pytest

from keyswitch.errors import LockedError, NoItemError, StoreError
from tests.diagnosis.homes import KEY, Home, profile

MODULE = "keyswitch.diagnosis.checks.profiles"
NOW = {"KEYSWITCH_ENV": "gone:f:1:ANTHROPIC_API_KEY:"}
SET = frozenset({"ANTHROPIC_API_KEY"})


class Store:
    """A vault that does one thing at every question."""

    def __init__(self, error=None):
        self.error = error

    def get(self, item, generation):
        if self.error is not None:
            raise self.error
        return KEY


def vault(error=None, **more):
    return Home(
        profiles={"work": profile()},
        patches={f"{MODULE}.open_store": lambda *_: Store(error)},
        **more,
    )


HOMES = {
    "secret-missing": (vault(NoItemError("it is missing")), vault()),
    "store-unusable": (Home(profiles={"work": profile()}), vault()),
    "store-locked": (vault(LockedError("it is locked", "unlock it")), vault()),
    "exported-profile-missing": (
        Home(environ=NOW, exported=SET),
        Home(
            environ={"KEYSWITCH_ENV": "work:f:1:ANTHROPIC_API_KEY:"},
            exported=SET,
            profiles={"work": profile()},
        ),
    ),
}


@pytest.mark.parametrize(
    ("chosen", "severity"), [("work", "error"), ("", "warning")]
)
def test_what_is_in_use_is_graver(look, chosen, severity):
    gone = vault(NoItemError("it is missing"), chosen=chosen)
    found = look(gone)["secret-missing"]
    assert found.severity == severity
    assert found.fix == "keyswitch rotate work"


def test_an_old_vault_is_named_with_its_own_way_out(look):
    error = StoreError("it is older than when last seen", "restore /x; or not")
    found = look(vault(error))["store-unusable"]
    assert found.why == "it is older than when last seen; or not"
    assert found.fix == "restore /x"


def test_a_locked_store_is_a_note(look):
    found = look(vault(LockedError("it is locked")))["store-locked"]
    assert found.severity == "note"
