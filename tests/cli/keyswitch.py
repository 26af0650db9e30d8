"""Runs the real command in a home of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass

from tests.components import ROOT

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
    """A home, and the command in it."""

    def __init__(self, home, **environ):
        self.home = home
        self.environ = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LC_ALL": "C.UTF-8",
            **environ,
        }

    def __call__(self, *args, stdin=b"", code=0, **environ):
        if isinstance(stdin, str):
            stdin = stdin.encode()
        done = subprocess.run(
            [sys.executable, "-m", "keyswitch", *args],
            input=stdin,
            capture_output=True,
            env={**self.environ, **environ},
            cwd=self.home,
            check=False,
            timeout=60,
        )
        found = Done(
            done.returncode,
            done.stdout.decode("utf-8", "surrogateescape"),
            done.stderr.decode("utf-8", "surrogateescape"),
        )
        assert "Traceback" not in found.err, found.err
        assert found.code == code, f"{args}: {found}"
        return found

    def with_vault(self):
        self("vault", "init", "--machine-key")
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
