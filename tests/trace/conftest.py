"""`trace` as a process of its own, a service behind it, and its JSON lines."""

import json
import subprocess
import sys
import textwrap

import pytest

from tests.cli.conftest import bare, ks  # noqa: F401 - fixtures
from tests.trace.upstream import Upstream


@pytest.fixture
def upstream():
    with Upstream() as service:
        yield service


class Traced:
    """What a traced command came to."""

    def __init__(self, done):
        self.code = done.returncode
        self.err = done.stderr
        self.out = done.stdout
        self.requests = [json.loads(line) for line in done.stdout.splitlines()]


class Tracer:
    """Runs Python text as the traced command, in a home of keyswitch."""

    def __init__(self, keyswitch, upstream):
        self.ks = keyswitch
        self.environ = {
            **keyswitch.environ,
            "ANTHROPIC_BASE_URL": upstream.url,
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(keyswitch.home),
        }

    def words(self, *options, command=(), code=""):
        """Return the words of a command line."""
        inside = command or [sys.executable, "-c", textwrap.dedent(code)]
        return [
            *(sys.executable, "-m", "keyswitch", "trace"),
            *options,
            "--",
            *inside,
        ]

    def __call__(self, *options, timeout=60, **what):
        """Run it with --json; `code` or `command` is what is traced."""
        environ = {**self.environ, **what.pop("environ", {})}
        done = subprocess.run(
            self.words("--json", *options, **what),
            env=environ, cwd=self.ks.home, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        return Traced(done)


@pytest.fixture
def trace(ks, upstream):  # noqa: F811
    return Tracer(ks, upstream)
