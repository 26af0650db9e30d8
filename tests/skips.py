"""What was skipped and why: one line for each reason, and none in silence.

expected_skips.toml says which reasons are expected in which circumstances, and
how often at most. A run that names its circumstances (KEYSWITCH_SKIPS=bare)
fails if it skips anything else; other runs say so in a line.
"""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from pathlib import Path

import pytest

VARIABLE = "KEYSWITCH_SKIPS"
EXPECTED = Path(__file__).parent / "expected_skips.toml"


class Skips:
    """Counts the reasons of one run, those of its workers included."""

    def __init__(self, circumstances=None, expected=EXPECTED):
        self.counts = Counter()
        if circumstances is None:
            circumstances = os.environ.get(VARIABLE, "")
        self._named = circumstances
        self._expected = tomllib.loads(expected.read_text(encoding="utf-8"))

    def pytest_runtest_logreport(self, report):
        self._count(report)

    def pytest_collectreport(self, report):
        self._count(report)

    def _count(self, report):
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            # What stands in brackets differs from machine to machine.
            self.counts[reason.partition(" (")[0]] += 1

    def unexpected(self):
        """Return a line for each reason that is not expected so often."""
        if self._named:
            allowed = self._expected[self._named]
            where = f"in [{self._named}] of {EXPECTED.name}"
        else:
            allowed = {
                reason: float("inf")
                for table in self._expected.values()
                for reason in table
            }
            where = f"in {EXPECTED.name}"
        return [
            f"skipped {count} times, {allowed[reason]} expected: {reason}"
            if reason in allowed
            else f"not expected {where}: {reason}"
            for reason, count in sorted(self.counts.items())
            if count > allowed.get(reason, 0)
        ]

    def pytest_sessionfinish(self, session):
        if (
            self._named
            and self.unexpected()
            and session.exitstatus == pytest.ExitCode.OK
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.counts:
            terminalreporter.section("what was skipped")
        for reason, count in self.counts.most_common():
            terminalreporter.write_line(f"{count:6,}  {reason}")
        lines = self.unexpected()
        if self._named:
            for line in lines:
                terminalreporter.write_line(line, red=True)
        elif lines:
            terminalreporter.write_line("; ".join(lines))
