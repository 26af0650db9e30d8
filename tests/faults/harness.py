"""Fault injection at every system call of a command that changes something.

A clean run under strace lists the calls; then each one is hit in a fresh copy
of the home, by SIGKILL or by an error. A fault that did not fire is a failure
of the test, not a success of the command.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Queue

from tests.faults.full.aftermath import (
    SIGNALS,
    aftermath,
    ended_well,
    neither,
    seen,
)
from tests.faults.full.durability import undurable
from tests.faults.full.invariants import (
    facts,
    files_below,
    foreign_names,
    widened,
)
from tests.faults.full.warm import Command, Warm, folder_in_memory, run

__all__ = [
    "Command",
    "Warm",
    "aftermath",
    "files_below",
    "folder_in_memory",
    "hit",
    "inject_everywhere",
    "inject_twice",
    "points_of",
    "run",
]  # fmt: skip

# Whatever changes something on disk. Writes to pipes and terminals are left
# out by looking at the descriptor's path, which `strace -y` prints.
CALLS = (
    "openat,write,pwrite64,rename,renameat,renameat2,link,linkat,symlink,"
    "symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,chmod,fchmod,fchmodat,"
    "fchown,fsync,fdatasync,ftruncate,fsetxattr,utimensat,flock"
)
_LINE = re.compile(r"^(?:\d+\s+)?(\w+)\((.*)$")
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
    tried: Counter = field(default_factory=Counter)  # points of each fault

    def broken(self, fault):
        """Return how many violations one fault led to."""
        return sum(v.startswith(f"{fault} ") for v in self.violations)


def is_mutation(call, rest, home):
    """Tell whether a traced call can change something below the home."""
    if call == "openat":
        return bool(_WRITING.search(rest)) and str(home) in rest
    if call in ("write", "pwrite64"):
        return str(home) in rest.split(",", 1)[0]
    return True


def points_of(command, home, environ, log, *, run=run):
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
            points.append(Point(call, counts[call], rest[:400]))
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
        done = _hit(place.run, command, home, environ, nearby, fault, place.log)
        if _fired(done, fault, place.log):
            return home, done
    raise AssertionError(f"{point} did not fire")


def _fired(done, fault, log):
    if fault == "KILL":
        return done.returncode in (137, -9)
    text = log.read_text(errors="replace")
    return f"--- SIG{fault} " in text or "(INJECTED)" in text


def _hit(start, command, home, environ, point, fault, log):
    kind = "signal" if fault in SIGNALS else "error"
    return start(
        command,
        home,
        environ,
        wrap=(
            "strace", "-f", "-y", "-o", str(log),
            "-e", f"trace={CALLS}",
            "-e", f"inject={point.call}:{kind}={fault}:when={point.number}",
        ),
    )  # fmt: skip


def inject_everywhere(
    case, environ, folder, *, faults, step=1, offset=0, runners=(run, run)
):
    """Hit a command at every `step`-th point; returns a report.

    `case` has `command`, `make_home(path)`, `check_between(home)`,
    `snapshot(home)`, `recover` and `leftovers(home)`. It is not tried again
    where it has `once` and was done. Each fault begins at another point.
    """
    places, before = prepared(case, environ, folder, runners)
    points = before.points

    def one(place, job):
        return 1, _one(case, environ, place, *job, before)

    within = min(step, len(points))  # so that each fault is tried somewhere
    jobs = [
        (fault, point)
        for number, fault in enumerate(faults)
        for point in points[(offset + 3 * number) % within :: step]
    ]
    report = _reported(places, jobs, one)
    report.violations[:0] = [f"KILL after all: {v}" for v in before.undurable]
    report.tried = Counter(fault for fault, _ in jobs)
    return report


def inject_twice(
    case, environ, folder, *, step=1, step_again=1, runners=(run, run)
):
    """Kill a command at every `step`-th point, and what recovers from that.

    Each such state is recovered from with a kill at every `step_again`-th
    point of that, and then once more.
    """
    places, before = prepared(case, environ, folder, runners)

    def one(place, numbered):
        number, point = numbered
        place.base = "kept"
        hit(case.command, environ, place, point, "KILL")
        place.keep("killed")
        place.base = "killed"
        again = points_of(
            case.recover, place.home, environ, place.log, run=place.run
        )
        again = again[number % min(step_again, len(again) or 1) :: step_again]
        return len(again), [
            f"KILL at {point.call} #{point.number}, then {violation}"
            for second in again
            for violation in _killed_again(case, environ, place, second, before)
        ]

    # After the very first calls there is nothing to recover from.
    begin = min(step, len(before.points)) // 2
    chosen = list(enumerate(before.points[begin::step]))
    return _reported(places, chosen, one)


def _killed_again(case, environ, place, point, before):
    where = f"at {point.call} #{point.number} ({point.text[:160]})"
    home, _ = hit(case.recover, environ, place, point, "KILL")
    found = [*case.check_between(home), *widened(home, *before.facts)]
    recovered = place.run(case.recover, home, environ)
    if recovered.returncode != 0:
        found.append(f"recovery failed: {recovered.stderr[-300:]}")
    found += neither(seen(case, home), before)
    found += [f"left behind {name}" for name in case.leftovers(home)]
    found += foreign_names(home, *before.facts)
    return [f"{where}: {violation}" for violation in found]


@dataclass(frozen=True)
class Clean:
    """What a command does when nothing goes wrong."""

    points: list[Point]
    old: tuple  # snapshots
    new: tuple
    facts: tuple[dict, dict]  # of the files, before and after
    undurable: list[str]  # what a power cut could undo


def prepared(case, environ, folder, runners):
    """Return (homes, what a clean run is)."""
    places = Queue()
    for number, runner in enumerate(runners):
        place = Place(folder / f"place-{number}", runner)
        case.make_home(place.home)
        place.keep()
        places.put(place)
    place = places.get()
    old = case.snapshot(place.fresh())
    before = facts(place.home)
    points = points_of(
        case.command, place.home, environ, folder / "log", run=place.run
    )
    new = case.snapshot(place.home)
    unsafe = list(undurable(folder / "log"))
    places.put(place)
    assert old != new, "the command changes nothing"
    assert len(points) > 5, "no mutating call was seen"
    after = facts(place.home)
    return places, Clean(points, old, new, (before, after), unsafe)


def _reported(places, jobs, one):
    """Do the jobs, as many at once as there are homes; return a report.

    `one` is called with a place and a job, and returns how many points it
    has hit and what it has found.
    """

    def placed(job):
        place = places.get()
        try:
            return one(place, job)
        finally:
            places.put(place)

    report = Report()
    with ThreadPoolExecutor(2) as pool:
        for points, found in pool.map(placed, jobs):
            report.points += points
            report.violations += found
    return report


class Place:
    """A home that is put back to its beginning before each fault.

    Always at the same path, since records name absolute ones.
    """

    def __init__(self, folder, runner=run):
        self.run = runner
        self.home = folder / "home"
        self.log = folder / "log"
        self.base = "kept"  # the state that `fresh` puts back
        self.home.mkdir(parents=True)

    def keep(self, name="kept"):
        """Keep the home as it is now as a state with this name."""
        kept = self.home.with_name(name)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.home, kept, symlinks=True)

    def fresh(self):
        shutil.rmtree(self.home, ignore_errors=True)
        kept = self.home.with_name(self.base)
        shutil.copytree(kept, self.home, symlinks=True)
        return self.home


def _one(case, environ, place, fault, point, clean):
    where = f"{fault} at {point.call} #{point.number} ({point.text[:160]})"
    _, done = hit(case.command, environ, place, point, fault)
    found = [
        *ended_well(fault, done, place.log),
        *aftermath(case, environ, place, done, clean),
    ]
    return [f"{where}: {violation}" for violation in found]
