"""Power cuts: what of a command is on the disk at each instant of it.

Run as `unshare -m python -m tests.faults.power FOLDER JOB`: it mounts ext4
from an image in memory, where nothing is written back by itself. The image is
copied before anything is unmounted: the copy is the disk after a power cut.
Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.components import ROOT
from tests.faults.cases import ENVIRON, cli
from tests.faults.full.commands import (
    ADD,
    USE,
    CommandCase,
    command_case,
    talk,
)
from tests.faults.full.invariants import facts
from tests.faults.full.warm import Warm
from tests.faults.harness import Clean, aftermath, hit, points_of

SIZE = 16 << 20  # bytes of the image
OPTIONS = "loop,noauto_da_alloc,commit=300"
LIMIT = 240  # seconds that one job may take
# What is only slower where it is lost: its readers recognise half of one.
CACHES = ("/keyswitch/compiled/", "/keyswitch/remotes", "/login-stamp")
# What the next command takes away; `aftermath` looks whether it did.
SWEPT = (".lock", "/journal/", "/intents/", "/scratch-", "/.keyswitch-")


def forget_key(home):
    """Let the command make the key of the fingerprints."""
    (home / ".local/state/keyswitch/install.key").unlink()


def fill_folders(home):
    """Give the usual folder what others may share."""
    for name in ("agents", "commands"):
        (home / ".claude" / name).mkdir()


SHARE = cli("edit", "two", "--isolated", "--share", "agents,commands")
SHARE_LESS = cli("edit", "two", "--isolated", "--share", "commands")
SHARED = (USE, fill_folders, SHARE)
# Commands of which only the end is looked at: name -> (steps, command).
ENDS = {
    "key": ((forget_key,), ADD),
    "rename-shared": ((*SHARED, talk), cli("rename", "two", "three")),
    "share": (SHARED[:2], SHARE),
    "share-less": (SHARED, SHARE_LESS),
    "share-none": (SHARED, cli("edit", "two", "--no-isolated")),
}


@dataclass(frozen=True)
class Job:
    """One command, cut short at every `step`-th changing call."""

    name: str
    layout: str = "plain"
    step: int = 1
    offset: int = 0
    foreign_commit: bool = False  # and once more after somebody's fsync
    defect: str = ""  # code that breaks keyswitch


class Disk:
    """A file system on an image, and the home on it.

    It begins as `base` each time. `cut` gives what the disk holds now.
    """

    def __init__(self, folder, run):
        self.run = run
        self.folder = folder
        self.mounted = folder / "disk"
        self.home = self.mounted / "home"
        self.log = folder / "log"
        self._base, self._live = folder / "base", folder / "live"
        self._is_mounted = False
        self.mounted.mkdir()

    def make(self, fill):
        """Make the file system; `fill` makes the home."""
        with self._live.open("wb") as image:
            image.truncate(SIZE)
        still = "lazy_itable_init=0,lazy_journal_init=0,nodiscard"
        _do("mkfs.ext4", "-q", "-F", "-b", "1024", "-E", still, self._live)
        self._mount(self._live)
        self.home.mkdir(mode=0o700)
        fill(self.home)
        self.leave()
        shutil.copyfile(self._live, self._base)

    def fresh(self):
        """Put everything back to the beginning."""
        self.leave()
        shutil.copyfile(self._base, self._live)
        self._mount(self._live)
        return self.home

    def cut(self, name):
        """Keep what is on the disk at this instant."""
        image = self.folder / name
        shutil.copyfile(self._live, image)
        return image

    def commit_journal(self):
        """Do what any other program does to the disk: sync its own file."""
        with (self.mounted / "unrelated").open("wb") as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())

    def power_on(self, image):
        """Mount what a power cut has left."""
        self.leave()
        self._mount(image)

    def leave(self):
        """Unmount what is mounted."""
        if self._is_mounted:
            _do("umount", self.mounted)
            self._is_mounted = False

    def _mount(self, image):
        _do("mount", "-t", "ext4", "-o", OPTIONS, image, self.mounted)
        self._is_mounted = True


def _do(*argv):
    done = subprocess.run(
        [str(word) for word in argv], capture_output=True, check=False,
        timeout=30, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, (argv, done.stderr)


def work(job, folder):
    """Do a job; return how many disks were judged, and what was wrong."""
    sound = Warm()
    tested = sound
    if job.defect:
        tested = Warm(defect=job.defect)
    disk = Disk(folder, sound)
    judged, found = _judge(job, disk, folder, sound, tested)
    disk.leave()
    for server in {sound, tested}:
        server.close()
    return {"points": judged, "violations": found}


def _judge(job, disk, folder, sound, tested):
    if job.name in ENDS:
        steps, command = ENDS[job.name]
        case = CommandCase(command, *steps, layout=job.layout, start=sound)
        disk.make(case.make_home)
        disk.run = tested
        return 1, _returned(disk, case, ENVIRON)[1]
    case, environ = command_case(job.name, job.layout, sound, folder / "kit")
    disk.make(case.make_home)
    clean = _clean(disk, case, environ, tested)
    disk.run = tested
    done, found = _returned(disk, case, environ)
    found += [
        f"returned 0: {bad}"
        for bad in aftermath(case, environ, disk, done, clean)
    ]
    cuts = 1 + job.foreign_commit
    points = clean.points[job.offset % job.step :: job.step]
    for point in points:
        found += _cut_at(disk, case, environ, clean, point, cuts)
    return 1 + len(points) * cuts, found


def _clean(disk, case, environ, run):
    """Return what the command does where the power stays on."""
    old = case.snapshot(disk.fresh())
    before = facts(disk.home)
    points = points_of(case.command, disk.home, environ, disk.log, run=run)
    new = case.snapshot(disk.home)
    assert old != new, "the command changes nothing"
    return Clean(points, old, new, (before, facts(disk.home)), [])


def _returned(disk, case, environ):
    """Cut the power as soon as the command has said that it is done.

    All that it has left in the home is there afterwards, byte for byte.
    """
    disk.fresh()
    done = disk.run(case.command, disk.home, environ)
    assert done.returncode == 0, done.stderr
    made = contents(disk.home)
    disk.power_on(disk.cut("returned"))
    return done, [f"returned 0: {bad}" for bad in unlike(made, disk.home)]


def contents(home):
    """Return mode and content of all below a home, by path."""
    found = {}
    for path in home.rglob("*"):
        mode = path.lstat().st_mode
        held = b""
        if stat.S_ISLNK(mode):
            held = os.readlink(path)
        elif stat.S_ISREG(mode):
            held = path.read_bytes()
        found["/" + str(path.relative_to(home))] = (mode, held)
    return found


def unlike(made, home):
    """Yield how a home differs from what a command has left."""
    now = contents(home)
    for name in sorted({*made, *now}):
        if any(part in name for part in CACHES):
            continue
        if name not in now:
            yield f"{name} is gone"
        elif name in made and now[name] != made[name]:
            yield f"{name} is another one"
        elif name not in made and not any(part in name for part in SWEPT):
            yield f"{name} is back"


def _cut_at(disk, case, environ, clean, point, cuts):
    _, done = hit(case.command, environ, disk, point, "KILL")
    assert done.returncode in (137, -9)  # the fault was there
    images = [disk.cut("cut")]
    if cuts > 1:
        disk.commit_journal()
        images.append(disk.cut("cut-after-commit"))
    where = f"at {point.call} #{point.number} ({point.text[:120]})"
    return [
        violation
        for image in images
        for violation in _after(
            disk, case, environ, done, clean, image, f"{image.name} {where}"
        )
    ]


def _after(disk, case, environ, done, clean, image, where):
    disk.power_on(image)
    bad = aftermath(case, environ, disk, done, clean)
    return [f"{where}: {violation}" for violation in bad]


# ------------------------------------------------------- from within a test


# With its end, or a timeout, all its processes, mounts and loops are gone.
APART = ("unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc")


def cut_everywhere(job, folder, *, limit=LIMIT):
    """Do a job in file systems of its own; returns what `work` does."""
    done = subprocess.run(
        [
            *APART, sys.executable, "-m", __name__,
            str(folder), json.dumps(asdict(job)),
        ],
        env=ENVIRON, cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=limit,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def loops():
    """Return which images lie below loop devices now."""
    return subprocess.run(
        ["losetup", "-a"], capture_output=True, text=True, check=True,
        timeout=30,
    ).stdout  # fmt: skip


def require_disk(folder):
    """Skip, with the reason, where no image can be mounted.

    A container may forbid it whatever is installed, so nothing fails there.
    """
    why = why_not(folder)
    if why:
        pytest.skip(f"power: {why}")


def why_not(folder):
    """Say why an image cannot be mounted here; "" where it can."""
    if os.geteuid() != 0:
        return "needs root"
    code = (
        f"import {__name__} as p, pathlib; "
        f"p.Disk(pathlib.Path({str(folder)!r}), None).make(lambda home: None)"
    )
    done = subprocess.run(
        [*APART, sys.executable, "-c", code],
        env=ENVIRON, cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    shutil.rmtree(folder / "disk", ignore_errors=True)
    why = done.stderr.strip()[-200:] or f"exit {done.returncode}"
    return f"no image can be mounted ({why})" if done.returncode else ""


if __name__ == "__main__":
    result = work(Job(**json.loads(sys.argv[2])), Path(sys.argv[1]))
    print(json.dumps(result))
