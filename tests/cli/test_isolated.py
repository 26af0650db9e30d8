"""Two accounts at the same time: a configuration folder of one's own."""

import json
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
from tests.cli.keyswitch import KEY, OTHER

OWN = f"{FOLDERS}/a"


@pytest.fixture
def two(ks):
    (ks.home / ".claude/commands").mkdir(parents=True)
    (ks.home / ".claude/agents").mkdir()
    return two_accounts(ks)


def links(two, folder=OWN):
    return {
        path.name: os.readlink(path)
        for path in (two.home / folder).iterdir()
        if path.is_symlink()
    }


def test_here_puts_a_login_in_a_folder_of_its_own_and_leaves_the_other(two):
    before = two.file(".claude/.credentials.json").read_bytes()
    done = two("use", "a", "--here")
    assert f"CLAUDE_CONFIG_DIR='{two.home / OWN}'; export" in done.out
    assert live(two.home, OWN) == token("a")
    assert two.file(".claude/.credentials.json").read_bytes() == before
    assert two("current").out == "b\n"
    config = json.loads((two.home / OWN / ".claude.json").read_text())
    assert config["oauthAccount"]["accountUuid"] == "a-uuid"
    assert config["hasCompletedOnboarding"] is True
    mode = (two.home / OWN / ".credentials.json").stat().st_mode
    assert mode & 0o777 == 0o600


def test_here_refuses_the_login_that_is_in_use_elsewhere(two):
    done = two("use", "b", "--here", code=1)
    assert done.error == (
        f"the login of 'b' is in use in {two.home}/.claude, and a second "
        "copy would stop working"
    )
    assert live_anywhere(two.home) == [token("b")]


def test_a_renewed_login_comes_back_from_its_folder_when_it_is_switched_to(two):
    two("use", "a", "--here")
    log_in(two.home, "a", 2, OWN, f"{OWN}/.claude.json")
    done = two("use", "a")
    assert f"moved from {two.home / OWN}" in done.err
    assert live(two.home) == token("a", 2)
    assert live_anywhere(two.home) == [token("a", 2)]
    two("use", "b")
    two("use", "a")
    assert live(two.home) == token("a", 2)


def test_another_accounts_login_in_the_folder_is_kept_and_never_stays(two):
    two("use", "a", "--here")
    log_in(two.home, "c", 1, OWN, f"{OWN}/.claude.json")
    done = two("use", "a", "--here")
    assert "belongs to no profile; it was saved" in done.err
    assert live(two.home, OWN) == token("a")
    two("login", "c", "--orphan")
    two("use", "c")
    assert live(two.home) == token("c")


def test_a_shell_of_a_folder_still_switches_the_usual_one(two):
    two("use", "a", "--here")
    shell = {"CLAUDE_CONFIG_DIR": str(two.home / OWN)}
    done = two("off", **shell)
    assert live(two.home, OWN) == token("a")
    done = two("use", "b", **shell)
    assert 'it uses the default folder; in this shell: eval "$(' in done.err
    assert live(two.home) == token("b")
    assert live(two.home, OWN) == token("a")


def test_an_isolated_profile_takes_its_login_along(two):
    two("edit", "a", "--isolated")
    two("use", "a")
    done = two("env")
    assert f"CLAUDE_CONFIG_DIR='{two.home / OWN}'" in done.out
    assert live(two.home, OWN) == token("a")
    assert live(two.home) == token("b")
    done = two("use", "b")
    assert "CLAUDE_CONFIG_DIR" not in two("env").out
    assert live(two.home, OWN) == token("a")  # it stays where it lives


def test_a_login_that_becomes_isolated_moves_out_of_the_usual_folder(two):
    two("edit", "b", "--isolated")
    done = two("use", "b")
    own = f"{FOLDERS}/b"
    assert f"moved from {two.home}/.claude to {two.home / own}" in done.err
    assert live(two.home, own) == token("b")
    # What was there before b came is given back.
    assert live_anywhere(two.home).count(token("b")) == 1


