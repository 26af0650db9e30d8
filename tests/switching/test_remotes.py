"""Remotes of a repository are what git says, and nothing of it is run."""

import os
import shutil
import socket
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.directories.remotes import normalized, remotes_of

pytestmark = pytest.mark.real("git")
TOKEN = "ghp-FAKE-0123456789EXAMPLE"
ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="needs root")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/acme/api.git", "github.com/acme/api"),
        ("https://github.com/acme/api", "github.com/acme/api"),
        ("https://github.com/acme/api.git/", "github.com/acme/api"),
        ("HTTPS://GitHub.COM/acme/Api", "github.com/acme/Api"),
        ("http://h:8080/a/b", "h/a/b"),
        ("https://me@h/a/b", "h/a/b"),
        (f"https://me:{TOKEN}@h:8443/a/b.git", "h/a/b"),
        (f"https://{TOKEN}@h/a", "h/a"),
        ("https://u:p@ss@h/a", "h/a"),
        ("ssh://git@h:2222/a/b.git", "h/a/b"),
        ("ssh://h/~me/b", "h/~me/b"),
        ("git+ssh://git@h/a/b", "h/a/b"),
        ("git://h/a/b", "h/a/b"),
        ("ssh://git@[::1]:22/a/b", "::1/a/b"),
        ("git@github.com:acme/api.git", "github.com/acme/api"),
        ("github.com:acme/api", "github.com/acme/api"),
        ("git@h:/abs/b.git", "h/abs/b"),
        ("[git@h:22]:a/b", "h/a/b"),
        ("git@[::1]:a/b", "::1/a/b"),
        ("h:a", "h/a") if os.name == "nt" else ("hh:a", "hh/a"),
    ],
)
def test_every_form_of_an_address_is_host_and_path(url, expected):
    assert normalized(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "", ":", "h", "hh:", "/srv/git/a.git", "./a:b", "../a", "a/b:c",
        "C:\\src\\a", "C:/src/a", "file:///srv/a", "ftp://h/a", "https://h",
        "https://h/", "https:///a", "https://:8080/a", "ssh://git@/a",
        "h:x/../y", "https://h/a/../b", "https://h/./a", "[h", "[h]",
        "ext::sh -c x/y",
    ],
)  # fmt: skip
def test_what_is_no_remote_address_is_none(url):
    assert normalized(url) == ""


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_none(url):
    host, _, path = normalized(url).partition("/")
    assert bool(host) == bool(path)
    assert host == host.lower()
    assert ".." not in path.split("/")


def git(*args, cwd):
    subprocess.run(
        ["git", *args], cwd=cwd, check=True, capture_output=True,
        env={**os.environ, "GIT_CONFIG_NOSYSTEM": "1",
             "GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@example.com",
             "GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x@example.com"},
    )  # fmt: skip


@pytest.fixture
def repo(tmp_path):
    folder = tmp_path / "repo"
    folder.mkdir()
    git("init", "-q", cwd=folder)
    git("remote", "add", "origin", "git@github.com:acme/api.git", cwd=folder)
    return folder


CORE = "[core]\nrepositoryformatversion = 0\nbare = false\n"
ORIGIN = '[remote "origin"]\n'


def found(folder):
    return remotes_of(str(folder), os.environ)


def with_config(repo, text):
    data = text if isinstance(text, bytes) else text.encode()
    (repo / ".git/config").write_bytes(CORE.encode() + data)
    return found(repo)


def test_the_nearest_repository_upwards_counts(repo):
    deep = repo / "a/b"
    deep.mkdir(parents=True)
    assert found(deep) == ["github.com/acme/api"]
    git("init", "-q", cwd=repo / "a")
    assert found(deep) == []
    assert found(repo.parent) == []


def test_all_remotes_count_where_there_is_no_origin(repo):
    text = '[remote "b"]\nurl=b@hh:x\nurl=zz:z\n[remote "a"]\nurl=aa:y\n'
    assert with_config(repo, text) == ["aa/y", "hh/x"]
    text += '[remote "origin"]\nurl = oo:z\n'
    assert with_config(repo, text) == ["oo/z"]


def test_a_worktree_and_a_submodule_have_the_remotes_that_git_says(tmp_path):
    for name in ("inner", "outer"):
        folder = tmp_path / name
        folder.mkdir()
        git("init", "-q", cwd=folder)
        git("commit", "-q", "--allow-empty", "-m", "x", cwd=folder)
        url = f"ssh://git@example.com:22/{name}.git"
        git("remote", "add", "origin", url, cwd=folder)
    outer = tmp_path / "outer"
    git("worktree", "add", "-q", str(tmp_path / "tree"), cwd=outer)
    assert (tmp_path / "tree/.git").is_file()
    assert found(tmp_path / "tree") == ["example.com/outer"]
    git("-c", "protocol.file.allow=always", "submodule", "add", "-q",
        str(tmp_path / "inner"), "sub", cwd=outer)  # fmt: skip
    assert (outer / "sub/.git").is_file()
    git("remote", "set-url", "origin", "h2:sub", cwd=outer / "sub")
    assert found(outer / "sub") == ["h2/sub"]


