"""Try every fault at every call of every command, and print what came of it.

    python -m tests.faults.full.run [--only NAME] [--faults KILL,EIO]

Exits with 1 if anything was violated.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path

from tests.faults.full.matrix import CELLS, FAULTS, SIGNALS, try_cell
from tests.faults.full.warm import Warm, folder_in_memory

SHOWN = 20  # violations that are printed of one cell


def main(args):
    asked = _parse(args)
    names = {cell.name for cell in CELLS}
    if asked.only and not set(asked.only) <= names:
        sys.exit(f"known commands: {', '.join(sorted(names))}")
    cells = [c for c in CELLS if not asked.only or c.name in asked.only]
    if asked.faults:
        cells = [c for c in cells if c.kind != "twice"]
    begun = time.monotonic()
    points, broken = Counter(), Counter()
    with folder_in_memory(None) as room:
        for cell, (rows, violations, took) in _results(cells, asked, room):
            count = sum(row.points for row in rows)
            print(
                f"{cell}: {count}, {len(violations)}, {took:.0f} s", flush=True
            )
            for violation in violations[:SHOWN]:
                print(f"    {violation[:1000]}", flush=True)
            for row in rows:
                points[row.what] += row.points
                broken[row.what] += row.violations
    _print_table(points, broken)
    minutes = (time.monotonic() - begun) / 60
    print(f"{len(names)} commands, {minutes:.1f} min")
    return 1 if sum(broken.values()) or not sum(points.values()) else 0


def _parse(args):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", metavar="NAME")
    parser.add_argument(
        "--faults",
        type=lambda text: text.split(","),
        default=[],
        help=f"of {', '.join((*FAULTS, *SIGNALS))}",
    )
    parser.add_argument("--step", type=int, default=1, help="every N-th point")
    return parser.parse_args(args)


def _results(cells, asked, room):
    """Yield each cell as it is done; all processors are at work."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = {
            pool.submit(_one, cell, asked.faults, asked.step, room): cell
            for cell in cells
        }
        for job in as_completed(jobs):
            yield jobs[job], job.result()


def _one(cell, only, step, room):
    """Do one cell, in a process that keeps its starter."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=room) as folder:
        rows, violations = try_cell(
            cell, _warm(room), Path(folder), only=only, step=step
        )
    return rows, violations, time.monotonic() - begun


@cache
def _warm(room):
    return Warm()


def _print_table(points, broken):
    width = max(map(len, points), default=0)
    print(f"\n{'':3} {'what was tried':{width}} {'points':>9} violations")
    for what in sorted(points):
        print(f"P1  {what:{width}} {points[what]:>9,} {broken[what]:>10,}")
    total, bad = sum(points.values()), sum(broken.values())
    print(f"{'':3} {'all':{width}} {total:>9,} {bad:>10,}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
