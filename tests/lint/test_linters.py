"""The linters find nothing.

Tests, so that they run beside the others; in a folder of their own, so that
mypy, which takes as long as a hundred of them, does not begin last.
"""

import os
import subprocess
import sys

import pytest

from tests.components import ROOT

BASH = "#!/usr/bin/env bash"  # scripts/keyswitch is Python as well


def run(*command):
    """Run a linter in the clone; its words are the failure's message."""
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def bash_scripts():
    done = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    for name in filter(None, os.fsdecode(done.stdout).split("\0")):
        path = ROOT / name
        if path.suffix in {".sh", ".bash"}:
            yield name
        elif path.is_file() and not path.suffix:
            with path.open("rb") as file:
                first = file.readline().decode("utf-8", "replace").strip()
            if first == BASH:
                yield name


def test_mypy_finds_nothing():
    run(sys.executable, "-m", "mypy", "--strict", "keyswitch")


def test_ruff_finds_nothing():
    run(sys.executable, "-m", "ruff", "check", ".")


def test_every_file_is_formatted():
    run(sys.executable, "-m", "ruff", "format", "--check", ".")


@pytest.mark.real("shellcheck")
def test_shellcheck_finds_nothing_in_any_script():
    scripts = list(bash_scripts())
    assert len(scripts) > 15
    run("shellcheck", *scripts)
