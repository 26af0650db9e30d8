"""uninstall --all: every file of another program is what it was."""

import json

import pytest

from tests.cli.accounts import (
    FOLDERS,
    live,
    live_anywhere,
    token,
    two_accounts,
)
from tests.cli.keyswitch import OTHER

SETTINGS = b'{\n\t"model": "opus",\n\t"apiKeyHelper": "get-key"\n}\n'
PLAIN = b'{"model": "opus"}'  # also the project's: the tests start at home
RC = b"alias ll='ls -l'\n"
ELSEWHERE = "work files/claude"


def outside(ks):
    """Return every file that is not keyswitch's own."""
    own = (".config/keyswitch", ".local/share/keyswitch", ".local/state")
    return {
        path: data
        for path, data in ks.everything().items()
        if not path.startswith(own)
    }


def write(ks, name, data):
    file = ks.file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


@pytest.fixture
def configured(ks):
    """Somebody who used keyswitch in three folders and two shells."""
    write(ks, ".claude/settings.json", PLAIN)
    write(ks, ".claude.json", b'{"userID": "FAKE"}')
    write(ks, f"{ELSEWHERE}/settings.json", SETTINGS)
    write(ks, ".bashrc", RC)
    ks.before = outside(ks)
    ks.add("work")
    ks.add("other", secret=OTHER)
    elsewhere = str(ks.file(ELSEWHERE))
    ks("use", "other", CLAUDE_CONFIG_DIR=elsewhere)
    ks("use", "work", CLAUDE_CONFIG_DIR=str(ks.file("new")))
    ks("use", "work")
    for shell in ("bash", "fish"):
        ks("install", shell, "--yes")
    return ks


def test_every_folder_and_start_file_is_what_it_was(configured):
    done = configured("uninstall", "--all", "--yes")
    assert outside(configured) == configured.before
    assert done.out == ""
    home = configured.home
    for place in (
        f"{home}/.claude: 'work' will be deactivated, ",
        f"{home}/{ELSEWHERE}: the settings from",
        f"{home}/new: the settings from",
        f"{home}/.bashrc: the keyswitch block",
        f"{home}/.config/fish/config.fish: the keyswitch block",
    ):
        assert f"keyswitch: {place}" in done.err
    configured("current", code=1)


def test_what_stays_is_said_with_the_way_to_remove_it(configured):
    done = configured("uninstall", "--all", "--yes")
    home = configured.home
    assert f"kept: 2 profiles in {home}/.config/keyswitch/" in done.err
    assert "keyswitch remove NAME" in done.err
    assert f"kept: the vault {home}/.local/share/keyswitch/" in done.err
    assert "pipx uninstall keyswitch" in done.err
    assert configured("list").out.count("anthropic") == 2


def test_a_dry_run_changes_nothing_and_lists_what_would_change(configured):
    before = configured.everything()
    done = configured("uninstall", "--all", "--dry-run")
    assert configured.everything() == before
    places = [line.split(": ")[0] for line in done.out.splitlines()]
    others = (f"{configured.home}/new", f"{configured.home}/{ELSEWHERE}")
    assert sorted(places[:2]) == sorted(others)
    assert places[2:] == [
        f"{configured.home}/{name}"
        for name in (".claude", ".bashrc", ".config/fish/config.fish")
    ]


def test_a_dry_run_says_what_somebody_changed(configured):
    settings = configured.file(f"{ELSEWHERE}/settings.json")
    document = json.loads(settings.read_text())
    document["apiKeyHelper"] = "/opt/company/helper"
    settings.write_text(json.dumps(document))
    for how in ("--dry-run", "--yes"):
        said = configured("uninstall", "--all", how).err
        assert "apiKeyHelper was changed by another program" in said


def test_a_second_time_there_is_nothing_to_do(configured):
    configured("uninstall", "--all", "--yes")
    before = configured.everything()
    assert configured("uninstall", "--all", "--dry-run").out == (
        "nothing to change\n"
    )
    done = configured("uninstall", "--all")
    assert "no other program's files here refer to keyswitch" in done.err
    assert configured.everything() == before


def test_without_a_yes_nothing_is_done(configured):
    before = configured.everything()
    done = configured("uninstall", "--all", code=2)
    assert done.error.startswith("this needs confirmation")
    assert configured.everything() == before


