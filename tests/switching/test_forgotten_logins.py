"""The ledger of logins after stored items went away."""

from keyswitch.changes.login_ledger import (
    NOTHING,
    ORPHAN,
    PROFILE,
    Generation,
    Ledger,
    without_items,
)
from keyswitch.model import LoginFolder


def stored(item):
    return Generation("vault", item, 1, ())


OLD, NEW, YOURS, LOST = map(stored, ("old", "new", "yours", "lost"))
FOLDERS = {
    "/a": LoginFolder("me", PROFILE, "you"),
    "/b": LoginFolder("you", ORPHAN, "lost"),
    "/c": LoginFolder("", NOTHING, ""),
}
LEDGER = Ledger(FOLDERS, {"me": (NEW, OLD), "you": (YOURS,)}, (LOST,))


def test_an_older_state_goes_and_nothing_else():
    assert without_items(LEDGER, {"old"}) == LEDGER._replace(
        generations={"me": (NEW,), "you": (YOURS,)}
    )


def test_without_its_last_state_a_profile_is_live_and_given_back_nowhere():
    assert without_items(LEDGER, {"yours"}) == Ledger(
        {
            **FOLDERS,
            "/a": LoginFolder("me", NOTHING, ""),
            "/b": LoginFolder("", ORPHAN, "lost"),
        },
        {"me": (NEW, OLD)},
        (LOST,),
    )


def test_an_orphan_that_is_gone_is_given_back_nowhere():
    assert without_items(LEDGER, {"lost"}) == Ledger(
        {**FOLDERS, "/b": LoginFolder("you", NOTHING, "")}, LEDGER.generations
    )


def test_what_the_ledger_does_not_know_changes_nothing():
    assert without_items(LEDGER, {"other"}) == LEDGER
