"""A file that keyswitch made, and that a person has put elsewhere since."""

import json

import pytest

from tests.cli.keyswitch import two_keys
from tests.cli.logins import Logins


@pytest.fixture
def ks(bare):
    return bare.begin_as(two_keys)


def moved(ks, path):
    """Move a file into a folder of dotfiles, and leave a link; its target."""
    file = ks.file(path)
    target = ks.file("dotfiles") / file.name.lstrip(".")
    target.parent.mkdir(exist_ok=True)
    file.rename(target)
    file.symlink_to(target)
    return target


@pytest.mark.parametrize(
    "args",
    [
        ("off",),
        ("undo",),
        ("remove", "work", "--yes"),
        ("uninstall", "--all", "--yes"),
    ],
)
def test_nothing_of_keyswitch_stays_where_the_link_leads(ks, args):
    ks("use", "work")
    targets = [moved(ks, p) for p in (".claude/settings.json", ".claude.json")]
    ks(*args)
    assert [json.loads(target.read_text()) for target in targets] == [{}, {}]
    assert ks.file(".claude/settings.json").is_symlink()
    assert ks.file(".claude.json").is_symlink()


def test_off_of_a_moved_file_can_be_taken_back_and_repeated(ks):
    ks("use", "work")
    target = moved(ks, ".claude/settings.json")
    ks("off")
    ks("undo")
    assert "apiKeyHelper" in json.loads(target.read_text())
    ks("off")
    assert json.loads(target.read_text()) == {}


@pytest.mark.parametrize(
    "args",
    [
        ("uninstall", "zsh", "--yes"),
        ("undo",),
        ("uninstall", "--all", "--yes"),
    ],
)
def test_no_block_stays_in_a_start_file_that_was_moved(ks, args):
    ks("install", "zsh", "--yes")
    target = moved(ks, ".zshrc")
    ks(*args)
    assert target.read_bytes() == b""
    assert ks.file(".zshrc").is_symlink()
    if args[0] == "uninstall":
        ks("undo")
        assert b"keyswitch" in target.read_bytes()


def test_logout_leaves_no_token_where_a_link_leads(ks):
    ks.file(".claude").mkdir()
    Logins(ks).capture("anna")
    ks("use", "anna")
    target = moved(ks, ".claude/.credentials.json")
    assert b"sk-ant-" in target.read_bytes()
    ks("logout", "anna", "--yes")
    assert json.loads(target.read_text()) == {}
    assert ks.file(".claude/.credentials.json").is_symlink()
