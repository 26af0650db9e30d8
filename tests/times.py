"""Where the time of a run goes: its seconds by folder, in one line."""

from __future__ import annotations

from collections import Counter


class Times:
    """Adds up the seconds of one run, those of its workers included."""

    def __init__(self):
        self.seconds = Counter()

    def pytest_runtest_logreport(self, report):
        path = report.nodeid.partition("::")[0].removeprefix("tests/")
        folder, slash, _ = path.partition("/")
        self.seconds[folder if slash else "beside them"] += report.duration

    def line(self):
        """Return the folders and their seconds, the longest first."""
        return " · ".join(
            f"{folder} {seconds:.0f}"
            for folder, seconds in self.seconds.most_common()
            if seconds >= 1
        )

    def pytest_terminal_summary(self, terminalreporter):
        if line := self.line():
            terminalreporter.section("seconds by folder, of all workers")
            terminalreporter.write_line(line)
