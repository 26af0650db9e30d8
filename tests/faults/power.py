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
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.components import ROOT
from tests.faults.cases import ENVIRON
from tests.faults.full.commands import command_case
from tests.faults.full.invariants import facts
from tests.faults.full.warm import Warm
from tests.faults.harness import Clean, aftermath, hit, points_of
from tests.proof import record

SIZE = 16 << 20  # bytes of the image
OPTIONS = "loop,noauto_da_alloc,commit=300"


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
    """Do a job; return (points, violations, cuts that found it done)."""
    sound = Warm(folder / "warm", ENVIRON)
    tested = sound
    if job.defect:
        tested = Warm(folder / "broken", ENVIRON, defect=job.defect)
    disk = Disk(folder, sound)
    case, environ = command_case(job.name, job.layout, sound, folder / "kit")
    disk.make(case.make_home)
    clean = _clean(disk, case, environ, tested)
    disk.run = tested
    found = _returned(disk, case, environ, clean)
    cuts = 1 + job.foreign_commit
    points = clean.points[job.offset % job.step :: job.step]
    for point in points:
        found += _cut_at(disk, case, environ, clean, point, cuts)
    disk.leave()
    for server in {sound, tested}:
        server.close()
    return {"points": (len(points) + 1) * cuts, "violations": found}


def _clean(disk, case, environ, run):
    """Return what the command does where the power stays on."""
    old = case.snapshot(disk.fresh())
    before = facts(disk.home)
    points = points_of(case.command, disk.home, environ, disk.log, run=run)
    new = case.snapshot(disk.home)
    assert old != new, "the command changes nothing"
    return Clean(points, old, new, (before, facts(disk.home)), [])


def _returned(disk, case, environ, clean):
    """Cut the power as soon as the command has said that it is done."""
    disk.fresh()
    done = disk.run(case.command, disk.home, environ)
    image = disk.cut("returned")
    assert done.returncode == 0, done.stderr
    return _after(disk, case, environ, done, clean, image, "returned 0")


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


def cut_everywhere(job, folder):
    """Do a job in file systems of its own; returns what `work` does."""
    done = subprocess.run(
        [
            "unshare", "-m", sys.executable, "-m", __name__,
            str(folder), json.dumps(asdict(job)),
        ],
        env=ENVIRON, cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def require_disk(folder):
    """Skip where no image can be mounted, and say so in the table of proofs.

    A container may forbid it whatever is installed, so nothing fails there.
    """
    why = why_not(folder)
    if why:
        record(promise="P2", what=f"nothing: {why}", points=0, violations=0)
        pytest.skip(f"power cuts: {why}")


def why_not(folder):
    """Say why an image cannot be mounted here; "" where it can."""
    if os.geteuid() != 0:
        return "only root can mount a disk"
    code = (
        f"import {__name__} as p, pathlib; "
        f"p.Disk(pathlib.Path({str(folder)!r}), None).make(lambda home: None)"
    )
    done = subprocess.run(
        ["unshare", "-m", sys.executable, "-c", code],
        env=ENVIRON, cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    shutil.rmtree(folder / "disk", ignore_errors=True)
    return done.stderr.strip()[-200:] if done.returncode else ""


if __name__ == "__main__":
    result = work(Job(**json.loads(sys.argv[2])), Path(sys.argv[1]))
    print(json.dumps(result))
