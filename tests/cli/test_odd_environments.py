"""Homes, folders, clocks and file systems that few people have."""

import ast
import errno
import fcntl
import os
import stat
import subprocess
import sys

import pytest

from keyswitch.disk import atomic, file_systems
from keyswitch.errors import FileStateError
from keyswitch.profiles import clock
from tests.cli.keyswitch import KEY, Keyswitch
from tests.components import ROOT

LINES = (
    ("--help",),
    ("vault", "init", "--machine-key"),
    ("add", "work", "--provider", "anthropic", "--store", "vault", "--stdin"),
    ("list",), ("use", "work"), ("current",), ("env", "--shell", "bash"),
    ("helper", "claude-code"), ("whoami",), ("history",), ("undo",),
    ("use", "work"), ("install", "bash", "--yes"), ("hook", "bash"),
    ("link", "work"), ("unlink",), ("login", "a", "--capture"),
    ("revoke-local", "--all", "--dry-run"), ("off",), ("vault", "rotate"),
    ("uninstall", "--all", "--yes"),
)  # fmt: skip
FAIL = (("login", "a", "--capture"),)  # there is no login


def home_of_bytes(home):
    return {"HOME": f"{home}/\udcff"}


def other_roots(home):
    return {
        "XDG_CONFIG_HOME": f"{home}/\udcfec",
        "XDG_DATA_HOME": f"{home}/\udcfed",
        "XDG_STATE_HOME": f"{home}/\udcfes",
    }


ODD = {
    "a home of bytes": home_of_bytes,
    "roots of bytes": other_roots,
    "a home with a new line": lambda home: {"HOME": f"{home}/a\nb"},
    "a home that is absent": lambda home: {"HOME": f"{home}/none/at/all"},
    "Claude Code's folder of bytes": lambda home: {
        "CLAUDE_CONFIG_DIR": f"{home}/\udcff"
    },
    "a time zone that is none": lambda _: {"TZ": ":/etc/passwd"},
    "a terminal that is none": lambda _: {"TERM": "no", "COLUMNS": "x"},
    "a width that is none": lambda _: {"COLUMNS": "9" * 5000},
}


def in_environment(tmp_path, variables):
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    return Keyswitch(home, **variables(home)), here


@pytest.mark.parametrize("name", ODD)
def test_commands_work_in_an_odd_environment(tmp_path, name):
    ks, here = in_environment(tmp_path, ODD[name])
    for line in LINES:
        done = ks.at(here, *line, stdin=KEY, code=None)
        fails = line in FAIL or (line[0] == "hook" and "new line" in name)
        assert done.code == int(fails), (line, done)


def test_the_value_of_a_folder_of_bytes_is_its_bytes(tmp_path):
    ks, here = in_environment(tmp_path, home_of_bytes)
    done = ks.at(here, "hook", "bash")
    assert f"{ks.home}/\\377/.local/state" in done.out


RELATIVE = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
            "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "TMPDIR")  # fmt: skip


def test_relative_folders_are_ignored(tmp_path):
    ks, here = in_environment(
        tmp_path, lambda _: dict.fromkeys(RELATIVE, "rel")
    )
    (here / "rel").mkdir(mode=0o700)
    for line in LINES:
        ks.at(here, *line, stdin=KEY, code=None)
    ks.at(here, "unlock", code=None)
    assert os.listdir(here / "rel") == []
    assert os.listdir(here) == ["rel"]
    assert ks.file(".local/state/keyswitch/machine.key").exists()


def test_a_directory_that_was_removed_is_not_linked_as_the_root(tmp_path):
    ks, here = in_environment(tmp_path, lambda _: {})
    for line in LINES[1:3]:
        ks.at(here, *line, stdin=KEY)
    # Not `link` itself: it would write where every test has its home below.
    line = 'mkdir gone && cd gone && rmdir ../gone && "$0" -m keyswitch unlink'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable],
        capture_output=True, text=True, env=ks.environ, cwd=here, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "the current directory was removed" in done.stderr


def test_nothing_asks_a_clock_that_ends_in_2262():
    """`time.time`, `time.time_ns` and `date.today` raise OverflowError."""
    ending = {("time", "time"), ("time", "time_ns"), ("date", "today")}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "keyswitch").rglob("*.py"))
        if path.name != "clock.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in ending
    ]
    assert found == []


def test_the_clock_is_that_of_the_system(tmp_path):
    (tmp_path / "now").touch()
    assert abs(clock.now() - (tmp_path / "now").stat().st_mtime) < 5


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EINVAL])
def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    mount = file_systems.mount_of(os.path.realpath(tmp_path))
    kind = mount and mount.kind  # None in a chroot
    with pytest.raises(FileStateError) as e:
        file_systems.take_lock(str(tmp_path / "lock"))
    assert (
        f"its file system{f' ({kind})' if kind else ''} has no locks"
        in e.value.message
    )
    assert "KEYSWITCH_HOME" in e.value.hint


def test_the_kind_of_a_file_system_is_that_of_the_innermost_mount():
    assert file_systems.mount_of("/proc/self/status").kind == "proc"
    root = file_systems.mount_of("/")  # None in a changed root
    assert root is None or root.kind != "proc"


@pytest.mark.parametrize(
    ("number", "is_fine"),
    [(errno.EINVAL, True), (errno.EOPNOTSUPP, True), (errno.EIO, False)],
)
def test_a_folder_that_cannot_be_synced(tmp_path, monkeypatch, number, is_fine):
    real = os.fsync

    def refuse(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    path = tmp_path / "file"
    if is_fine:
        atomic.write_private(str(path), b"x")
    else:
        with pytest.raises(FileStateError):
            atomic.write_private(str(path), b"x")
    assert path.read_bytes() == b"x"


@pytest.mark.parametrize("command", ["use", "whoami"])
def test_a_key_in_the_environment_that_is_no_text_is_nobodys(ks, command):
    token = "sk-ant-oat01-" + "FAKE0123456789" * 6 + "EXAMPLE-AA"
    ks("add", "work", "--provider", "claude-token", "--stdin", stdin=token)
    words = {"use": ("use", "work"), "whoami": ("whoami",)}[command]
    odd = os.fsdecode(b"FAKE\xff\xfe-key-0123456789-EXAMPLE")
    done = ks(*words, code=None, CLAUDE_CODE_OAUTH_TOKEN=odd)
    assert done.code in (0, 1, 4), done.err  # and no bug
