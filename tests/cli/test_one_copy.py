"""A login is in one folder: what gives one back takes it out of the others."""

import os

import pytest

from tests.cli.accounts import (
    FOLDERS,
    live,
    live_anywhere,
    log_in,
    token,
    two_accounts,
)

OWN = f"{FOLDERS}/b"


@pytest.fixture
def two(ks):
    """Accounts a and b; b was there first, a is active."""
    two_accounts(ks)
    ks("use", "a")
    return ks


def renewed_in(two, folder):
    log_in(two.home, "b", 2, folder, f"{folder}/.claude.json")


@pytest.mark.parametrize(
    "command",
    [("off",), ("undo",), ("uninstall", "--all", "--yes"), ("logout", "a")],
)
def test_what_comes_back_comes_from_the_terminal_that_renewed_it(two, command):
    two("use", "b", "--here")
    renewed_in(two, OWN)
    yes = ("--yes",) if command[0] == "logout" else ()
    done = two(*command, *yes)
    if command[0] == "logout":
        done = two("off")
    assert live_anywhere(two.home) == [token("b", 2)]
    assert live(two.home) == token("b", 2)
    moved = f"the login of 'b' moved from {two.file(OWN)} to {two.home}/.claude"
    assert moved in done.err


def test_what_comes_back_comes_from_another_folder(two):
    there = {"CLAUDE_CONFIG_DIR": str(two.file("x"))}
    two("use", "b", **there)
    renewed_in(two, "x")
    two("off")
    assert live_anywhere(two.home) == [token("b", 2)]


def test_what_comes_back_comes_from_the_own_folder_of_an_isolated_one(two):
    two("edit", "b", "--isolated")
    two("use", "b")
    renewed_in(two, OWN)
    two("off")
    assert live_anywhere(two.home).count(token("b", 2)) == 1
    assert token("b") not in live_anywhere(two.home)


@pytest.mark.parametrize("back", [("off",), ("undo",)])
@pytest.mark.parametrize("use", [("use", "b"), ("use", "b", "--here")])
def test_what_was_given_back_moves_with_the_next_switch(two, back, use):
    there = {"CLAUDE_CONFIG_DIR": str(two.file("x"))}
    two(*back)
    assert live(two.home) == token("b")
    moved = f"the login of 'b' moved from {two.home}/.claude to "
    assert moved in two(*use, **there).err
    assert live_anywhere(two.home) == [token("b")]
    two("use", "b")
    assert live_anywhere(two.home) == [token("b")]


def test_a_login_moves_also_where_nothing_can_be_given_back(two):
    """What was in the usual folder before was of a profile that is gone."""
    two("remove", "b", "--yes")
    two("edit", "a", "--isolated")
    two("use", "a")
    assert live_anywhere(two.home) == [token("a")]
    assert live(two.home) == ""


def test_undo_of_a_moved_login_is_for_its_folder(two):
    there = {"CLAUDE_CONFIG_DIR": str(two.file("x"))}
    for here, other, way in (
        ({}, there, "env -u CLAUDE_CONFIG_DIR keyswitch undo"),
        (there, {}, f"CLAUDE_CONFIG_DIR={two.file('x')} keyswitch undo"),
    ):
        two("use", "b", **here)
        before = two.everything()
        done = two("undo", code=1, **other)
        assert done.err.endswith(f"undo it there: {way}\n")
        assert two.everything() == before
        two("undo", **here)
        assert two("current").out == "a\n"


def test_logout_reaches_a_login_that_was_given_back(two):
    two("off")
    two("logout", "b", "--yes", CLAUDE_CONFIG_DIR=str(two.file("x")))
    assert live_anywhere(two.home) == []


def test_a_folder_without_anything_to_give_back_is_not_named(two):
    there = {"CLAUDE_CONFIG_DIR": str(two.file("x"))}
    two("use", "b", **there)
    two("off", **there)
    two("off")
    for command in (("off",), ("uninstall", "--all", "--dry-run")):
        done = two(*command, **there)
        assert str(two.file("x")) not in done.err + done.out
        assert "keyswitch off" not in done.err


def test_a_folder_with_two_names_is_one_folder(two):
    two.file("alias").symlink_to(".claude")
    alias = {"CLAUDE_CONFIG_DIR": str(two.file("alias"))}
    two("use", "b", **alias)
    done = two("use", "b")
    assert "moved" not in done.err
    assert live(two.home) == token("b")
    done = two("use", "a")
    assert live(two.home) == token("a")
    two("use", "a", **alias)
    assert live(two.home) == token("a")
    assert "stays in" not in two("off").err


