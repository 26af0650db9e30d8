"""The long tier, and its eight parts that eight commits run in turn."""

from __future__ import annotations

import subprocess
import zlib

import pytest

from tests.components import ROOT

PARTS = 8
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
    """Return (commit, part): eight commits in a row have eight parts.

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


# Few tests that take long: each one's next is in the next part, from this on.
# By chance alone a part could have several of them.
DEALT = {
    "diagnosis/test_generated_homes.py": {
        "test_each_of_many_generated_homes_is_only_looked_at": 1,
    },
    "keychains/test_gnome_keyring.py": {
        "test_a_daemon_that_stops_at_any_call_hangs_and_loses_nothing": 5,
        "test_a_keyring_that_is_locked_anywhere_in_an_add": 4,
    },
    "faults/concurrency/test_switches.py": {
        "test_a_thousand_switches_sixteen_at_once": 5,
    },
    "faults/test_concurrent_logins.py": {
        "test_a_thousand_switches_lose_no_login": 7,
    },
    "switching/test_login_interleavings.py": {
        "test_a_thousand_interleavings_lose_no_token": 8,
    },
    "faults/concurrency/test_mixed_commands.py": {
        "test_many_commands_lose_no_secret": 4,
    },
    "faults/concurrency/test_orphan_locks.py": {
        "test_a_lock_with_a_heartbeat_is_never_taken_over": 5,
    },
    "faults/concurrency/test_other_writers.py": {
        "test_many_turns_of_a_polite_writer_are_all_kept": 6,
        "test_rude_writers_for_long": 7,
    },
    "faults/full/test_limits.py": {
        "test_a_full_or_read_only_disk_leaves_the_old_state_or_the_new_one": 1,
        "test_a_limit_of_the_kernel_leaves_the_old_state_or_the_new_one": 2,
    },
    "faults/test_logins.py": {
        "test_a_second_kill_while_the_first_is_mended_loses_nothing": 5,
        "test_every_fault_leaves_the_old_login_or_the_new_one": 6,
        "test_other_layouts_of_the_files_are_as_safe": 7,
    },
    "fuzz/test_command_lines.py": {
        "test_random_command_lines_end_well_however_many": 3,
    },
    "fuzz/test_names.py": {
        "test_names_are_those_of_the_rule_however_many": 4,
    },
    "shells/test_round_trip.py": {
        "test_nushell_gives_back_10000_hostile_values": 5,
        "test_fish_gives_back_10000_hostile_values": 6,
    },
}
