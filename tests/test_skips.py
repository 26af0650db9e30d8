"""A run says what it skipped, and fails where that was not expected."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests import components, skips

EXPECTED = """
[bare]
"zsh: not installed" = 2
[everything]
"pwsh: not installed" = 1
"""


def report(reason, **more):
    longrepr = ("file", 1, f"Skipped: {reason}")
    return SimpleNamespace(skipped=True, longrepr=longrepr, **more)


@pytest.fixture
def counting(tmp_path):
    def make(circumstances, *reasons):
        (tmp_path / "expected.toml").write_text(EXPECTED)
        found = skips.Skips(circumstances, tmp_path / "expected.toml")
        for reason in reasons:
            found.pytest_runtest_logreport(report(reason))
        return found

    return make


def test_what_is_listed_is_expected_as_often_as_it_says(counting):
    zsh = "zsh: not installed"
    assert counting("bare", zsh, zsh).unexpected() == []
    assert counting("bare", zsh, zsh, zsh).unexpected() == [
        "skipped 3 times, 2 expected: zsh: not installed"
    ]


@pytest.mark.parametrize("reason", ["pwsh: not installed", "no mood"])
def test_what_is_not_listed_for_these_circumstances_is_not(counting, reason):
    assert counting("bare", reason).unexpected() == [
        f"not expected in [bare] of expected_skips.toml: {reason}"
    ]


def test_without_circumstances_all_lists_count(counting):
    found = counting("", *["pwsh: not installed"] * 9, "zsh: not installed")
    assert found.unexpected() == []
    assert counting("", "no mood").unexpected() != []


def test_what_stands_in_brackets_makes_no_other_reason(counting):
    found = counting("bare", "no disk (loop0)", "no disk (loop1)")
    assert found.counts == {"no disk": 2}


def test_a_failure_that_was_expected_is_no_skip(counting):
    found = counting("bare")
    found.pytest_runtest_logreport(report("as known", wasxfail="as known"))
    assert found.unexpected() == []


@pytest.mark.parametrize(("circumstances", "code"), [("bare", 1), ("", 0)])
def test_a_job_fails_for_a_skip_that_is_not_expected(
    tmp_path, circumstances, code
):
    path = tmp_path / "test_inner.py"
    path.write_text("import pytest\ndef test_x(): pytest.skip('no mood')\n")
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider",
            "-p", "tests.conftest", "-q", "--rootdir", str(tmp_path),
            "--override-ini=markers=real", "-c", "/dev/null", str(path),
        ],
        env={**os.environ, "PYTHONPATH": str(components.ROOT),
             skips.VARIABLE: circumstances},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert "     1  no mood" in done.stdout
    assert "no mood" in done.stdout.partition("not expected")[2]
