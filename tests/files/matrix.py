"""One cell: a command in a home with something odd, and what came of it."""

from __future__ import annotations

import os
import re
import shutil
import time
from dataclasses import dataclass, field

import pytest

from tests.faults.cases import ENVIRON
from tests.files import circumstances, homes, tree
from tests.files.homes import FILES, TASKS
from tests.proof import record

_LEFT = "the change was made, but an old secret is still stored"
SLOWEST = 2.0  # seconds for a refusal
_SET_ASIDE = "is damaged; moved it to "
_TWO_LINES = re.compile(
    r"(?:(?!keyswitch: error|keyswitch: hint).*\n)*"
    r"keyswitch: error: .+\nkeyswitch: hint: .+\n"
)


@dataclass
class Plain:
    """What a task does where nothing is odd."""

    meanings: dict
    changes: list
    same: set


@dataclass
class Cell:
    """One home, before a command and after it."""

    matrix: Matrix
    task: str
    home: object
    before: dict = field(default_factory=dict)
    entries: list | None = None  # of the vault, if it can be read
    done: object = None
    seconds: float = 0.0
    prepare: object = lambda: None  # called once all has its owner

    def path(self, file):
        """Return where one of the files is, by its own name."""
        return self.home / FILES[file]

    def run(self, *, environ=(), wrap=(), command=None, **how):
        """Run the task, or another command, as the circumstances say."""
        user = how.get("user")
        if user is not None:
            give(self.home, user)
        self.prepare()
        self.before = tree.look(self.home)
        self.entries = tree.entries(self.home)
        begun = time.monotonic()
        self.done = self.matrix.start(
            command or TASKS[self.task].command,
            self.home,
            {**ENVIRON, **dict(environ), **circumstances.given(**how)},
            wrap=wrap,
            kill_after=2 * SLOWEST,
        )
        self.seconds = time.monotonic() - begun
        return self.done

    @property
    def said(self):
        """What the command wrote for a person."""
        return self.done.stderr.decode(errors="replace")

    def refused(self):
        """Return what is wrong with it as a refusal."""
        if _LEFT in self.said and self.done.returncode == 6:
            return []  # of revoke-local; the next command tries again
        if _SET_ASIDE in self.said and self.done.returncode in (0, 1):
            return []  # it went on, or there was nothing left to do
        found = []
        if self.done.returncode != 1:
            found.append(f"exit {self.done.returncode}")
        # The others go on, or have shown first what they are going to do.
        if self.task not in ("doctor", "revoke-local") and (
            not _TWO_LINES.fullmatch(self.said) or self.done.stdout
        ):
            found.append("not one line what, one line what to do")
        if self.seconds > SLOWEST:
            found.append(f"took {self.seconds:.1f} s")
        found += tree.differences(
            self.before,
            tree.look(self.home),
            # That nothing was stored cannot be known before it can be read.
            may_intend="vault" in self.said,
        )
        if self.entries is not None and self.entries != tree.entries(self.home):
            found.append("the vault has other entries")
        return [*found, self.said] if found else []

    def carried_out(self):
        """Return what is wrong with it as a success."""
        if self.done.returncode != 0:
            return [f"exit {self.done.returncode}: {self.said}"]
        after = tree.look(self.home)
        plain = self.matrix.plain(self.task)
        found = list(
            tree.redressed(self.before, after, tree.private_names(self.home))
        )
        found += [
            f"{file} does not say what it has to"
            for file, meaning in plain.meanings.items()
            if tree.meaning(self.home, file) != meaning
        ]
        found += [
            f"{name} was rewritten"
            for name in plain.same & self.before.keys()
            if self.before[name] != after.get(name)
        ]
        change = tree.names_of_change(self.before, after)
        if change != plain.changes:
            found.append(f"came and went {change}, not {plain.changes}")
        return found


class Matrix:
    """Homes for cells, all at one path, since records name absolute ones."""

    def __init__(self, room, start, new_room):
        self.room, self.start, self.new_room = room, start, new_room
        self.home = room / "a home"  # the space is one more oddity
        self.home.mkdir()
        homes.make(self.home, start)
        shutil.copytree(self.home, room / "kept", symlinks=True)
        self._plain = {}

    def cell(self, task):
        """Give a fresh home in which a task may begin."""
        self.plain(task)
        return self._fresh(task)

    def _fresh(self, task):
        clear(self.room, keep=("kept",))
        shutil.copytree(self.room / "kept", self.home, symlinks=True)
        homes.do(self.home, self.start, TASKS[task].steps)
        for name in FILES.values():
            # What was written just now could be in the middle of it.
            if (self.home / name).exists():
                os.utime(self.home / name, (1e9, 1e9))
        return Cell(self, task, self.home)

    def plain(self, task):
        """Return what a task does where nothing is odd."""
        if task not in self._plain:
            self._plain[task] = self._do_plainly(task)
        return self._plain[task]

    def _do_plainly(self, task):
        cell = self._fresh(task)
        old = {file: tree.meaning(cell.home, file) for file in FILES}
        done = cell.run()
        assert done.returncode == 0, cell.said
        after = tree.look(cell.home)
        meanings = {file: tree.meaning(cell.home, file) for file in FILES}
        for file in TASKS[task].writes:
            name = FILES[file]
            assert cell.before[name].inode != after[name].inode, (task, file)
            assert file == "vault" or meanings[file] != old[file], (task, file)
        same = {n for n, e in cell.before.items() if after.get(n) == e}
        return Plain(meanings, tree.names_of_change(cell.before, after), same)


def give(folder, user):
    """Make a user the owner of all of a home."""
    os.lchown(folder, user, user)
    for top, dirs, names in os.walk(folder):
        for name in [*dirs, *names]:
            os.lchown(os.path.join(top, name), user, user)


def clear(room, keep):
    """Take away all that a cell has left."""
    for entry in room.iterdir():
        if entry.name in keep:
            continue
        if entry.is_dir() and not entry.is_symlink():
            for top, _, _ in os.walk(entry):
                os.chmod(top, 0o700)  # some of them were read-only
            shutil.rmtree(entry)
        else:
            entry.unlink()


def check(row, what, found):
    """Note one cell for the table of proofs; what was found is a failure."""
    record(
        promise="P5",
        what=f"{row}: {what}",
        points=1,
        violations=int(bool(found)),
    )
    if found:
        pytest.fail("\n".join(found), pytrace=False)


# A command and one of the files that it rewrites. All files are in the first
# tier, each with one command.
FIRST = {
    "settings": "use",
    "config": "off",
    "credentials": "use",
    "state": "undo",
    "profile": "edit",
    "vault": "rotate",
    "rc": "install",
}
PAIRS = [
    pytest.param(
        task,
        file,
        marks=[] if FIRST[file] == task else [pytest.mark.full],
        id=f"{task}-{file}",
    )
    for task, found in TASKS.items()
    for file in found.writes
]
