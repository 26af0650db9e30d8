"""What is made in other programs' places goes again with what was in it."""

import os
import shutil

import pytest

from keyswitch.commit import journal, steps
from keyswitch.commit.journal import Journal
from keyswitch.disk.digests import digest
from keyswitch.profiles.paths import resolve
from tests.cli.accounts import live, log_in, token
from tests.cli.keyswitch import KEY


def others(ks):
    """Return every path of HOME that is not keyswitch's own."""
    own = {".config", ".local", ".cache"}
    found = {
        str(path.relative_to(ks.home))
        for path in ks.home.rglob("*")
        if "keyswitch" not in str(path.relative_to(ks.home))
    }
    return {p for p in found if p not in own and not p.startswith(".local/")}


USES = [("anthropic", ()), ("gateway", ("--set", "base_url=https://gw.test"))]


@pytest.mark.parametrize(("provider", "fields"), USES)
def test_off_leaves_no_file_and_no_folder_where_none_was(ks, provider, fields):
    ks("add", "one", "--provider", provider, *fields, "--stdin", stdin=KEY)
    before = others(ks)
    ks("use", "one")
    assert ".claude/settings.json" in others(ks)
    ks("off")
    assert others(ks) == before


def test_off_takes_back_the_folder_that_a_login_needed(ks):
    log_in(ks.home, "a")
    ks("login", "a", "--capture")
    shutil.rmtree(ks.file(".claude"))
    ks.file(".claude.json").unlink()
    before = others(ks)
    ks("use", "a")
    assert live(ks.home) == token("a")
    ks("off")
    assert others(ks) == before


def test_undo_takes_the_folder_back_as_well(ks):
    ks.add("one")
    before = others(ks)
    ks("use", "one")
    ks("undo")
    assert others(ks) == before


def test_nested_folders_of_claude_config_dir_go_up_to_the_first_of_ours(ks):
    ks.add("one")
    ks.file("mine").mkdir()
    place = str(ks.file("mine/a/b"))
    ks("use", "one", CLAUDE_CONFIG_DIR=place)
    assert ks.file("mine/a/b/settings.json").exists()
    ks("off", CLAUDE_CONFIG_DIR=place)
    assert not os.listdir(ks.file("mine"))


def test_a_folder_that_was_there_stays_though_it_is_empty(ks):
    ks.add("one")
    ks.file(".claude").mkdir()
    ks("use", "one")
    ks("off")
    assert os.listdir(ks.file(".claude")) == []


def test_a_folder_that_somebody_uses_meanwhile_is_theirs_from_then_on(ks):
    ks.add("one")
    ks("use", "one")
    ks.file(".claude/CLAUDE.md").write_text("mine")
    ks("off")
    assert os.listdir(ks.file(".claude")) == ["CLAUDE.md"]
    ks.file(".claude/CLAUDE.md").unlink()
    ks("use", "one")
    ks("off")
    assert os.listdir(ks.file(".claude")) == []


@pytest.mark.parametrize("shell", ["fish", "nu", "pwsh"])
def test_uninstall_takes_the_folders_of_the_start_file_back(ks, shell):
    before = others(ks)
    ks("install", shell, "--yes")
    assert others(ks) != before
    ks("uninstall", shell, "--yes")
    assert others(ks) == before


@pytest.mark.parametrize("committed", [True, False])
def test_recovery_removes_the_folders_of_a_killed_command(ks, committed):
    """Killed before the commit point: those made. After it: those emptied."""
    paths = resolve(ks.environ)
    folder, full = ks.file("a/b"), ks.file("full")
    folder.mkdir(parents=True)
    full.mkdir()
    (full / "theirs").touch()
    names = (str(folder.parent), str(folder), str(full))
    os.makedirs(paths.journal_dir, 0o700)
    which = {"emptied" if committed else "made": names}
    journal.prepare(paths, Journal((), (), **which))
    if committed:
        journal.commit(paths)
    steps.recover(paths)
    assert not folder.parent.exists()
    assert (full / "theirs").exists()
    assert os.listdir(paths.journal_dir) == []


def test_nobody_writes_between_a_killed_command_and_its_recovery(
    ks, monkeypatch
):
    """Its locks stand until its files are in place."""
    paths, lock = resolve(ks.environ), ks.file(".claude.json.lock")
    target, stage = ks.file(".claude.json"), ks.file(".keyswitch-x")
    target.write_bytes(b"old")
    stage.write_bytes(b"new")
    os.makedirs(paths.journal_dir, 0o700)
    step = journal.Step(str(target), str(stage), digest(b"old"), digest(b"new"))
    journal.prepare(paths, Journal((step,), (str(lock),)))
    journal.commit(paths)
    lock.mkdir(0o500)
    install, locked = steps.install, []

    def observed(step):
        locked.append(lock.is_dir())
        return install(step)

    monkeypatch.setattr(steps, "install", observed)
    steps.recover(paths)
    assert (locked, lock.exists()) == ([True], False)
    assert target.read_bytes() == b"new"
