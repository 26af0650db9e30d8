"""The long tier, and its 32 parts that 32 commits run in turn."""

from __future__ import annotations

import subprocess
import zlib
from collections import defaultdict

import pytest

from tests.components import ROOT
from tests.tier_tables import DEALT, EVERY

PARTS = 32
FULL = "full"  # the mark of what is in the long tier
ALL_OF_IT = "all of it: scripts/test --full"
SKIPPED = "long tier: give --full"
ELSEWHERE = "long tier: another part of it"


def add_options(parser):
    """Offer the tiers on the command line."""
    parser.addoption(
        "--full", action="store_true", help="run the long tier as well"
    )
    parser.addoption(
        "--times",
        type=int,
        default=1,
        metavar="N",
        help="try N times as many of what the long tier counts by the hundred",
    )
    parser.addoption(
        "--part",
        metavar="N",
        help=f"run part N of {PARTS} of the long tier as well;"
        " auto: the part that is this commit's",
    )


def settle(config):
    """Find out which part is meant, once for all workers."""
    wanted = config.getoption("part")
    if wanted == "auto":
        commit, number = of_commit(ROOT)
        config.option.part = str(number)
        config.option.part_of = f", by commit {commit}"
    elif wanted is not None and wanted not in map(str, range(1, PARTS + 1)):
        raise pytest.UsageError(f"--part is auto or 1 to {PARTS}, not {wanted}")


def header(config):
    """Return a line that says what of the long tier is run."""
    number = config.getoption("part")
    if config.getoption("full") or number is None:
        return []
    by = getattr(config.option, "part_of", "")
    return [
        f"part {number} of {PARTS} of the long tier{by}; {ALL_OF_IT}",
    ]


def numbers_of(items):
    """Return the number of each test among those of its function.

    The sum of its places in each of its tables, so that every n-th of two
    crossed tables has something of each row and each column.
    """
    rows_of = defaultdict(dict)  # (function, table): {row: its place}
    numbers = []
    for item in items:
        number = 0
        for names, row in _rows(item):
            rows = rows_of[item.nodeid.partition("[")[0], names]
            number += rows.setdefault(row, len(rows))
        numbers.append(number)
    return numbers


def _rows(item):
    """Yield (names, row) for each table that a test is a case of."""
    if not hasattr(item, "callspec"):
        return
    # Each value is one object, however often it is crossed with others.
    rest = {name: id(value) for name, value in item.callspec.params.items()}
    for mark in item.iter_markers("parametrize"):
        names = mark.args[0]
        if isinstance(names, str):
            names = [name.strip() for name in names.split(",")]
        names = tuple(name for name in names if name in rest)
        yield names, tuple(rest.pop(name) for name in names)
    for name, value in rest.items():  # of a fixture with parameters
        yield (name,), (value,)


def is_often(test_id, number):
    """Tell whether a test of a large table is one of those each commit tries.

    `number` is that of its parameters among those of its function.
    """
    path, _, name = test_id.partition("::")
    functions = EVERY.get(path.removeprefix("tests/"), {})
    every = functions.get(name.partition("[")[0], functions.get("*", 1))
    return every != 0 and number % every == 0


def skipped(test_id, config, number=0):
    """Return why a test of the long tier is not run, or "" if it is."""
    if config.getoption("full"):
        return ""
    part = config.getoption("part")
    if part is None:
        return SKIPPED
    return "" if part_of(test_id, number) == int(part) else ELSEWHERE


def part_of(test_id, number=0):
    """Return the part that a test is in, whatever other tests there are.

    `number` is that of its parameters among those of its function.
    """
    path, _, name = test_id.partition("::")
    functions = DEALT.get(path.removeprefix("tests/"), {})
    first = functions.get(name.partition("[")[0])
    if first is None:
        return zlib.crc32(test_id.encode()) % PARTS + 1
    return (first - 1 + number) % PARTS + 1


def of_commit(clone):
    """Return (commit, part): 32 commits in a row have 32 parts.

    By its number in the history; in a clone without a history by its hash,
    which has each part in the long run.
    """
    commit = _git(clone, "rev-parse", "--short=8", "HEAD")
    if not commit:
        return "none", 1
    if _git(clone, "rev-parse", "--is-shallow-repository") == "false":
        count = int(
            _git(clone, "rev-list", "--count", "--first-parent", "HEAD")
        )
    else:
        count = int(commit, 16)
    return commit, count % PARTS + 1


def _git(clone, *args):
    """Return what git says, "" where it is not there or there is no clone."""
    try:
        done = subprocess.run(
            # Or root would not be told of a clone of somebody else.
            ["git", "-c", f"safe.directory={clone}", *args],
            cwd=clone, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