def test_two_keys_at_a_time_each_with_its_own_settings(ks):
    ks.add("one")
    ks.add("two", secret=OTHER)
    ks("edit", "two", "--isolated")
    ks("use", "one")
    ks("use", "two")
    own = json.loads(ks.file(f"{FOLDERS}/two/settings.json").read_text())
    assert "helper claude-code" in own["apiKeyHelper"]
    assert not ks.file(".claude/settings.json").exists()
    shell = {"CLAUDE_CONFIG_DIR": str(ks.home / FOLDERS / "two")}
    assert ks("helper", "claude-code", **shell).out.strip() == OTHER
    ks("use", "one")
    assert ks("helper", "claude-code").out.strip() == KEY


def test_what_is_shared_is_linked_listed_and_taken_back(two):
    two("edit", "a", "--isolated", "--share", "commands,agents")
    source = str(two.home / ".claude/commands")
    assert links(two)["commands"] == source
    assert f"{two.home / OWN}/commands -> {source}" in two("show", "a").out
    two("edit", "a", "--share", "commands")
    assert set(links(two)) == {"commands"}
    two("undo")
    assert set(links(two)) == {"commands", "agents"}
    two("edit", "a", "--share", "none")
    assert links(two) == {}
    shown = json.loads(two("show", "a", "--json").out)["profile"]
    assert (shown["isolated"], shown["shared"]) == (True, [])


def test_a_persons_own_file_in_a_links_place_stays(two):
    own = two.home / OWN / "commands"
    own.mkdir(parents=True)
    (own / "mine.md").write_text("mine")
    done = two("edit", "a", "--isolated", "--share", "commands")
    assert f"{own} is not shared: it is a separate file" in done.err
    assert (own / "mine.md").read_text() == "mine"


def test_only_known_things_can_be_shared(two):
    done = two("edit", "a", "--share", "keys", code=1)
    assert done.error == "'keys' cannot be shared"
    assert "shared" not in two.profile_file("a").read_text()


def test_no_isolated_folder_is_left_in_use_when_it_is_taken_back(two):
    two("edit", "a", "--isolated")
    two("use", "a")
    two("edit", "a", "--no-isolated")
    assert live(two.home, OWN) == ""
    assert links(two) == {}
    two("use", "a")
    assert live(two.home) == token("a")


def test_a_renamed_profile_keeps_folder_and_login(two):
    two("use", "a", "--here")
    log_in(two.home, "a", 2, OWN, f"{OWN}/.claude.json")
    (two.home / OWN / "history.jsonl").write_text("{}\n")
    two("rename", "a", "z")
    assert not (two.home / OWN).exists()
    assert (two.home / FOLDERS / "z/history.jsonl").read_text() == "{}\n"
    two("use", "z", "--here")
    assert live(two.home, f"{FOLDERS}/z") == token("a", 2)
    two("undo")
    assert (two.home / OWN / "history.jsonl").exists()
    two("use", "a")
    assert live_anywhere(two.home) == [token("a", 2)]


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_a_rename_is_refused_where_a_former_folder_is_in_the_way(two, kind):
    two("edit", "a", "--isolated")
    way = two.home / FOLDERS / "z"
    if kind == "folder":
        way.mkdir()
        (way / "history.jsonl").touch()
    elif kind == "file":
        way.touch()
    else:
        way.symlink_to(two.home / OWN)
    before = two("list").out
    error = two("rename", "a", "z", code=1).err
    assert "former profile 'z'" in error
    assert len(error.splitlines()) == 2
    assert two("list").out == before
    assert (two.home / OWN).is_dir()


def test_a_rename_takes_the_place_of_an_empty_folder(two):
    two("edit", "a", "--isolated")
    (two.home / OWN / "history.jsonl").touch()
    (two.home / FOLDERS / "z").mkdir()
    two("rename", "a", "z")
    assert (two.home / FOLDERS / "z/history.jsonl").exists()


