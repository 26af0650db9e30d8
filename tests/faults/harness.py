"""Fault injection at every system call of a command that changes something.

A clean run under strace lists the calls; then each one is hit in a fresh copy
of the home, by SIGKILL or by an error. A fault that did not fire is a failure
of the test, not a success of the command.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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


class Warm:
    """Runs keyswitch in forks of a process that has imported all of it.

    Called as `run` is, for long series: the start of an interpreter is most
    of what a short command costs. strace joins the fork before the command
    begins, so only the command's own calls are counted.
    """

    def __init__(self, folder, environ):
        folder.mkdir(parents=True)
        self._folder = folder
        self._server = subprocess.Popen(
            [sys.executable, "-c", f"import {__name__} as h; h.serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environ, "HOME": str(folder)},
            cwd=folder,
            text=True,
        )

    def __call__(self, command, home, environ, *, wrap=(), kill_after=None):
        """Run a command; `kill_after` seconds it is killed at the latest."""
        assert command.argv[:3] == (sys.executable, "-m", "keyswitch")
        (self._folder / "in").write_bytes(command.stdin)
        started = self._ask(
            argv=command.argv[3:],
            environ={**environ, "HOME": str(home)},
            cwd=str(home),
        )
        tracer = _joined(wrap, started["pid"]) if wrap else None
        ended = self._ask(kill_after=kill_after)
        if tracer:
            tracer.communicate(timeout=60)
        return subprocess.CompletedProcess(
            command.argv,
            ended["code"],
            (self._folder / "out").read_bytes(),
            (self._folder / "err").read_bytes(),
        )

    def _ask(self, **words):
        self._server.stdin.write(json.dumps(words) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())

    def close(self):
        """End the server."""
        self._server.communicate(timeout=60)


@contextmanager
def folder_in_memory(other):
    """Give a folder where `fsync` costs nothing, if there is such a place."""
    memory = "/dev/shm"
    if not os.access(memory, os.W_OK | os.X_OK):
        yield other
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="keyswitch-") as path:
        yield Path(path)


def _joined(wrap, pid):
    """Start strace on a process that is waiting, and wait for it.

    It does not follow children: their calls would be counted as well.
    """
    options = [option for option in wrap if option != "-f"]
    tracer = subprocess.Popen(
        [*options, "-p", str(pid)], stderr=subprocess.PIPE, text=True
    )
    line = tracer.stderr.readline()
    assert "attached" in line, line
    return tracer


def serve():
    """Run what the lines on standard input ask for, one after the other."""
    import keyswitch

    for module in pkgutil.walk_packages(keyswitch.__path__, "keyswitch."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    gc.freeze()  # so that a fork does not copy what a collection touches
    gc.disable()
    inbox, outbox = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    while line := inbox.readline():
        wait_for, begin = os.pipe()
        told, ready = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(begin)
            _become(json.loads(line), wait_for, ready)
        os.close(wait_for)
        os.close(ready)
        os.read(told, 1)
        os.close(told)
        print(json.dumps({"pid": pid}), file=outbox, flush=True)
        limit = json.loads(inbox.readline())["kill_after"]
        ended = os.pidfd_open(pid)
        os.close(begin)  # and it begins
        if not select.select([ended], [], [], limit)[0]:
            os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(ended)
        print(json.dumps({"code": code}), file=outbox, flush=True)


def _become(asked, wait_for, ready):
    """Be one run of keyswitch, in a fork, once the other end is closed."""
    from keyswitch.__main__ import main

    code = 70
    try:
        _become_alone(asked)
        os.close(ready)
        os.read(wait_for, 1)
        code = main(asked["argv"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _become_alone(asked):
    """Leave the server's streams, variables and folder."""
    read, write = os.O_RDONLY, os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, (name, flags) in enumerate(
        (("in", read), ("out", write), ("err", write))
    ):
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(asked["environ"])
    os.chdir(asked["cwd"])


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
        done = _hit(place.run, command, home, environ, nearby, fault, place.log)
        if _fired(done, fault, place.log):
            return home, done
    raise AssertionError(f"{point} did not fire")


