"""A command is one plan and one transaction, and a dry run is that plan."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.accounts import FOLDERS, live_anywhere, log_in, two_accounts
from tests.cli.keyswitch import KEY, OTHER

OWN = f"{FOLDERS}/a"
STATE = ".local/state/keyswitch"
BAD = b"{bad json"


@pytest.fixture
def two(ks):
    """Two logins, `a` and `b`; `b` is active."""
    return two_accounts(ks)


def files(ks):
    """Return every file and link of a home, without caches and locks."""
    found = {}
    for folder, _, names in os.walk(ks.home):
        for name in names:
            path = os.path.join(folder, name)
            short = os.path.relpath(path, ks.home)
            if short.startswith((f"{STATE}/compiled", f"{STATE}/lock")):
                continue
            link = os.path.islink(path)
            found[short] = (
                os.readlink(path) if link else Path(path).read_bytes()
            )
    return found


def history(ks):
    path = ks.file(f"{STATE}/history.jsonl")
    return path.read_text().splitlines() if path.exists() else []


# ------------------------------------------------- two configuration folders


def bad_settings(ks):
    ks.file(OWN).mkdir(parents=True, exist_ok=True)
    path = ks.file(f"{OWN}/settings.json")
    path.write_bytes(BAD)
    return path


def bad_config(ks):
    ks.file(OWN).mkdir(parents=True, exist_ok=True)
    path = ks.file(f"{OWN}/.claude.json")
    path.write_bytes(BAD)
    return path


def bad_credentials(ks):
    ks.file(OWN).mkdir(parents=True, exist_ok=True)
    path = ks.file(f"{OWN}/.credentials.json")
    path.write_bytes(BAD)
    return path


def settings_are_a_folder(ks):
    path = ks.file(f"{OWN}/settings.json")
    path.mkdir(parents=True)
    return path


def settings_link_to_nowhere(ks):
    ks.file(OWN).mkdir(parents=True, exist_ok=True)
    path = ks.file(f"{OWN}/settings.json")
    path.symlink_to("settings.json")
    return path


def the_folder_is_a_file(ks):
    path = ks.file(OWN)
    if path.is_dir():
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


BROKEN = (
    bad_settings,
    bad_config,
    bad_credentials,
    settings_are_a_folder,
    settings_link_to_nowhere,
    the_folder_is_a_file,
)


@pytest.mark.parametrize("break_it", BROKEN)
def test_a_login_stays_where_it_is_when_its_new_folder_is_broken(two, break_it):
    two("use", "a")
    two("edit", "a", "--isolated")
    place = break_it(two)
    before = files(two)
    done = two("use", "a", code=1)
    assert str(place) in done.err
    assert files(two) == before
    assert two("current").out == "a\n"


@pytest.mark.parametrize("break_it", BROKEN)
def test_a_login_stays_in_its_own_folder_when_the_usual_one_is_broken(
    two, break_it
):
    two("edit", "a", "--isolated")
    two("use", "a")
    two("edit", "a", "--no-isolated", "--label", "x")
    usual = {f"{OWN}/settings.json": ".claude/settings.json"}
    path = two.file(usual[f"{OWN}/settings.json"])
    path.unlink(missing_ok=True)
    path.write_bytes(BAD)
    before = files(two)
    tokens = live_anywhere(two.home)
    assert str(path) in two("use", "a", code=1).err
    assert files(two) == before
    assert live_anywhere(two.home) == tokens


@pytest.mark.parametrize(
    "command", [("remove", "a", "--yes"), ("rename", "a", "z"), ("logout", "a")]
)
def test_a_command_that_leaves_the_own_folder_changes_all_or_nothing(
    two, command
):
    two("edit", "a", "--isolated")
    two("use", "a")
    two("use", "b")
    log_in(two.home, "a", 5, OWN, f"{OWN}/.claude.json")
    two.file(f"{OWN}/.claude.json").write_bytes(BAD)
    before = files(two)
    options = ["--yes"] if command[0] == "logout" else []
    two(*command, *options, code=1)
    assert files(two) == before


# ------------------------------------------------------------ one commit each

COMMANDS = (
    ("use", "home"),
    ("use", "-"),
    ("off",),
    ("edit", "work", "--label", "x"),
    ("edit", "work", "--isolated"),
    ("rename", "work", "office"),
    ("copy", "work", "other"),
    ("remove", "work", "--yes"),
    ("rotate", "work", "--stdin"),
    ("add", "new", "--provider", "anthropic", "--store", "vault", "--stdin"),
    ("link", "work"),
    ("link", "work", "--remote", "github.com/acme/*"),
    ("undo",),
    ("install", "bash", "--yes"),
    ("revoke-local", "work", "--yes"),
)


@pytest.fixture
def keys(ks):
    """Two key profiles; `work` is active, and there are settings before it."""
    ks.file(".claude").mkdir()
    ks.file(".claude/settings.json").write_text(
        json.dumps({"model": "opus", "env": {"ANTHROPIC_AUTH_TOKEN": OTHER}})
    )
    ks.add("work")
    ks.add("home", secret=OTHER)
    ks("use", "home")
    ks("use", "work")
    return ks


def stdin_of(command):
    return KEY if "--stdin" in command else b""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_commits_once(keys, command):
    before = len(history(keys))
    keys(*command, stdin=stdin_of(command))
    assert len(history(keys)) == before + 1


LOGIN_COMMANDS = (
    ("use", "a"),
    ("use", "a", "--here"),
    ("off",),
    ("edit", "a", "--isolated"),
    ("rename", "a", "z"),
    ("remove", "a", "--yes"),
    ("logout", "a", "--yes"),
    ("login", "b", "--capture", "--store", "vault"),
)


@pytest.mark.parametrize("isolated", [False, True])
@pytest.mark.parametrize("command", LOGIN_COMMANDS, ids=" ".join)
def test_a_command_on_logins_commits_once(two, command, isolated):
    if isolated:
        two("edit", "a", "--isolated")
        two("use", "a")
        two("use", "b")
        log_in(two.home, "a", 7, OWN, f"{OWN}/.claude.json")
    before = len(history(two))
    two(*command)
    assert len(history(two)) == before + 1


def test_a_change_is_done_where_only_a_word_about_it_fails(keys):
    keys.file(".config/keyswitch/config.toml").write_bytes(b"no TOML")
    done = keys("remove", "work", "--yes")
    assert "config.toml:1:4: " in done.err
    keys("show", "work", code=1)


# --------------------------------------------------------------- the dry run


def clean(_):
    """Leave the home as it is."""


def broken_settings(ks):
    ks.file(".claude/settings.json").write_bytes(BAD)


def broken_config(ks):
    ks.file(".claude.json").write_bytes(BAD)


def edited_helper(ks):
    path = ks.file(".claude/settings.json")
    document = json.loads(path.read_text())
    document["apiKeyHelper"] = "/opt/company/helper"
    path.write_text(json.dumps(document))


def no_settings(ks):
    ks.file(".claude/settings.json").unlink(missing_ok=True)


STATES = (clean, broken_settings, broken_config, edited_helper, no_settings)

# Bookkeeping of keyswitch, which follows every change: a dry run leaves it out.
RECORDS = (f"{STATE}/", ".local/share/keyswitch/vault")


def twin(ks, tmp_path, make):
    """Run the dry run in a copy at the same path, then put the home back."""
    kept = tmp_path / "kept"
    shutil.copytree(ks.home, kept, symlinks=True)
    result = make()
    changed = files(ks)
    shutil.rmtree(ks.home)
    shutil.copytree(kept, ks.home, symlinks=True)
    return result, changed


def named_and_changed(ks, tmp_path, command):
    """Return (codes, files named by the dry run, files really changed)."""
    before = files(ks)
    options = {"stdin": stdin_of(command), "code": None}
    dry, after_dry = twin(
        ks,
        tmp_path,
        lambda: ks(*command, "--dry-run", "--json", **options),
    )
    assert after_dry == before, "the dry run changed something"
    real = ks(*command, **options)
    after = files(ks)
    changed = {
        path
        for path in {*before, *after}
        if before.get(path) != after.get(path) and not path.startswith(RECORDS)
    }
    lines = json.loads(dry.out)["changes"] if dry.code == 0 else []
    named = {
        os.path.relpath(line.partition(":")[0], ks.home)
        for line in lines
        if line.startswith("/")
    }
    # A folder that gets another name stands for all that is in it.
    renamed = tuple(
        os.path.relpath(path, ks.home)
        for line in lines
        if ": becomes " in line
        for path in line.split(": becomes ")
    )
    left_out = (*RECORDS, *renamed)
    return (
        (dry.code, real.code),
        {path for path in named if not path.startswith(left_out)},
        {path for path in changed if not path.startswith(left_out)},
    )


DRY = [c for c in COMMANDS if c[0] not in ("install", "revoke-local")]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", DRY, ids=" ".join)
def test_a_dry_run_names_the_files_that_change(keys, tmp_path, command, state):
    state(keys)
    codes, named, changed = named_and_changed(keys, tmp_path, command)
    # 4: changed, and something else outranks it, which only then is looked at.
    assert codes[0] == (0 if codes[1] == 4 else codes[1])
    assert named == changed


@pytest.mark.parametrize("break_it", [clean, bad_settings, bad_config])
@pytest.mark.parametrize("isolated", [False, True])
@pytest.mark.parametrize(
    "command",
    # logout shows tokens, not files; see test_login.py
    [c for c in LOGIN_COMMANDS if "--here" not in c and c[0] != "logout"],
    ids=" ".join,
)
def test_a_dry_run_on_logins_names_the_files_that_change(
    two, tmp_path, command, isolated, break_it
):
    if isolated:
        two("edit", "a", "--isolated")
        two("use", "a")
        two("use", "b")
        log_in(two.home, "a", 7, OWN, f"{OWN}/.claude.json")
    break_it(two)
    codes, named, changed = named_and_changed(two, tmp_path, command)
    assert codes[0] == (0 if codes[1] == 4 else codes[1])
    assert named == changed


def test_a_dry_run_shows_no_secret(keys):
    done = keys("off", "--dry-run")
    assert "ANTHROPIC_AUTH_TOKEN" in done.out
    assert OTHER not in done.out + done.err
    done = keys("rotate", "work", "--stdin", "--dry-run", stdin=OTHER)
    assert OTHER not in done.out + done.err


# ---------------------------------------------------- what somebody else wrote


def test_remove_says_that_a_hand_written_helper_stays(keys):
    edited_helper(keys)
    done = keys("remove", "work", "--yes")
    assert "apiKeyHelper was changed by another program" in done.err
    settings = json.loads(keys.file(".claude/settings.json").read_text())
    assert settings["apiKeyHelper"] == "/opt/company/helper"


def test_edit_leaves_a_hand_written_helper_and_says_so(keys):
    edited_helper(keys)
    done = keys("edit", "work", "--label", "other")
    assert "apiKeyHelper was changed by another program" in done.err
    settings = json.loads(keys.file(".claude/settings.json").read_text())
    assert settings["apiKeyHelper"] == "/opt/company/helper"


def test_a_keyswitch_helper_that_was_edited_goes_with_its_profile(keys):
    path = keys.file(".claude/settings.json")
    document = json.loads(path.read_text())
    document["apiKeyHelper"] += " --no-input"
    path.write_text(json.dumps(document))
    keys("remove", "work", "--yes")
    assert "keyswitch" not in path.read_text()


HELPER = ("apiKeyHelper",)
ADDRESS = ("env", "ANTHROPIC_BASE_URL")


@pytest.fixture(params=[HELPER, ADDRESS], ids=["helper", "address"])
def by_hand(ks, request):
    """Return a way to change a setting of the active gateway by hand."""
    address = ("--set", "base_url=https://gateway.example.com")
    for name in ("one", "two"):
        secret = f"FAKE-token-{name}-00000000EX"
        ks.add(name, *address, provider="gateway", secret=secret)
    ks("use", "one")
    *above, key = request.param

    def change():
        path = ks.file(".claude/settings.json")
        document = json.loads(path.read_text())
        member = document[above[0]] if above else document
        member[key] = "https://by-hand.example.com"
        path.write_text(json.dumps(document))
        return document

    return change


def settings_of(ks):
    return json.loads(ks.file(".claude/settings.json").read_text())


def test_what_was_changed_by_hand_stays_however_often(ks, by_hand):
    present = by_hand()
    for command in (
        ("rename", "one", "first"),
        ("edit", "first", "--label", "a"),
        ("edit", "first", "--label", "b"),
        ("undo",),
        ("rename", "first", "again"),
        ("undo",),
    ):
        assert "was changed by another program; not touched" in ks(*command).err
        assert settings_of(ks) == present


def test_undo_does_not_replace_what_was_changed_by_hand(ks, by_hand):
    ks("use", "two")
    present = by_hand()
    assert "has changed since" in ks("undo", code=1).error
    assert settings_of(ks) == present
    assert ks("current").out == "two\n"


@pytest.mark.parametrize(
    "command", [("rename", "work", "x"), ("edit", "work", "--label", "x")]
)
def test_what_was_added_by_hand_and_does_not_count_is_named(keys, command):
    path = keys.file(".claude/settings.json")
    document = json.loads(path.read_text())
    document["env"]["ANTHROPIC_BASE_URL"] = "https://by-hand.example.com"
    path.write_text(json.dumps(document))
    said = "env.ANTHROPIC_BASE_URL was added by another program"
    assert said in keys(*command).err
    assert settings_of(keys)["env"]["ANTHROPIC_BASE_URL"] == ""
    keys("off")
    given_back = settings_of(keys)["env"]["ANTHROPIC_BASE_URL"]
    assert given_back == "https://by-hand.example.com"


def test_use_replaces_what_was_changed_by_hand_and_says_so(ks, by_hand):
    present = by_hand()
    name = next(
        key for key in ("apiKeyHelper", "ANTHROPIC_BASE_URL")
        if "by-hand" in str({**present, **present["env"]}[key])
    )  # fmt: skip
    done = ks("use", "two")
    assert (
        f"{name} was changed by another program; keyswitch replaces it"
        in done.err
    )
    assert "by-hand" not in json.dumps(settings_of(ks))
    assert "by another program" not in ks("use", "one").err
    ks("off")
    assert "by-hand" in json.dumps(settings_of(ks))