READ = {
    "quoted in part": ORIGIN + 'url = h"h:"a\n',
    "pushurl": ORIGIN + "pushurl = zz:z\nurl = hh:a\n",
    "insteadOf": '[url "hh:"]\ninsteadOf = work:\n' + ORIGIN + "url = work:a\n",
    "include": "[include]\npath = more\n",
}


@pytest.mark.parametrize("name", sorted(READ))
def test_the_config_means_what_git_says(repo, name):
    (repo / ".git/more").write_text(ORIGIN + "url = hh:a\n")
    assert with_config(repo, READ[name]) == ["hh/a"]


HOSTILE = {
    "empty": b"",
    "binary": bytes(range(256)) * 200,
    "no end": ORIGIN.encode() + b"url = " + b"a" * 1_000_000,
    "a path": ORIGIN.encode() + b"url = /etc/passwd\n",
    "a command": ORIGIN.encode() + b"url = ext::sh -c touch% x\n",
    "option": ORIGIN.encode() + b"url = --upload-pack=x\n",
    "bytes": ORIGIN.encode() + b"url = \xff\xfe\n",
    "a file that never ends": b"[include]\npath = /dev/zero\n",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_config_gives_no_remote_that_a_rule_could_mean(repo, name):
    began = time.monotonic()
    found = with_config(repo, HOSTILE[name])
    assert time.monotonic() - began < 2
    assert not [r for r in found if r.startswith(("hh/", "github.com/"))]


def test_nothing_of_a_repository_is_run(repo):
    program = repo / "git"
    program.write_text(f"#!/bin/sh\ntouch {repo}/ran\n")
    program.chmod(0o755)
    text = (
        f"[core]\nfsmonitor = {program}\nsshCommand = {program}\n"
        f"hooksPath = {repo}\npager = {program}\n[pager]\nremote = {program}\n"
        f"[alias]\nremote = !{program}\n[credential]\nhelper = {program}\n"
    )
    (repo / ".git/config").write_text(CORE + text + ORIGIN + "url = hh:a\n")
    environ = {
        "PATH": f"{repo}:.:{os.environ['PATH']}", "HOME": os.environ["HOME"],
        "GIT_EXTERNAL_DIFF": str(program), "GIT_EXEC_PATH": str(repo),
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.pager",
        "GIT_CONFIG_VALUE_0": str(program),
    }  # fmt: skip
    assert remotes_of(str(repo), environ) == ["hh/a"]
    assert not (repo / "ran").exists()


@pytest.mark.parametrize("path", ["", "/nonexistent"])
def test_without_git_there_are_no_remotes(repo, path):
    assert remotes_of(str(repo), {"PATH": path}) == []


@pytest.mark.parametrize("kind", ["fifo", "socket", "zero", "loop", "folder"])
@pytest.mark.parametrize("place", [".git", ".git/config"])
def test_a_config_that_is_no_file_is_passed_over_at_once(repo, place, kind):
    path = repo / place
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        old = os.getcwd()
        os.chdir(path.parent)  # the path may be too long for a socket
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path.name)
        os.chdir(old)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "zero" else path.name)
    began = time.monotonic()
    assert found(repo) == []
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "text",
    [
        b"", b"gitdir", b"gitdir:", b"gitdir: \0", b"gitdir: a\0b",
        b"gitdir: " + b"a/" * 30_000, b"gitdir: " + b"x" * 200_000,
        b"gitdir: /dev", b"gitdir: /proc/self/fd", b"gitdir: .",
        b"gitdir: \xff", b'[remote "origin"]\nurl = hh:a\n',
        b"gitdir: ../../../../../../../../../nowhere",
    ],
    ids=lambda t: repr(t[:24]),
)  # fmt: skip
def test_a_hostile_git_file_gives_no_remote(tmp_path, text):
    (tmp_path / ".git").write_bytes(text)
    assert found(tmp_path) == []


def test_a_hostile_commondir_gives_no_remote(tmp_path):
    (tmp_path / ".git").write_text("gitdir: g\n")
    (tmp_path / "g").mkdir()
    for text in (b"\0", b"a\0b", b"/dev/zero", b"x" * 100_000, b"\xff"):
        (tmp_path / "g/commondir").write_bytes(text)
        assert found(tmp_path) == []


@ROOT_ONLY
@pytest.mark.parametrize("place", [".git", "."])
def test_what_belongs_to_somebody_else_is_not_believed(repo, place):
    os.chown(repo / place, 1235, 1235)
    assert found(repo) == []
