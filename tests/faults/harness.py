"""Fault injection at every system call of a command that changes something.

A clean run under strace lists the calls; then each one is hit in a fresh copy
of the home, by SIGKILL or by an error. A fault that did not fire is a failure
of the test, not a success of the command.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue

# Whatever changes something on disk. Writes to pipes and terminals are left
# out by looking at the descriptor's path, which `strace -y` prints.
CALLS = (
    "openat,write,pwrite64,rename,renameat,renameat2,link,linkat,symlink,"
    "symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,chmod,fchmod,fchmodat,"
    "fchown,fsync,fdatasync,ftruncate,fsetxattr,utimensat,flock"
)
_LINE = re.compile(r"^\d+\s+(\w+)\((.*)$")
_WRITING = re.compile(r"O_(?:CREAT|WRONLY|RDWR|TRUNC)")


@dataclass(frozen=True)
class Point:
    """The k-th call of one name."""

    call: str
    number: int
    text: str = field(compare=False, default="")


@dataclass
class Report:
    """What came of all the points of one command."""

    points: int = 0
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Command:
    """A command line, and what it reads on standard input."""

    argv: tuple[str, ...]
    stdin: bytes = b""


def run(command, home, environ, *, wrap=()):
    """Run a command in a home, under `wrap` if that is given."""
    return subprocess.run(
        [*wrap, *command.argv],
        input=command.stdin,
        capture_output=True,
        env={**environ, "HOME": str(home)},
        cwd=home,
        timeout=60,
        check=False,
    )


def is_mutation(call, rest, home):
    """Tell whether a traced call can change something below the home."""
    if call == "openat":
        return bool(_WRITING.search(rest)) and str(home) in rest
    if call in ("write", "pwrite64"):
        return str(home) in rest.split(",", 1)[0]
    return True


def points_of(command, home, environ, log):
    """List the mutating calls of a clean run."""
    done = run(
        command,
        home,
        environ,
        wrap=("strace", "-f", "-y", "-e", f"trace={CALLS}", "-o", str(log)),
    )
    assert done.returncode == 0, done.stderr.decode()
    counts = Counter()
    points = []
    for line in log.read_text(errors="replace").splitlines():
        match = _LINE.match(line)
        if not match:
            continue
        call, rest = match.groups()
        counts[call] += 1
        if is_mutation(call, rest, home):
            points.append(Point(call, counts[call], rest[:120]))
    return points


def hit(command, environ, place, point, fault):
    """Run a command with one fault; returns (home, what became of it).

    How often a call is made varies a little from run to run (a library file
    more or less is opened), so the last calls of a name may not be reached:
    an earlier one is hit then.
    """
    for back in (0, 1, 2, 4, 8, 16):
        home = place.fresh()
        nearby = Point(point.call, max(1, point.number - back))
        done = _hit(command, home, environ, nearby, fault, place.log)
        if _fired(done, fault, place.log):
            return home, done
    raise AssertionError(f"{point} did not fire")


def _fired(done, fault, log):
    if fault == "KILL":
        return done.returncode in (137, -9)
    return "(INJECTED)" in log.read_text(errors="replace")


def _hit(command, home, environ, point, fault, log):
    inject = "signal=KILL" if fault == "KILL" else f"error={fault}"
    return run(
        command,
        home,
        environ,
        wrap=(
            "strace", "-f", "-y", "-o", str(log),
            "-e", f"trace={CALLS}",
            "-e", f"inject={point.call}:{inject}:when={point.number}",
        ),
    )  # fmt: skip


def inject_everywhere(case, environ, folder, *, faults, step=1, offset=0):
    """Hit a command at every `step`-th point; returns a report.

    `case` has `command`, `make_home(path)`, `check_between(home)`,
    `snapshot(home)`, `recover` and `leftovers(home)`.
    """
    places = Queue()
    for number in range(2):
        place = Place(folder / f"place-{number}")
        case.make_home(place.home)
        place.keep()
        places.put(place)
    place = places.get()
    old = case.snapshot(place.fresh())
    points = points_of(case.command, place.home, environ, folder / "log")
    new = case.snapshot(place.home)
    places.put(place)
    assert old != new, "the command changes nothing"
    assert len(points) > 5, "no mutating call was seen"

    def one(job):
        fault, point = job
        place = places.get()
        try:
            return _one(case, environ, place, fault, point, old, new)
        finally:
            places.put(place)

    jobs = [(f, point) for f in faults for point in points[offset::step]]
    report = Report(points=len(jobs))
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(one, jobs):
            report.violations += found
    return report


class Place:
    """A home that is put back to its beginning before each fault.

    Always at the same path, since records name absolute ones.
    """

    def __init__(self, folder):
        self.home = folder / "home"
        self.log = folder / "log"
        self._kept = folder / "kept"
        self.home.mkdir(parents=True)

    def keep(self):
        shutil.copytree(self.home, self._kept, symlinks=True)

    def fresh(self):
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self._kept, self.home, symlinks=True)
        return self.home


def _one(case, environ, place, fault, point, old, new):
    where = f"{fault} at {point.call} #{point.number} ({point.text[-70:]})"
    home, done = hit(case.command, environ, place, point, fault)
    found = [f"{where}: {v}" for v in case.check_between(home)]
    if fault != "KILL" and done.returncode not in (0, 1, 6):
        found.append(f"{where}: exit {done.returncode}: {done.stderr[-300:]}")
    if b"Traceback" in done.stderr:
        found.append(f"{where}: a traceback")
    recovered = run(case.recover, home, environ)
    if recovered.returncode != 0:
        found.append(f"{where}: recovery failed: {recovered.stderr[-300:]}")
        return found
    state = case.snapshot(home)
    if state not in (old, new):
        found.append(
            f"{where}: neither old nor new: {difference(state, old, new)}"
        )
    if fault != "KILL" and done.returncode == 1 and state != old:
        found.append(
            f"{where}: exit 1, but something changed: "
            f"{difference(state, old, old)} {done.stderr[-400:]}"
        )
    if fault != "KILL" and done.returncode == 0 and state != new:
        found.append(f"{where}: exit 0, but not done")
    found += [f"{where}: left behind {name}" for name in case.leftovers(home)]
    run(case.command, home, environ)
    again = case.snapshot(home)
    # A store keeps older values for undo, so it may hold one more by now.
    if again[:-1] != new[:-1]:
        found.append(
            f"{where}: a second try does not get there: "
            f"{difference(again, new, new)}"
        )
    return found


def difference(state, old, new):
    """Say in which parts a state is neither the one nor the other."""
    return [
        f"{part} / {was} / {will}"
        for part, was, will in zip(state, old, new, strict=True)
        if state not in (old, new) and (part != was or part != will)
    ]


def files_below(folder):
    """Return the relative paths of all files and directories."""
    base = Path(folder)
    return sorted(
        os.path.relpath(os.path.join(top, name), base)
        for top, dirs, names in os.walk(base)
        for name in [*dirs, *names]
    )
