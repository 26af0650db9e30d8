"""Files that nobody may write: a link into a store, a mount, a mode."""

import json
import os

import pytest

from tests.cli.keyswitch import KEY, two_keys

OWN_KEY = "sk-ant-api03-FAKE-mine-000000000000000000000000EXAMPLE"
INSTEAD = (
    "keyswitch run work -- claude",
    'eval "$(keyswitch use work --here)"',
    'eval "$(keyswitch env work)"',
)


@pytest.fixture
def ks(bare):
    return bare.begin_as(two_keys)


def stored(ks, name, text="{}\n"):
    """Put a file into a store and a link in its place."""
    path, target = ks.file(name), ks.file("store/abc") / name.lstrip(".")
    target.parent.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        text = path.read_text()
        path.unlink()
    target.write_text(text)
    target.chmod(0o444)
    path.symlink_to(target)
    return target


def refused(done, target):
    """Check an error about a file in a store; return its hint."""
    error, hint = done.err.splitlines()[-2:]
    assert f"leads to {target}, which is read-only" in error
    assert f"change {target} at its source" in hint
    assert "chmod" not in done.err
    return hint


def test_use_names_the_links_target_and_what_works_instead(ks):
    target = stored(ks, ".claude/settings.json")
    hint = refused(ks("use", "work", code=1), target)
    assert all(command in hint for command in INSTEAD)


def test_what_is_named_instead_works(ks):
    stored(ks, ".claude/settings.json")
    assert KEY in ks("env", "work", "--shell", "bash").out
    assert KEY in ks("use", "work", "--here").out
    ran = ks("run", "work", "--", "printenv", "ANTHROPIC_API_KEY")
    assert ran.out.strip() == KEY


def test_what_settings_outrank_is_not_named(ks):
    own = json.dumps({"env": {"ANTHROPIC_API_KEY": OWN_KEY}})
    target = stored(ks, ".claude/settings.json", own)
    hint = refused(ks("use", "work", code=1), target)
    assert [c in hint for c in INSTEAD] == [True, False, False]


@pytest.mark.parametrize(
    "command",
    [
        ["off"],
        ["undo"],
        ["revoke-local", "--claude-code", "--yes"],
        ["remove", "work", "--yes"],
        ["uninstall", "--all", "--yes"],
        ["use", "personal", "--target", "claude-code"],
    ],
    ids=" ".join,
)
def test_no_command_advises_to_change_the_mode(ks, command):
    ks("use", "work")
    targets = [stored(ks, ".claude/settings.json"), stored(ks, ".claude.json")]
    before = [t.read_bytes() for t in targets]
    done = ks(*command, code=None)
    assert "chmod" not in done.err
    assert "lsattr" not in done.err
    assert [t.read_bytes() for t in targets] == before


def test_a_start_file_in_a_store_is_named_with_its_target(ks):
    target = stored(ks, ".bashrc", "# mine\n")
    hint = refused(ks("install", "bash", "--yes", code=1), target)
    assert hint.endswith("it needs the block")


def test_doctor_says_it_before_and_names_what_works(ks):
    target = stored(ks, ".claude/settings.json")
    done = ks("doctor", "--json", code=1)
    [found] = [
        f for f in json.loads(done.out)["findings"] if f["id"] == "use-refuses"
    ]
    assert str(target) in found["what"]
    assert "keyswitch run personal -- claude" in found["fix"]


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.real("unshare")
def test_a_read_only_mount_is_said_to_be_one(ks):
    folder = ks.file(".claude")
    folder.mkdir()
    ks.file(".claude/settings.json").write_text(
        json.dumps({"env": {"X": None}})
    )
    done = in_read_only(ks, folder, "use", "work")
    assert "is on a read-only file system" in done.stderr
    assert INSTEAD[0] in done.stderr
    done = in_read_only(ks, folder, "doctor")
    assert "is on a read-only file system" in done.stdout
    assert "--fix fixes" not in done.stderr


def in_read_only(ks, folder, *command):
    import subprocess
    import sys

    script = (
        'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    )
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, folder, sys.executable,
         "-m", "keyswitch", *command],
        env=ks.environ, cwd=ks.home, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
