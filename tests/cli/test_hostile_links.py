"""Whatever a repository holds as `.keyswitch`, nothing comes of it.

Each entry of the corpus is put into a directory, and every command there has
to do what it did before: the same output, at most one line more for a person,
in no time, without a byte that a terminal would obey, nothing written.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.cli import hostile_links as corpus
from tests.cli.keyswitch import KEY, OTHER, Keyswitch
from tests.forks import client

FAST = {
    "env": ("env", "--shell", "bash"),
    "helper": ("helper", "claude-code"),
}
SLOW = {
    "current": ("current",),
    "fish": ("env", "--shell", "fish"),
    "nu": ("env", "--shell", "nu"),
    "whoami": ("whoami", "--json"),
    "run": ("run", "work", "--", "env"),
    "use": ("use", "work"),
    "link": ("link", "--json"),
}
TYPICAL = ("a profile", "escape", "fifo", "1 GiB", "link to zero", "folder")
as_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root")


class Tree:
    """A home with two profiles, and a repository that the person entered."""

    def __init__(self, base):
        (base / "home").mkdir(parents=True)
        self.ks = Keyswitch(base / "home").with_vault()
        self.ks.add("work")
        self.ks.add(corpus.OTHER, secret=OTHER)
        self.ks("use", "work")
        self.top = base / "home" / "src"
        self.usual = {}
        for args in (FAST | SLOW).values():
            self.usual[args] = self.normal(self.run(self.ks.home, args))

    def run(self, folder, args, **environ):
        environ = {**self.ks.environ, **environ}
        began = time.monotonic()
        if folder == ".":  # a path that may be too long to be handed on
            done = subprocess.run(
                [sys.executable, "-m", "keyswitch", *args], env=environ,
                stdin=subprocess.DEVNULL, capture_output=True, check=False,
                timeout=30,
            )  # fmt: skip
        else:
            done = client.shared().run(args, cwd=folder, environ=environ)
        assert time.monotonic() - began < 3
        return done

    def normal(self, done):
        """Return what has to be the same everywhere."""
        out = done.stdout.decode()
        told = r" KEYSWITCH_TOLD='?\w+'?; export KEYSWITCH_TOLD;"
        told += r"| set -gx KEYSWITCH_TOLD '\w+';"
        told += r'|,"KEYSWITCH_TOLD":"\w+"'
        out = re.sub(told, "", out)
        # Among the names set, and in the trial.
        out = re.sub(r" KEYSWITCH_TOLD\b|\$\{KEYSWITCH_TOLD\}", "", out)
        out = re.sub('= "(kEySwItCh)+"', "", out)
        if out.startswith("{\n"):
            document = json.loads(out)
            # What `link` is there to show, and the directory's name.
            for key in ("links", "interactive"):
                document.pop(key, None)
            out = json.dumps(document)
        out = re.sub(r"(?m)^(PWD|OLDPWD)=.*\n", "", out)
        return done.returncode, out, done.stderr.decode().splitlines()

    def is_inert_in(self, folder, commands):
        before = listing(self.top)
        for args in commands:
            done = self.run(folder, args)
            code, out, said = self.normal(done)
            usual_code, usual_out, usual_said = self.usual[args]
            assert (code, out) == (usual_code, usual_out), done.stderr
            more = [line for line in said if line not in usual_said]
            assert len(more) <= 1, more
            assert all(".keyswitch" in line for line in more)
            assert OTHER not in done.stdout.decode()
            is_safe_to_print(done)
        assert listing(self.top) == before
        return True


def is_safe_to_print(done):
    for data in (done.stdout, done.stderr):
        text = data.decode().replace("\n", "")
        assert text.isprintable(), text


def listing(top):
    """Return everything below a directory, as far as a write would show."""
    # Not os.walk: some of the paths are longer than a path may be.
    done = subprocess.run(
        ["find", str(top), "-printf", "%p %y %m %s %T@\\n"],
        capture_output=True, check=True,
    )  # fmt: skip
    return sorted(done.stdout.split(b"\n"))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return Tree(tmp_path_factory.mktemp("hostile"))


@pytest.fixture
def repo(tree):
    folder = tree.top / "repo"
    folder.mkdir(parents=True)
    yield folder
    subprocess.run(["rm", "-rf", str(tree.top)], check=True)


MAKERS = corpus.KINDS | corpus.AS_ROOT
names = pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=[as_root] if n in corpus.AS_ROOT else [])
        for n in (*corpus.TEXTS, *MAKERS)
    ],
)


def plant(repo, name):
    path = repo / ".keyswitch"
    if name in corpus.TEXTS:
        path.write_bytes(corpus.TEXTS[name])
    else:
        MAKERS[name](path)
    return path


def test_the_corpus_is_large():
    assert len(corpus.TEXTS) + len(MAKERS) + len(corpus.FOLDERS) >= 100


@names
def test_an_entry_is_inert(tree, repo, name):
    plant(repo, name)
    assert tree.is_inert_in(repo, FAST.values())


@pytest.mark.parametrize("name", TYPICAL)
def test_a_typical_entry_is_inert_for_every_command(tree, repo, name):
    plant(repo, name)
    assert tree.is_inert_in(repo, SLOW.values())


@pytest.mark.full
@names
def test_an_entry_is_inert_for_every_command(tree, repo, name):
    plant(repo, name)
    (repo / "below").mkdir()
    assert tree.is_inert_in(repo / "below", [*FAST.values(), *SLOW.values()])


@pytest.fixture
def hostile_folder(tree, repo, request):
    """Enter a directory step by step: its path may be too long for one."""
    old = os.open(".", os.O_RDONLY)
    os.chdir(repo)
    try:
        for part in corpus.FOLDERS[request.param].split("/"):
            os.mkdir(part)
            os.chdir(part)
        Path(".keyswitch").write_text("other\n")
        yield
    finally:
        os.fchdir(old)
        os.close(old)


@pytest.mark.parametrize(
    "hostile_folder",
    [n for n in corpus.FOLDERS if n != "deep"],  # takes long to remove
    indirect=True,
)
def test_a_link_in_a_directory_with_a_hostile_name_is_inert(
    tree, hostile_folder
):
    assert tree.is_inert_in(".", FAST.values())


@pytest.mark.full
@pytest.mark.parametrize("hostile_folder", list(corpus.FOLDERS), indirect=True)
def test_a_hostile_directory_is_inert_for_every_command(tree, hostile_folder):
    assert tree.is_inert_in(".", [*FAST.values(), *SLOW.values()])


@pytest.mark.parametrize("name", ["a profile", "escape", "link to a key"])
def test_a_file_is_named_once_in_a_shell(tree, repo, name):
    plant(repo, name)
    first = tree.run(repo, FAST["env"])
    assert first.stderr.count(b"\n") == 1
    assert str(repo / ".keyswitch").encode() in first.stderr
    told = re.search(rb"KEYSWITCH_TOLD='(\w+)'", first.stdout)[1].decode()
    again = tree.run(repo, FAST["env"], KEYSWITCH_TOLD=told)
    assert again.stderr == b""
    below = repo / "below"
    below.mkdir()
    plant(below, "url")
    other = tree.run(below, FAST["env"], KEYSWITCH_TOLD=told)
    assert other.stderr.count(b"\n") == 1
    assert str(below / ".keyswitch").encode() in other.stderr


def test_a_tree_full_of_them_is_named_in_few_words(tree, repo):
    folder = repo
    for i in range(100):
        (folder / ".keyswitch").write_text(f"evil{i}\n")
        folder = folder / "d"
        folder.mkdir()
    done = tree.run(folder, FAST["env"])
    assert done.stderr.count(b"\n") <= 3
    told = re.search(rb"KEYSWITCH_TOLD='([\w,]+)'", done.stdout)[1].decode()
    assert tree.run(folder, FAST["env"], KEYSWITCH_TOLD=told).stderr == b""


def test_the_text_of_a_file_that_is_no_name_is_not_repeated(tree, repo):
    plant(repo, "link to a key")
    assert b"PRIVATE" not in tree.run(repo, FAST["env"]).stderr
    (repo / ".keyswitch").unlink()
    (repo / "key").rename(repo / ".keyswitch")
    done = tree.run(repo, FAST["env"])
    assert b"keyswitch: ignoring " in done.stderr
    assert b"PRIVATE" not in done.stderr


def test_an_entry_that_nobody_may_allow_stays_inert(tree, repo):
    for name in ("escape", "fifo", "link to a file", "no such profile"):
        path = plant(repo, name)
        assert tree.run(repo, ("allow",)).returncode == 1
        assert tree.is_inert_in(repo, [SLOW["current"]])
        path.unlink()
        (repo / "beside").unlink(missing_ok=True)
        (repo / "key").unlink(missing_ok=True)


@pytest.fixture
def other_user():
    """Become somebody who is not root, in a home that they may enter."""
    base = Path(tempfile.mkdtemp(prefix="keyswitch-user-"))
    base.chmod(0o755)
    home = base / "home"
    home.mkdir()
    os.chown(home, 1234, 1234)

    def run(*args, stdin=b"", cwd=home):
        return subprocess.run(
            ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups",
             sys.executable, "-m", "keyswitch", *args],
            cwd=cwd, input=stdin, capture_output=True, check=False,
            env={**Keyswitch(home).environ}, timeout=30,
        )  # fmt: skip

    assert run("vault", "init", "--machine-key").returncode == 0
    for name, secret in (("work", KEY), ("other", OTHER)):
        run("add", name, "--provider", "anthropic", "--store", "vault",
            "--stdin", stdin=secret.encode())  # fmt: skip
    assert run("use", "work").returncode == 0
    yield home, run
    shutil.rmtree(base)


@as_root
@pytest.mark.real("other-users")
def test_files_that_a_user_may_not_read_or_does_not_own_are_inert(other_user):
    home, run = other_user
    repo = home / "repo"
    repo.mkdir()
    usual = run("env", "--shell", "json", cwd=repo).stdout
    path = repo / ".keyswitch"
    path.write_text("other\n")
    for owner, mode in ((1234, 0), (1234, 0o222), (1235, 0o644), (0, 0o600)):
        os.chown(path, owner, owner)
        path.chmod(mode)
        done = run("env", "--shell", "json", cwd=repo)
        assert done.stdout == usual
        assert done.stderr.count(b"\n") == 1
        assert b".keyswitch: it" in done.stderr
        assert run("current", cwd=repo).stdout == b"work\n"
        assert run("allow", cwd=repo).returncode == 1


@as_root
@pytest.mark.real("other-users")
def test_a_file_of_roots_counts_for_a_user_once_it_is_allowed(other_user):
    home, run = other_user
    path = home / ".keyswitch"
    path.write_text("other\n")
    assert run("current").stdout == b"work\n"
    assert run("allow").returncode == 0
    assert run("current").stdout == b"other\n"
    records = home / ".local/state/keyswitch/trust"
    for record in records.iterdir():
        os.chown(record, 1235, 1235)
    assert run("current").stdout == b"work\n"
