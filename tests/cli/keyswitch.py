"""Runs the real command in a home of its own."""

import atexit
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.forks import client

KEY = "sk-ant-api03-FAKE-cli-00000000000000000000000000EXAMPLE"
OTHER = "sk-ant-api03-FAKE-other-000000000000000000000000EXAMPL2"


@dataclass
class Done:
    """What a run came to."""

    code: int
    out: str
    err: str

    @property
    def error(self):
        """The two lines of an expected failure."""
        lines = self.err.splitlines()
        assert lines[-2].startswith("keyswitch: error: "), self.err
        assert lines[-1].startswith("keyswitch: hint: "), self.err
        return lines[-2].removeprefix("keyswitch: error: ")


class Keyswitch:
    """A home, and the command in it: a fork, or where `fresh` a process."""

    fresh = False
    server = None  # that it is forked from; None: the one that all share
    target = client.KEYSWITCH  # what a fork runs

    def __init__(self, home, **environ):
        self.home = home
        self.environ = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            **client.START,
            **environ,
        }

    def __call__(self, *args, **how):
        return self.at(".", *args, **how)

    def at(self, folder, *args, stdin=b"", code=0, **environ):
        """Run a command in a directory of the home."""
        if isinstance(stdin, str):
            stdin = stdin.encode()
        done = self._run(
            args, self.home / folder, {**self.environ, **environ}, stdin
        )
        found = Done(
            done.returncode,
            done.stdout.decode("utf-8", "surrogateescape"),
            done.stderr.decode("utf-8", "surrogateescape"),
        )
        assert "Traceback" not in found.err, found.err
        assert code is None or found.code == code, f"{args}: {found}"
        return found

    def _run(self, args, cwd, environ, stdin):
        if client.fits(environ) and not self.fresh:
            server = self.server or client.shared()
            return server.run(
                args,
                stdin=stdin,
                cwd=cwd,
                environ=environ,
                target=self.target,
            )
        return subprocess.run(
            [sys.executable, "-m", "keyswitch", *args],
            input=stdin,
            capture_output=True,
            env=environ,
            cwd=cwd,
            check=False,
            timeout=60,
        )

    def with_vault(self):
        return self.begin_as(_vault)

    def begin_as(self, make):
        """Begin as `make(ks)` leaves a home, which is made once and copied.

        Not where a variable moves keyswitch's folders, or it is not the usual
        one that runs.
        """
        usual = Keyswitch(self.home).environ.keys()
        moved = self.environ.keys() - usual - {"DBUS_SESSION_BUS_ADDRESS"}
        if self.server or self.fresh or moved:
            make(self)
        else:
            copy_home(_made(make), self.home)
        return self

    def add(self, name, *args, secret=KEY, provider="anthropic", **options):
        return self(
            "add", name, "--provider", provider, "--store", "vault",
            "--stdin", *args, stdin=secret, **options,
        )  # fmt: skip

    def file(self, name):
        return self.home / name

    def profile_file(self, name):
        return self.home / ".config/keyswitch/profiles" / f"{name}.toml"

    def everything(self):
        """Return {path: bytes} of the whole home."""
        return {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in sorted(self.home.rglob("*"))
            if path.is_file()
        }


def two_keys(ks):
    """Make the profiles work and personal, for `begin_as`."""
    ks.with_vault()
    ks.add("work")
    ks.add("personal", secret=OTHER)


def _vault(ks):
    ks("vault", "init", "--machine-key")


@cache
def _made(make):
    """Return a home that was made by a function."""
    folder = tempfile.TemporaryDirectory(prefix="keyswitch-made-")
    atexit.register(folder.cleanup)
    ks = Keyswitch(Path(folder.name) / "home")
    ks.home.mkdir()
    make(ks)
    return ks.home


def copy_home(source, home):
    """Copy a home, its paths in keyswitch's records included."""
    shutil.copytree(source, home, symlinks=True, dirs_exist_ok=True)
    state = home / ".local/state/keyswitch"
    for record in (state / "undo.json", *state.glob("baseline/*.json")):
        if record.exists():
            text = record.read_text().replace(str(source), str(home))
            record.write_text(text)
    # A record of a folder has its name from the folder's path.
    before = state / "baseline" / _record_of(source)
    if before.exists():
        before.rename(before.with_name(_record_of(home)))


def _record_of(home):
    folder = os.fsencode(home / ".claude")
    return f"{hashlib.sha256(folder).hexdigest()[:16]}.json"