def test_switch_and_start_files_can_be_taken_back(configured):
    used = outside(configured)
    configured("uninstall", "--all", "--yes")
    for _ in range(3):
        configured("undo")
    again = outside(configured)
    for name in (".claude/settings.json", ".claude.json", ".bashrc"):
        assert again[name] == used[name]
    assert configured("current").out == "work\n"


def test_what_cannot_be_changed_keeps_nothing_else(configured):
    broken = f"{ELSEWHERE}/settings.json"
    write(configured, broken, b"{ no JSON")
    dry = configured("uninstall", "--all", "--dry-run", code=6)
    done = configured("uninstall", "--all", "--yes", code=6)
    place = configured.file(ELSEWHERE)
    assert done.error.startswith(f"not changed: {place} (")
    assert dry.error == done.error
    assert done.err.endswith("; then run again: keyswitch uninstall --all\n")
    left = {p: d for p, d in outside(configured).items() if ELSEWHERE not in p}
    del configured.before[broken]
    assert left == configured.before
    assert configured.file(broken).read_bytes() == b"{ no JSON"
    document = json.loads(
        configured("--json", "uninstall", "--all", "--dry-run", code=1).out
    )
    assert [line.split(": ")[0] for line in document["changes"]] == [str(place)]
    assert document["changed"] is False


def test_a_folder_that_is_gone_is_forgotten(configured):
    for file in configured.file(ELSEWHERE).iterdir():
        file.unlink()
    configured.file(ELSEWHERE).rmdir()
    configured("uninstall", "--all", "--yes")
    del configured.before[f"{ELSEWHERE}/settings.json"]
    assert outside(configured) == configured.before
    assert configured("uninstall", "--all", "--dry-run").out == (
        "nothing to change\n"
    )


def test_an_empty_machine_has_nothing_to_take_back(bare):
    assert "refer to keyswitch" in bare("uninstall", "--all").err


def test_a_shell_s_name_does_not_go_with_all(bare):
    done = bare("uninstall", "bash", "--all", code=2)
    assert done.error == "--all means every shell"


def test_a_dry_run_for_one_shell_names_the_file(bare):
    write(bare, ".bashrc", RC)
    bare("install", "bash", "--yes")
    before = bare.everything()
    done = bare("uninstall", "bash", "--dry-run")
    assert done.out == f"{bare.home}/.bashrc\n"
    assert bare.everything() == before


def test_no_login_is_lost_and_a_profile_s_own_folder_keeps_its(ks):
    two_accounts(ks)
    ks("use", "a", "--here")
    ks("use", "b", CLAUDE_CONFIG_DIR=str(ks.file("elsewhere")))
    assert live(ks.home, "elsewhere") == token("b")
    done = ks("uninstall", "--all", "--yes")
    # Nothing was in that folder before; b's is with its profile.
    assert live_anywhere(ks.home) == [token("a")]
    assert live(ks.home, f"{FOLDERS}/a") == token("a")
    assert "logins of 'a', 'b', which may exist nowhere else; to " in done.err
    ks("use", "b")
    assert live(ks.home) == token("b")


def test_a_login_that_was_there_before_comes_back(ks):
    two_accounts(ks)  # b's was there
    ks("use", "a")
    assert live(ks.home) == token("a")
    ks("uninstall", "--all", "--yes")
    assert live(ks.home) == token("b")


def test_a_folder_that_is_away_is_named_and_done_when_it_is_back(ks):
    ks.add("work")
    away, folder = ks.file("away"), ks.file("cc")
    ks("use", "work", CLAUDE_CONFIG_DIR=str(folder))
    folder.rename(away)
    done = ks("uninstall", "--all", "--yes")
    assert f"wrote into {folder}, which is missing now" in done.err
    away.rename(folder)
    ks("uninstall", "--all", "--yes")
    settings = folder / "settings.json"
    assert not settings.exists() or b"keyswitch" not in settings.read_bytes()


@pytest.mark.parametrize("target", ["/dev/null", "dotfiles/zshrc", ".zshrc"])
def test_a_start_file_that_is_no_file_keeps_nothing_else(ks, target):
    ks.add("work")
    ks("use", "work")
    ks.file(".zshrc").symlink_to(target)
    ks("uninstall", "--all", "--yes")
    assert not ks.file(".claude/settings.json").exists()