def _fired(done, fault, log):
    if fault == "KILL":
        return done.returncode in (137, -9)
    return "(INJECTED)" in log.read_text(errors="replace")


def _hit(start, command, home, environ, point, fault, log):
    inject = "signal=KILL" if fault == "KILL" else f"error={fault}"
    return start(
        command,
        home,
        environ,
        wrap=(
            "strace", "-f", "-y", "-o", str(log),
            "-e", f"trace={CALLS}",
            "-e", f"inject={point.call}:{inject}:when={point.number}",
        ),
    )  # fmt: skip


def inject_everywhere(
    case, environ, folder, *, faults, step=1, offset=0, runners=(run, run)
):
    """Hit a command at every `step`-th point; returns a report.

    `case` has `command`, `make_home(path)`, `check_between(home)`,
    `snapshot(home)`, `recover` and `leftovers(home)`. It is not tried again
    where it has `once` and was done.
    """
    places, points, old, new = _prepared(case, environ, folder, runners)

    def one(place, job):
        return 1, _one(case, environ, place, *job, old, new)

    jobs = [(f, point) for f in faults for point in points[offset::step]]
    return _reported(places, jobs, one)


def inject_twice(
    case, environ, folder, *, step=1, step_again=1, runners=(run, run)
):
    """Kill a command at every `step`-th point, and what recovers from that.

    Each such state is recovered from with a kill at every `step_again`-th
    point of that, and then once more.
    """
    places, points, old, new = _prepared(case, environ, folder, runners)

    def one(place, numbered):
        number, point = numbered
        place.base = "kept"
        hit(case.command, environ, place, point, "KILL")
        place.keep("killed")
        place.base = "killed"
        again = points_of(
            case.recover, place.home, environ, place.log, run=place.run
        )[number % step_again :: step_again]
        return len(again), [
            f"KILL at {point.call} #{point.number}, then {violation}"
            for second in again
            for violation in _killed_again(
                case, environ, place, second, old, new
            )
        ]

    return _reported(places, list(enumerate(points[::step])), one)


def _killed_again(case, environ, place, point, old, new):
    where = f"at {point.call} #{point.number} ({point.text[-70:]})"
    home, _ = hit(case.recover, environ, place, point, "KILL")
    found = case.check_between(home)
    recovered = place.run(case.recover, home, environ)
    if recovered.returncode != 0:
        found.append(f"recovery failed: {recovered.stderr[-300:]}")
    state = case.snapshot(home)
    if state not in (old, new):
        found.append(f"neither old nor new: {difference(state, old, new)}")
    found += [f"left behind {name}" for name in case.leftovers(home)]
    return [f"{where}: {violation}" for violation in found]


def _prepared(case, environ, folder, runners):
    """Return (homes, points of a clean run, state before, state after)."""
    places = Queue()
    for number, runner in enumerate(runners):
        place = Place(folder / f"place-{number}", runner)
        case.make_home(place.home)
        place.keep()
        places.put(place)
    place = places.get()
    old = case.snapshot(place.fresh())
    points = points_of(
        case.command, place.home, environ, folder / "log", run=place.run
    )
    new = case.snapshot(place.home)
    places.put(place)
    assert old != new, "the command changes nothing"
    assert len(points) > 5, "no mutating call was seen"
    return places, points, old, new


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


def _one(case, environ, place, fault, point, old, new):
    where = f"{fault} at {point.call} #{point.number} ({point.text[-70:]})"
    home, done = hit(case.command, environ, place, point, fault)
    found = [f"{where}: {v}" for v in case.check_between(home)]
    if fault != "KILL" and done.returncode not in (0, 1, 6):
        found.append(f"{where}: exit {done.returncode}: {done.stderr[-300:]}")
    if b"Traceback" in done.stderr:
        found.append(f"{where}: a traceback")
    recovered = place.run(case.recover, home, environ)
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
    if state == new and getattr(case, "once", False):
        return found
    place.run(case.command, home, environ)
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
