"""Whatever becomes of keyswitch's own files: no bug, nothing stuck for good.

Each number of `damages.py` is one damaged home. A few commands meet it, then
`doctor --fix`; after that keyswitch does what it is for.
"""

import os
import random
import sys

import pytest

from tests import proof
from tests.cli.keyswitch import KEY
from tests.faults.full.warm import Command, Warm
from tests.forks import client
from tests.fuzz import damages

STUCK = 6.0  # seconds; another command may be waited for only once
DAMAGES = 256  # in the long tier; with --times 8, 2,048
BLOCKS = 8
LINES = (
    ("list",), ("current",), ("use", "personal"), ("use", "work"),
    ("use", "mine"), ("use", "anna"), ("use", "-"), ("doctor",),
    ("env", "--shell", "bash"), ("env", "work", "--format", "json"),
    ("undo",), ("off",), ("history",), ("show", "work"), ("whoami",),
    ("helper", "claude-code"), ("helper", "api-key", "work"),
    ("edit", "work", "--set", "label=x"), ("rename", "personal", "p2"),
    ("rotate", "work", "--stdin"), ("copy", "work", "w2"), ("lock",),
    ("add", "new", "--provider", "anthropic", "--store", "vault", "--stdin"),
    ("remove", "p2", "--yes"), ("install", "bash"), ("providers",),
    ("revoke-local", "--all", "--dry-run"), ("run", "work", "--", "true"),
    ("hook", "bash"), ("vault", "rotate"), ("vault", "status"),
    ("login", "anna", "--capture"), ("logout", "anna", "--yes"),
    ("unlink",), ("link", "work", "--remote", "example.com/x/*"),
    ("deny", "src"), ("allow", "src"),
    ("use", "personal", "--dry-run"), ("use", "work", "--here"),
    ("doctor", "--fix", "--dry-run"), ("uninstall", "bash"),
)  # fmt: skip
MET = 3  # of them by each damage
FIXED = ("doctor", "--fix", "--yes")
MAIN = (("use", "mine"), ("use", "work"), ("env", "--format", "json"))
# Without these a person has to say more, and the rest has to go on.
REST = (("list",), ("off",), ("history",))
A_PERSONS = ("/profiles", "/machine.key", "/vault.ksv", "/providers")
FOLDER_GONE = ("moved_folder", "file_for_folder", "link_for_folder")


class Damaged:
    """One home with one damage, and what the commands in it come to."""

    def __init__(self, warm, home, number):
        self.warm = warm
        self.home = home
        self.number = number
        self.place, self.how = damages.damage(home, number)
        self.found = []

    def run(self, line):
        """Run a command; note a crash, or that it did not come to an end."""
        stdin = KEY.encode() if "--stdin" in line else b""
        command = Command((sys.executable, "-m", "keyswitch", *line), stdin)
        environ = {"PATH": os.environ["PATH"], **client.START}
        done = self.warm(command, self.home, environ, kill_after=STUCK)
        crashed = done.returncode == 3 or b"Traceback" in done.stderr
        if crashed or done.returncode < 0:
            self._note(line, done)
        return done

    def commands(self):
        """Let commands meet it, mend it, and see what works then."""
        for line in random.Random(self.number).sample(LINES, MET):
            self.run(line)
        self.run(FIXED)
        only_a_person = any(word in self.place for word in A_PERSONS) or (
            self.place in damages.FOLDERS and self.how in FOLDER_GONE
        )
        for line in REST if only_a_person else MAIN:
            done = self.run(line)
            if done.returncode and not self._may_refuse(line, done.stderr):
                self._note(line, done)
        return self.found

    def _may_refuse(self, line, said):
        """Tell whether a refusal is right: of what only a person can know."""
        if "/bound" in self.place:
            return b"if the change is yours, confirm it" in said
        # What `off` gives back may lie in a vault that does not open now.
        return line == ("off",) and (b"vault" in said or b"machine.key" in said)

    def _note(self, line, done):
        what = f"damage {self.number}, {self.place} {self.how}: {line}: "
        self.found.append(f"{what}{done.returncode} {done.stderr[-600:]}")


def violations(numbers, tmp_path):
    found = []
    warm = Warm()
    for number in numbers:
        home = tmp_path / str(number)
        home.mkdir()
        damages.copied_home(home)
        found += Damaged(warm, home, number).commands()
    proof.record(
        promise="P13",
        what="damages of keyswitch's own files",
        points=len(numbers),
        violations=len(found),
    )
    return found


@pytest.mark.parametrize("number", [32, 66, 92, 127, 212, 1911])
def test_a_damaged_file_is_no_bug_and_stops_nothing_for_good(number, tmp_path):
    assert violations([number], tmp_path) == []


@pytest.mark.full
@pytest.mark.parametrize("block", range(BLOCKS))
def test_hundreds_of_damages_are_no_bugs_and_stop_nothing_for_good(
    block, tmp_path, times
):
    size = times * DAMAGES // BLOCKS
    first = 1000 + block * size
    assert violations(range(first, first + size), tmp_path) == []
