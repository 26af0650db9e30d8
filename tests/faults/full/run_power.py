"""Cut the power at every call of every command; print what came of it.

    python -m tests.faults.full.run_power [NAME ...]

Only root can mount the disks. Exits with 1 if anything was violated.
"""

import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.full.matrix import NAMES
from tests.faults.harness import folder_in_memory
from tests.faults.power import ENDS, Job, cut_everywhere

LIMIT = 1800  # seconds that one command may take
ALL = (*NAMES, *ENDS)
SHOWN = 20  # violations that are printed of one command


def main(names):
    begun = time.monotonic()
    points = broken = 0
    with (
        folder_in_memory(None) as room,
        ThreadPoolExecutor(os.cpu_count()) as p,
    ):
        for name, done in p.map(lambda name: _one(name, room), names or ALL):
            points += done["points"]
            broken += len(done["violations"])
            print(f"{name}: {done['points']}, {len(done['violations'])}")
            for violation in done["violations"][:SHOWN]:
                print(f"    {violation[:1000]}", flush=True)
    minutes = (time.monotonic() - begun) / 60
    print(
        f"P2  {points:,} power cuts, {broken:,} violations, {minutes:.1f} min"
    )
    return 1 if broken or not points else 0


def _one(name, room):
    with tempfile.TemporaryDirectory(dir=room) as folder:
        return name, cut_everywhere(
            Job(name, foreign_commit=True), Path(folder), limit=LIMIT
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
