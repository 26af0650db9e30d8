"""Remotes of a repository are read without git, and nothing else is."""

import os
import shutil
import socket
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.directories.remotes import normalized, remotes_of

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


needs_git = pytest.mark.skipif(not shutil.which("git"), reason="needs git")


@pytest.fixture
def repo(tmp_path):
    """Make a repository as `git init` and `git remote add` leave it."""
    folder = tmp_path / "repo"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git/config").write_text(
        "[core]\n\tbare = false\n"
        '[remote "origin"]\n\turl = git@github.com:acme/api.git\n'
    )
    return folder


def with_config(repo, text):
    data = text if isinstance(text, bytes) else text.encode()
    (repo / ".git/config").write_bytes(data)
    return remotes_of(str(repo))


def test_the_nearest_repository_upwards_counts(repo):
    deep = repo / "a/b"
    deep.mkdir(parents=True)
    assert remotes_of(str(deep)) == ["github.com/acme/api"]
    (repo / "a/.git").mkdir()
    assert remotes_of(str(deep)) == []
    assert remotes_of(str(repo.parent)) == []


def test_all_remotes_count_where_there_is_no_origin(repo):
    text = '[remote "b"]\nurl = h/x\nurl=b@hh:x\n[remote "a"]\nurl=aa:y\n'
    assert with_config(repo, text) == ["aa/y", "hh/x"]
    text += '[remote "origin"]\nurl = oo:z\n'
    assert with_config(repo, text) == ["oo/z"]


@needs_git
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
    assert remotes_of(str(tmp_path / "tree")) == ["example.com/outer"]
    git("-c", "protocol.file.allow=always", "submodule", "add", "-q",
        str(tmp_path / "inner"), "sub", cwd=outer)  # fmt: skip
    assert (outer / "sub/.git").is_file()
    git("remote", "set-url", "origin", "h2:sub", cwd=outer / "sub")
    assert remotes_of(str(outer / "sub")) == ["h2/sub"]


CONFIGS = {
    "value in the heading's line": '[remote "origin"] url = hh:a ; c\n',
    "comment behind": '[remote "origin"]\nurl = hh:a # c\n',
    "quoted": '[remote "origin"]\n  URL="hh:a"\n',
    "quoted in part": '[remote "origin"]\nurl = h"h:"a\n',
    "continued": '[remote "origin"]\nurl = hh\\\n:a\n',
    "older form": "[remote.origin]\nurl = hh:a\n",
    "upper case": '[REMOTE "origin"]\nUrl = hh:a\n',
    "crlf": '[remote "origin"]\r\nurl = hh:a\r\n',
    "bracket in a name": '[branch "x]"]\nurl=n:n\n[remote "origin"]\nurl=hh:a',
    "another key": '[remote "origin"]\npushurl = zz:z\nurl = hh:a\n',
}


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_the_config_is_read_like_git_reads_it(repo, name):
    assert with_config(repo, CONFIGS[name]) == ["hh/a"]
    if shutil.which("git"):
        done = subprocess.run(
            ["git", "config", "-f", ".git/config", "remote.origin.url"],
            cwd=repo, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout == "hh:a\n"


def test_nothing_is_followed_out_of_the_config(repo, tmp_path):
    (tmp_path / "other").write_text('[remote "origin"]\nurl = evil:x\n')
    text = (
        f'[include]\npath = {tmp_path}/other\n[includeIf "gitdir:/"]\n'
        f'path = {tmp_path}/other\n[url "evil:"]\ninsteadOf = hh:\n'
        '[remote "origin"]\nurl = hh:a\n'
    )
    assert with_config(repo, text) == ["hh/a"]


HOSTILE = {
    "empty": b"",
    "binary": bytes(range(256)) * 200,
    "nul": b'[remote "origin"]\nurl = \0hh:a\0\n[core]\n',
    "one long line": b'[remote "origin"]\nurl = ' + b"a" * 1_000_000,
    "brackets": b"[" * 100_000,
    "quotes": b'[remote "' * 10_000,
    "equals": b'[remote "x"]\n' + b"url=\n" * 50_000,
    "no heading": b"url = hh:a\n",
    "other section": b'[branch "origin"]\nurl = hh:a\n',
    "a path": b'[remote "origin"]\nurl = /etc/passwd\n',
    "a command": b'[remote "origin"]\nurl = ext::sh -c touch% x\n',
    "option": b'[remote "origin"]\nurl = --upload-pack=x\n',
    "bytes": b'[remote "origin"]\nurl = \xff\xfe\n',
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_config_gives_no_remote_that_a_rule_could_mean(repo, name):
    began = time.monotonic()
    found = with_config(repo, HOSTILE[name])
    assert time.monotonic() - began < 2
    assert not [r for r in found if r.startswith(("hh/", "github.com/"))]


def test_what_stands_beyond_the_limit_is_not_read_and_no_line_is_halved(repo):
    head = '[remote "origin"]\nurl = '
    pad = "# " + "x" * (65_536 - len(head) - 14 - 2) + "\n"
    text = pad + head + "hh:acme/public-and-more\n"
    assert len(pad + head) < 65_536 < len(text)
    assert with_config(repo, text) == []


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
    assert remotes_of(str(repo)) == []
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
    assert remotes_of(str(tmp_path)) == []


def test_a_hostile_commondir_gives_no_remote(tmp_path):
    (tmp_path / ".git").write_text("gitdir: g\n")
    (tmp_path / "g").mkdir()
    for text in (b"\0", b"a\0b", b"/dev/zero", b"x" * 100_000, b"\xff"):
        (tmp_path / "g/commondir").write_bytes(text)
        assert remotes_of(str(tmp_path)) == []


@ROOT_ONLY
@pytest.mark.parametrize("place", [".git", ".git/config"])
def test_what_belongs_to_somebody_else_is_not_believed(repo, place):
    os.chown(repo / place, 1235, 1235)
    assert remotes_of(str(repo)) == []
