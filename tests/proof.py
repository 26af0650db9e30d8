"""The table of proofs: what was tried for each promise, and what broke it.

Tests call `record`; with xdist each worker has its own process, so the rows go
through a file of JSON lines. At the end of the run the table is printed.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

VARIABLE = "KEYSWITCH_TEST_PROOF"


def record(*, promise, what, points, violations):
    """Note how many points of a promise were tried, and how many broke it."""
    assert points > 0, f"{what}: nothing was tried"
    path = os.environ.get(VARIABLE)
    if path:
        row = [promise, what, points, violations]
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def table(path):
    """Return the lines of the table; equal rows are added up."""
    sums = defaultdict(lambda: [0, 0])
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        promise, what, points, violations = json.loads(line)
        sums[promise, what][0] += points
        sums[promise, what][1] += violations
    if not sums:
        return []
    width = max(len(what) for _, what in sums)
    lines = [f"{'':4} {'what was tried':{width}} {'points':>9} violations"]
    for (promise, what), (points, violations) in sorted(
        sums.items(), key=lambda item: (int(item[0][0][1:]), item[0][1])
    ):
        lines.append(
            f"{promise:4} {what:{width}} {points:>9,} {violations:>10,}"
        )
    points = sum(p for p, _ in sums.values())
    broken = sum(v for _, v in sums.values())
    lines.append(f"{'':4} {'all':{width}} {points:>9,} {broken:>10,}")
    return lines