@pytest.fixture
def elsewhere(two):
    """Account b was put into the folder x, a is active."""
    two("use", "b", CLAUDE_CONFIG_DIR=str(two.file("x")))
    two("use", "a")
    assert live(two.home, "x") == token("b")
    return two


@pytest.mark.parametrize("who", [("b",), ("--all",)])
def test_revoke_local_looks_where_keyswitch_put_a_login(elsewhere, who):
    done = elsewhere("revoke-local", *who, "--yes")
    assert str(elsewhere.file("x/.credentials.json")) in done.out
    assert token("b") not in live_anywhere(elsewhere.home)


def test_logout_looks_where_keyswitch_put_a_login(elsewhere):
    done = elsewhere("logout", "b", "--yes")
    assert f"{elsewhere.file('x')}/.credentials.json: claudeAi" in done.out
    assert live_anywhere(elsewhere.home) == [token("a")]
    assert not elsewhere.file("x/.claude.json").exists()


def test_revoke_local_counts_a_file_with_two_names_once(elsewhere):
    elsewhere.file("alias").symlink_to("x")
    alias = {"CLAUDE_CONFIG_DIR": str(elsewhere.file("alias"))}
    done = elsewhere("revoke-local", "b", "--yes", **alias)
    assert done.out.count(".credentials.json") == 1
    assert live_anywhere(elsewhere.home) == [token("a")]


# ------------------------- a profile whose file could not be read for a while


@pytest.mark.parametrize("back", [("use", "b"), ("off",)])
def test_what_was_kept_while_the_file_was_broken_is_the_profile_s(two, back):
    two("use", "b")
    file = two.profile_file("b")
    sound = file.read_bytes()
    log_in(two.home, "b", 2)
    file.write_bytes(sound + b"x = [\n")
    two("use", "a")
    file.write_bytes(sound)
    two(*back)
    assert live_anywhere(two.home) == [token("b", 2)]
    two("use", "a")
    two("use", "b")
    assert live(two.home) == token("b", 2)
    assert "without a profile" in two("login", "c", "--orphan", code=1).error


# ------------------------ logins that a variable has moved out of the folder


@pytest.fixture
def moved(ks):
    """Account b is live in the usual folder; the variable names another."""
    two_accounts(ks)
    return ks, {"CLAUDE_SECURESTORAGE_CONFIG_DIR": str(ks.file("s"))}


def test_a_login_of_the_other_storage_is_no_second_copy(moved):
    two, storage = moved
    two("use", "a", **storage)
    assert live_anywhere(two.home) == [token("a"), token("b")]
    done = two("use", "a")
    assert live_anywhere(two.home) == [token("a")]
    assert live(two.home) == token("a")
    assert f"moved from {two.file('s')} to {two.home}/.claude" in done.err
    two("use", "b", **storage)
    two("use", "a", **storage)
    assert live(two.home, "s") == token("a")
    assert live_anywhere(two.home).count(token("a")) == 1


def test_off_leaves_the_login_of_the_other_storage_and_names_it(moved):
    two, storage = moved
    two("use", "a", **storage)
    done = two("off")
    assert live(two.home) == token("b")
    way = f"CLAUDE_SECURESTORAGE_CONFIG_DIR={two.file('s')} keyswitch off"
    assert f"the login of 'a' stays in {two.file('s')}: {way}" in done.err
    two("off", **storage)
    assert live_anywhere(two.home) == [token("b")]


@pytest.mark.parametrize(
    "command", [("revoke-local", "a"), ("logout", "a"), ("uninstall", "--all")]
)
def test_the_other_storage_is_looked_at(moved, command):
    two, storage = moved
    two("use", "a", **storage)
    two(*command, "--yes")
    assert live_anywhere(two.home) == [token("b")]


# -------------------------------------------------- a lock that will not go


@pytest.mark.parametrize("kind", ["file", "full", "left"])
def test_a_dry_run_of_a_switch_refuses_what_the_switch_does(two, kind):
    lock = two.file(".claude.lock")
    if kind == "file":
        lock.touch()
    else:
        lock.mkdir()
    if kind == "full":
        (lock / "x").touch()
    os.utime(lock, (1, 1))
    code = 0 if kind == "left" else 1
    dry = two("use", "b", "--dry-run", code=code)
    assert lock.exists()
    real = two("use", "b", code=code)
    if code:
        assert dry.error == real.error