def test_run_gives_claude_a_folder_for_a_login_that_is_not_in_use(two):
    program = two.home / "bin/claude"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "dir=$CLAUDE_CONFIG_DIR"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{two.environ['PATH']}"
    done = two("run", "a", "--", "claude", PATH=path)
    assert done.out == f"dir={two.home / OWN}\n"
    assert live(two.home, OWN) == token("a")
    done = two("run", "b", "--", "claude", PATH=path)
    assert done.out == "dir=\n"
    assert live(two.home) == token("b")


# ----------------------------------------------- names, copies, what goes


def test_a_renamed_login_is_known_under_its_new_name(two):
    two("rename", "a", "z")
    log_in(two.home, "a", 2)  # somebody renewed it in the usual folder
    two("use", "b")
    two("use", "z")
    assert live(two.home) == token("a", 2)
    ledger = two.file(".local/state/keyswitch/baseline/logins.json")
    assert set(json.loads(ledger.read_text())["generations"]) == {"b", "z"}


def test_undo_of_a_rename_names_it_back(two):
    two("rename", "a", "z")
    two("undo")
    ledger = two.file(".local/state/keyswitch/baseline/logins.json")
    assert set(json.loads(ledger.read_text())["generations"]) == {"a", "b"}
    two("use", "a")
    assert live(two.home) == token("a")


def test_undo_never_takes_the_only_copy_of_a_login(two):
    log_in(two.home, "b", 2)
    two("login", "b", "--capture")
    two("undo", code=1)
    two("use", "a")
    two("use", "b")
    assert live(two.home) == token("b", 2)


def test_a_removed_login_can_be_taken_back_and_leaves_nothing_behind(two):
    log_in(two.home, "b", 2)
    two("use", "a")  # keeps b's second generation
    two("remove", "b", "--yes")
    ledger = two.file(".local/state/keyswitch/baseline/logins.json")
    assert set(json.loads(ledger.read_text())["generations"]) == {"a"}
    two("undo")
    two("use", "b")
    assert live(two.home) == token("b", 2)


def test_removing_the_login_in_use_leaves_claude_code_logged_in(two):
    two("remove", "b", "--yes")
    assert live(two.home) == token("b")


def test_a_login_has_one_owner(two):
    before = two.everything()
    done = two("copy", "a", "z", code=1)
    assert "a second copy stops working" in done.error
    done = two("rotate", "a", code=2)
    assert done.err.splitlines()[-1].endswith("keyswitch login a")
    assert two.everything() == before


def test_logout_reaches_the_own_folder(two):
    two("use", "a", "--here")
    done = two("logout", "a", "--yes")
    assert f"{two.home / OWN}/.credentials.json: claudeAiOauth" in done.out
    assert live_anywhere(two.home) == [token("b")]
    done = two("use", "a", code=1)
    assert done.error == "profile 'a' (claude-login) lacks login"
    assert done.err.splitlines()[-1].endswith("keyswitch login a")


def test_a_renamed_login_stays_in_its_folder(two):
    two("edit", "a", "--isolated")
    two("use", "a")
    log_in(two.home, "a", 2, OWN, f"{OWN}/.claude.json")
    new = f"{FOLDERS}/z"
    for command, folder in (
        (("rename", "a", "z"), new),
        (("undo",), OWN),
        (("rename", "a", "z"), new),
    ):
        two(*command)
        assert live(two.home, folder) == token("a", 2)
        assert live_anywhere(two.home).count(token("a", 2)) == 1
    two("use", "b")
    two("use", "z")
    assert live(two.home, new) == token("a", 2)
    two("edit", "z", "--no-isolated")
    two("use", "z")
    assert live(two.home) == token("a", 2)
    assert live(two.home, new) == ""


def test_a_login_that_leaves_its_folder_is_said_to_be_kept(two):
    two("edit", "a", "--isolated")
    two("use", "a")
    done = two("edit", "a", "--no-isolated")
    assert "was saved; to use it again: keyswitch use a" in done.err
    two("use", "a")
    assert live(two.home) == token("a")
