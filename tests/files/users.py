"""Homes of one user that another one has had a hand in.

Users are numbers: nobody has to have them. Only root can be several of them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.cases import ENVIRON
from tests.faults.harness import Warm
from tests.files import circumstances, tree

ME, OTHER, ROOT_USER = 1234, 1235, 0
REQUIRED = os.environ.get("KEYSWITCH_REQUIRE_REAL") == "1"
MEMORY = "/dev/shm"
# Or one, in a shell's start file.
_TWO_LINES = re.compile(
    r"(?:(?!keyswitch: error|keyswitch: hint).*\n)*"
    r"keyswitch: error: .+(?:\nkeyswitch: hint: .+\n| \(.+\)\n)"
)

# Where nothing may be missing, this is a failure and not a skip.
only_root = pytest.mark.skipif(
    os.geteuid() != 0 and not REQUIRED, reason="needs root"
)


class Room:
    """A folder that every user may cross, and a warm keyswitch."""

    def __init__(self, folder, start):
        assert os.geteuid() == 0, "only root can be two users"
        self.folder, self.start = folder, start
        self.home = folder / "home"
        self.kept = folder / "kept"
        self.before = {}

    def keep(self):
        """Let later homes begin as this one is now."""
        shutil.copytree(self.home, self.kept, symlinks=True)

    def fresh(self, owner=ME):
        """Give the home as it was kept, with everything owned by a user."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.kept, self.home, symlinks=True)
        give(self.home, owner)
        return self.home

    def anew(self, make):
        """Give a home that a function makes."""
        shutil.rmtree(self.home, ignore_errors=True)
        make(self.home)
        return self.home

    def run(self, command, *, user=ME, home=None, **environ):
        """Run a command as a user, and remember what was there before."""
        self.before = tree.look(self.home)
        return self.start(
            command,
            home or self.home,
            environ_of(user, **environ),
            kill_after=30,
        )

    def changes(self, **how):
        """Return what the command changed."""
        after = tree.look(self.home)
        return [
            found
            for found in tree.differences(self.before, after, **how)
            if not found.endswith("/remotes came")  # a cache as well
        ]


def environ_of(user, **environ):
    """Return the variables with which a warm keyswitch becomes a user."""
    return {**ENVIRON, **environ, **circumstances.given(user=user)}


def remove(path):
    """Remove a folder, or what has its name."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def room(defect=""):
    """Make a room; `defect` is code that its keyswitch runs first."""
    parent = MEMORY if os.access(MEMORY, os.W_OK | os.X_OK) else None
    with tempfile.TemporaryDirectory(dir=parent, prefix="keyswitch-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        defect = f"import difflib\n{circumstances.TAKEN}{defect}"
        start = Warm(defect=defect)
        (folder / "home").mkdir()
        try:
            yield Room(folder, start)
        finally:
            start.close()


def give(folder, user):
    """Make a user the owner of a file or of a whole folder."""
    os.lchown(folder, user, user)
    for top, dirs, names in os.walk(folder):
        for name in [*dirs, *names]:
            os.lchown(os.path.join(top, name), user, user)


def open_up(folder):
    """Let everybody read a folder and all in it, as an attacker would."""
    folder.chmod(0o755)
    for top, dirs, names in os.walk(folder):
        for name in dirs:
            os.chmod(os.path.join(top, name), 0o755)
        for name in names:
            os.chmod(os.path.join(top, name), 0o644)


def refused(done):
    """Return what is wrong with it as a refusal that changed nothing."""
    said = done.stderr.decode(errors="replace")
    found = []
    if done.returncode != 1:
        found.append(f"exit {done.returncode}")
    if not _TWO_LINES.fullmatch(said):
        found.append("not one line what, one line what to do")
    return [*found, said] if found else []


def as_user(user, argv, home, *, given=b"", **environ):
    """Run a process that is another user from its start."""
    become = ("setpriv", f"--reuid={user}", f"--regid={user}")
    return subprocess.run(
        [*become, "--clear-groups", *argv],
        env={**ENVIRON, "HOME": str(home), **environ},
        cwd=home, input=given, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
