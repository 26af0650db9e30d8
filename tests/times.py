"""Where the time of a run goes: its seconds by folder and by file."""

from __future__ import annotations

from collections import Counter

LONGEST = 20  # files that are named


class Times:
    """Adds up the seconds of one run, those of its workers included."""

    def __init__(self):
        self.folders = Counter()
        self.files = Counter()

    def pytest_runtest_logreport(self, report):
        path = report.nodeid.partition("::")[0].removeprefix("tests/")
        folder, slash, _ = path.partition("/")
        self.folders[folder if slash else "beside them"] += report.duration
        self.files[path] += report.duration

    def pytest_terminal_summary(self, terminalreporter):
        if line := _line(self.folders, len(self.folders)):
            terminalreporter.section("seconds of all workers")
            terminalreporter.write_line(line)
            terminalreporter.write_line(_line(self.files, LONGEST))


def _line(seconds, count):
    """Return the names and their seconds, the longest first."""
    return " · ".join(
        f"{name} {taken:.0f}"
        for name, taken in seconds.most_common(count)
        if taken >= 1
    )
