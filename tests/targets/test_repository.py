"""Which folder's local settings count, beside the cases that were observed."""

import json

import pytest

from keyswitch.shells import EnvScript
from keyswitch.targets.claude_code.repository import root_of
from keyswitch.terminal.overriding import lines


def test_the_root_of_the_file_system_is_a_folder_like_any_other(tmp_path):
    assert root_of("/", str(tmp_path)) == "/"


def test_a_repository_is_found_from_a_folder_that_is_not_there(tmp_path):
    (tmp_path / ".git").mkdir()
    below = str(tmp_path / "gone" / "below")
    assert root_of(below, "/") == str(tmp_path)


@pytest.fixture
def worktree(home, monkeypatch):
    """A shell in a worktree; returns its main checkout."""
    main, kept = home / "main", home / "main/.git/worktrees/tree"
    kept.mkdir(parents=True)
    (home / "tree").mkdir()
    (home / "tree/.git").write_text(f"gitdir: {kept}\n")
    (kept / "commondir").write_text("../..\n")
    (kept / "gitdir").write_text(f"{home}/tree/.git\n")
    monkeypatch.chdir(home / "tree")
    return main


def test_a_shell_in_a_worktree_is_told_what_the_main_checkout_sets(
    worktree, home
):
    local = worktree / ".claude/settings.local.json"
    local.parent.mkdir()
    local.write_text(json.dumps({"env": {"ANTHROPIC_API_KEY": "FAKE"}}))
    script = EnvScript(assign=[("ANTHROPIC_API_KEY", "FAKE-EXAMPLE")])
    said = lines(script, {"HOME": str(home)}, by_helper=True)
    assert len(said) == 1
    assert f"{local}:1 overrides it" in said[0]
