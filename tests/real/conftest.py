"""One person's machine: a HOME, keyswitch, the real Claude Code, the stub."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest

from tests import components
from tests.real import claude, stub
from tests.real.certificates import Authority

KEYSWITCH = [sys.executable, "-P", "-m", "keyswitch"]


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def service(authority):
    with stub.Stub(authority) as server:
        yield server


class Machine:
    """A person's HOME and working directory, driven like a person would."""

    def __init__(self, home, project, service):
        self.home = home
        self.project = project
        self.service = service
        self.env = {
            **claude.base_environment(home, service),
            "PYTHONPATH": str(components.ROOT),
            "LC_ALL": "C.UTF-8",
        }
        self.launcher = KEYSWITCH
        self.claude_home = home / ".claude"

    def run(self, argv, *, stdin="", check=True, **environ):
        """Run a program; `check` wants exit status 0."""
        done = subprocess.run(
            argv,
            env={**self.env, **environ},
            cwd=self.project,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert not check or done.returncode == 0, done.stderr + done.stdout
        return done

    def keyswitch(self, *args, stdin="", check=True, **environ):
        return self.run(
            [*KEYSWITCH, *args], stdin=stdin, check=check, **environ
        )

    def claude(self, *args, command=(), **environ):
        """Run `claude -p hi` here; return what it sent."""
        return claude.run(
            self.service,
            {**self.env, **environ},
            cwd=self.project,
            args=args,
            command=command,
        )

    def claude_after_eval(self, *env_args, quoted=True, **environ):
        """Run it from a bash that evaluated `keyswitch env` before."""
        call = "keyswitch env " + " ".join(env_args)
        line = f'eval "$({call})"' if quoted else f"eval $({call})"
        launcher = shlex.join(KEYSWITCH)
        return self.claude(
            command=[
                "bash", "-c",
                f'keyswitch() {{ {launcher} "$@"; }}\n{line}\nexec "$@"',
                "bash", str(components.locate("claude")),
            ],
            **environ,
        )  # fmt: skip

    def claude_files(self):
        """Return every file that configures Claude Code, with its bytes."""
        places = [
            self.claude_home / "settings.json",
            self.home / ".claude.json",
        ]
        return {
            path.name: path.read_bytes() for path in places if path.exists()
        }

    def holds(self, secret):
        """Return the files below HOME that hold a secret in plain text."""
        needle = secret.encode()
        return [
            str(path.relative_to(self.home))
            for path in self.home.rglob("*")
            if path.is_file()
            and not path.is_symlink()
            and needle in path.read_bytes()
        ]


@pytest.fixture
def machine(home, tmp_path, service):
    """A machine without keychain whose vault opens with the machine key."""
    project = tmp_path / "project"
    project.mkdir()
    made = Machine(home, project, service)
    made.keyswitch("vault", "init", "--machine-key")
    return made


def pytest_collection_modifyitems(items):
    here = os.path.dirname(__file__)
    for item in items:
        if str(item.path).startswith(here) and "machine" in getattr(
            item, "fixturenames", ()
        ):
            item.add_marker(pytest.mark.real("claude"))
