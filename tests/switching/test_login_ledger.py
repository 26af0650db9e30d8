"""Which login is whose: the ledger, as values."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.changes import login_ledger
from keyswitch.changes.login_ledger import (
    KEPT,
    KEPT_UNSURE,
    NOTHING,
    ORPHAN,
    PROFILE,
    Generation,
    Ledger,
)
from keyswitch.errors import FileStateError
from keyswitch.model import LoginFolder

EMPTY = Ledger({}, {})


def login(item, *tokens, account="", organization="", **more):
    return Generation(
        "vault",
        item,
        1,
        tokens or (f"t-{item}",),
        account=account,
        organization=organization,
        **more,
    )


SURE = {"with_tokens": True, "says_whose": True}


def items(kept):
    return [g.item for g in kept]


texts = st.text(max_size=5)
generations = st.builds(
    Generation,
    st.sampled_from(["vault", "keychain"]),
    st.uuids().map(lambda u: f"ks1-{u.hex}"),
    st.integers(1, 9),
    st.lists(texts, max_size=3).map(tuple),
    st.floats(0, 1e13),
    *[texts] * 5,
    st.booleans(),
    st.booleans(),
)
several = st.lists(generations, max_size=3).map(tuple)
folders = st.builds(LoginFolder, texts, texts, texts)
ledgers = st.builds(
    Ledger,
    st.dictionaries(texts, folders, max_size=3),
    st.dictionaries(texts, several, max_size=3),
    several,
)


@given(ledgers)
def test_a_ledger_is_read_as_it_was_written(ledger):
    assert login_ledger.decode("x", login_ledger.encode(ledger)) == ledger


def test_an_absent_file_is_an_empty_ledger_and_the_reverse():
    assert login_ledger.decode("x", None) == EMPTY
    assert login_ledger.encode(EMPTY) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"folders":{},"generations":{}}',
        b'{"folders":{"x":{"odd":1}},"generations":{},"orphans":[]}',
        b'{"folders":{},"generations":{"x":[{}]},"orphans":[]}',
        b'{"folders":{},"generations":[],"orphans":[]}',
        b'{"folders":{},"generations":{},"orphans":[{"token":5}]}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_damaged_file_is_an_error_that_names_it(data):
    with pytest.raises(FileStateError, match="/x/logins is damaged"):
        login_ledger.decode("/x/logins", data)


def test_a_ledger_of_an_earlier_version_is_read():
    new = login_ledger.encode(EMPTY._replace(orphans=(login("i"),)))
    document = json.loads(new)
    for name in ("organization", "content", "with_tokens", "says_whose"):
        del document["orphans"][0][name]
    found = login_ledger.decode("x", json.dumps(document).encode())
    assert found.orphans == (login("i"),)


def test_a_sweep_finds_every_item_by_its_store_and_name():
    ledger = EMPTY._replace(
        generations={"me": (login("one"),)}, orphans=(login("two"),)
    )
    data = login_ledger.encode(ledger).decode()
    assert '"vault:one"' in data
    assert '"vault:two"' in data
    assert items(ledger.items()) == ["one", "two"]


# --------------------------------------------------------------- generations


def test_the_newest_generations_of_a_profile_are_kept():
    ledger, left = EMPTY, []
    for number in range(KEPT + 2):
        ledger, gone = login_ledger.with_generation(
            ledger, "me", login(str(number), account="a", **SURE)
        )
        left += gone
    assert items(ledger.generations["me"]) == ["4", "3", "2"]
    assert items(left) == ["0", "1"]


@pytest.mark.parametrize(
    "other",
    [
        {"account": "a"},  # a key alone
        {"account": "a", "with_tokens": True},
        {"account": "a", "with_tokens": True, "by_name": True},
        {"account": "b", **SURE},
        {"account": "a", "organization": "o", **SURE},
    ],
)
def test_only_its_own_kind_supersedes_a_login(other):
    mine = login("mine", account="a", **SURE)
    ledger, _ = login_ledger.with_generation(EMPTY, "me", mine)
    ledger, _ = login_ledger.with_orphan(ledger, mine)
    for number in range(KEPT_UNSURE + 1):
        new = login(str(number), **other)
        ledger, _ = login_ledger.with_generation(ledger, "me", new)
        ledger, _ = login_ledger.with_orphan(ledger, new)
    assert mine in ledger.generations["me"]
    assert mine in ledger.orphans


def test_the_same_tokens_are_kept_once():
    ledger = EMPTY
    for item in "abc":
        ledger, _ = login_ledger.with_generation(ledger, "me", login(item))
    again = login("new", "t-b")
    ledger, gone = login_ledger.with_generation(ledger, "me", again)
    assert items(ledger.generations["me"]) == ["new", "c", "a"]
    assert items(gone) == ["b"]


def test_a_profile_is_known_by_any_token_that_was_kept_for_it():
    ledger = EMPTY._replace(
        generations={"me": (login("a", "1", "2"), login("b", "3"))}
    )
    assert ledger.owner_of(("3",)) == "me"
    assert ledger.owner_of(("x", "2")) == "me"
    assert ledger.owner_of(("x",)) == ledger.owner_of(()) == ""
    assert ledger.holder_of("b") == "me"
    assert ledger.holder_of("c") == ""


# ------------------------------------------------------------------- orphans


def test_no_account_pushes_another_s_login_out():
    ledger, left = EMPTY, []
    only = login("only", account="d")
    ledger, _ = login_ledger.with_orphan(ledger, only)
    for number in range(30):
        new = login(str(number), account="c", organization="o")
        ledger, gone = login_ledger.with_orphan(ledger, new)
        left += gone
    assert items(ledger.orphans) == ["29", "28", "27", "only"]
    assert len(left) == 27


def test_logins_that_do_not_say_whose_they_are_are_kept_longer():
    ledger = EMPTY
    for number in range(KEPT_UNSURE + 5):
        ledger, _ = login_ledger.with_orphan(ledger, login(str(number)))
    assert len(ledger.orphans) == KEPT_UNSURE


def test_what_off_gives_back_is_kept_however_old_it_is():
    folder = LoginFolder("me", ORPHAN, "first")
    ledger = EMPTY._replace(folders={"/x": folder})
    for item in ("first", *"abcdef"):
        ledger, _ = login_ledger.with_orphan(ledger, login(item, account="d"))
    assert items(ledger.orphans) == ["f", "e", "d", "first"]


def test_a_login_that_is_stored_anew_is_given_back_from_there():
    ledger, _ = login_ledger.with_orphan(EMPTY, login("old", "t"))
    ledger = ledger._replace(folders={"/x": LoginFolder("me", ORPHAN, "old")})
    ledger, gone = login_ledger.with_orphan(ledger, login("new", "t"))
    assert ledger.folders["/x"].before_name == "new"
    assert items(gone) == ["old"]


def test_a_login_of_nobody_that_becomes_a_profile_is_given_back_as_that():
    orphan = login("o")
    folders = {
        "/x": LoginFolder("me", ORPHAN, "o"),
        "/y": LoginFolder("", NOTHING, ""),
    }
    ledger = Ledger(folders, {}, (orphan,))
    after = login_ledger.given_owner(ledger, orphan, "new")
    assert after.folders == {
        "/x": LoginFolder("me", PROFILE, "new"),
        "/y": LoginFolder("", NOTHING, ""),
    }


def test_what_holds_no_login_is_kept_while_it_is_to_be_given_back():
    rest = Generation("vault", "rest", 1, ())
    ledger = Ledger({"/x": LoginFolder("me", ORPHAN, "rest")}, {}, (rest,))
    assert login_ledger.without_idle(ledger) == (ledger, ())
    after, idle = login_ledger.without_idle(ledger._replace(folders={}))
    assert (after, idle) == (EMPTY, (rest,))


# --------------------------------------------------------- names come and go


def test_a_profile_that_goes_leaves_its_name_free():
    kept = (login("b"), login("a"))
    folders = {"/x": LoginFolder("me", PROFILE, "me")}
    ledger = Ledger(folders, {"me": kept, "you": (login("c"),)})
    after, gone = login_ledger.without_profile(ledger, "me")
    assert gone == kept
    assert set(after.generations) == {"you"}
    assert after.folders["/x"].live == ""


def test_logins_under_a_name_that_is_taken_anew_are_nobody_s():
    ledger = EMPTY._replace(
        generations={"me": (login("b"), login("a"))}, orphans=(login("o"),)
    )
    after = login_ledger.without_owner(ledger, "me")
    assert after.generations == {}
    assert items(after.orphans) == ["b", "a", "o"]
    assert login_ledger.without_owner(after, "me") == after


def test_a_new_name_is_followed_everywhere_and_back():
    folders = {
        "/x": LoginFolder("me", PROFILE, "me"),
        "/y": LoginFolder("you", ORPHAN, "me"),
    }
    ledger = Ledger(folders, {"me": (login("a"),)}, (login("me"),))
    after = login_ledger.renamed(ledger, "me", "new")
    assert after.folders == {
        "/x": LoginFolder("new", PROFILE, "new"),
        "/y": LoginFolder("you", ORPHAN, "me"),
    }
    assert set(after.generations) == {"new"}
    assert login_ledger.renamed(after, "new", "me") == ledger
