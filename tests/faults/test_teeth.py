"""The harness finds what it is there to find: seeded defects are caught."""

import sys

import pytest

from tests.faults.cases import CASES, ENVIRON, MAIN, Case
from tests.faults.harness import Command, inject_everywhere

pytestmark = pytest.mark.real("strace")

NAIVE = """
import os
for name in ("settings.json", "state.json"):
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(descriptor, b'{"active": ')
    os.write(descriptor, b'"new"}')
    os.close(descriptor)
    os.chmod(name, 0o600)
"""


class NaiveWriter:
    """A program that writes two files in place, one after the other."""

    command = Command((sys.executable, "-c", NAIVE))
    recover = Command(("true",))

    def make_home(self, home):
        for name in ("settings.json", "state.json"):
            (home / name).write_text('{"active": "old"}')

    def check_between(self, home):
        return []

    def snapshot(self, home):
        names = ("settings.json", "state.json")
        return tuple((home / name).read_text() for name in names)

    def leftovers(self, home):
        return []


@pytest.mark.parametrize("fault", ["KILL", "ENOSPC"])
def test_a_writer_that_is_not_atomic_is_caught(tmp_path, fault):
    report = inject_everywhere(NaiveWriter(), ENVIRON, tmp_path, faults=[fault])
    torn = [v for v in report.violations if "neither old nor new" in v]
    assert len(torn) >= 3


MUTANT = """
import sys
from keyswitch.switching import change, recovery
recovery.sweep = lambda paths: None
recovery.recover = lambda paths: []
change.sweep = lambda workspace: None
from keyswitch.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def mutated(command):
    args = command.argv[len(MAIN) :]
    return Command((sys.executable, "-c", MUTANT, *args), command.stdin)


class WithoutRecovery(Case):
    """The `add` of a keyswitch that never cleans up after a kill."""

    def __init__(self):
        super().__init__(mutated(CASES["add"]("plain").command))
        self.recover = mutated(Case.recover)


def test_a_keyswitch_without_recovery_is_caught(tmp_path):
    report = inject_everywhere(
        WithoutRecovery(), ENVIRON, tmp_path, faults=["KILL"], step=7
    )
    assert any("left behind" in v for v in report.violations)
