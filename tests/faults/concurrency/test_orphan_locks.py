"""Locks of Claude Code that a killed program left, or a living one holds."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from keyswitch.targets.claude_code.files import config_lock, login_locks
from keyswitch.targets.lock_folders import WAIT
from tests.faults.cases import CASES, ENVIRON, cli
from tests.faults.harness import Place, folder_in_memory
from tests.faults.login_cases import BOTH, LoginCase
from tests.proof import record

AGES = [0, 9, 11, 59, 61, 600]
KINDS = ["config", "renewal", "login", "storage"]


def made(kind, folder, start):
    """Make a home; return it, the command and the lock that it will need."""
    place = Place(folder, start)
    if kind == "config":
        CASES["first-use"]("plain").make_home(place.home)
        place.keep()
        return place, cli("use", "one")
    steps = [*BOTH, cli("use", "a")]
    case = LoginCase(cli("use", "b"), steps, kept=[], start=start)
    case.make_home(place.home)
    place.keep()
    return place, case.command


def lock_of(kind, home):
    if kind == "config":
        return config_lock(str(home / ".claude.json"))
    return login_locks(str(home / ".claude"))[KINDS.index(kind) - 1]


def state_of(home):
    """Return all that a switch could have changed, with its content."""
    ours = ".local/state/keyswitch"
    names = (
        ".claude.json",
        ".claude/settings.json",
        ".claude/.credentials.json",
        *(f"{ours}/{n}" for n in ("state.json", "undo.json", "baseline")),
    )
    return {
        str(path): path.read_bytes()
        for name in names
        for path in [home / name, *sorted((home / name).rglob("*"))]
        if path.is_file()
    }


def tried(kind, place, command, age):
    """Yield what is wrong with how a command treats a lock of an age."""
    home = place.fresh()
    lock = lock_of(kind, home)
    before = state_of(home)
    os.mkdir(lock.path, 0o755)
    made_at = time.time() - age
    os.utime(lock.path, (made_at, made_at))
    begun = time.time()
    done = place.run(command, home, ENVIRON)
    ended = time.time()
    stale_at = made_at + lock.stale_after
    where = f"{kind} lock of {age} s"
    if done.returncode == 0:
        if ended < stale_at:
            yield f"{where}: stolen {stale_at - ended:.1f} s early"
        if os.path.exists(lock.path):
            yield f"{where}: it is still there"
        if state_of(home) == before:
            yield f"{where}: nothing was switched"
        return
    if stale_at < begun + WAIT - 0.5:
        yield f"{where}: it was not taken over: {done.stderr}"
    if done.returncode != 1 or b"Claude Code has held" not in done.stderr:
        yield f"{where}: {done.returncode} {done.stderr}"
    if not WAIT - 0.5 < ended - begun < WAIT + 5:
        yield f"{where}: given up after {ended - begun:.1f} s"
    if not os.path.exists(lock.path):
        yield f"{where}: another program's lock is gone"
    if state_of(home) != before:
        yield f"{where}: refused, and something was changed"


def of_kind(kind, folder, start):
    place, command = made(kind, folder, start)
    return [f for age in AGES for f in tried(kind, place, command, age)]


def test_a_lock_is_taken_over_when_it_is_stale_and_not_before(
    tmp_path, starters
):
    with folder_in_memory(tmp_path) as room:
        jobs = [
            (kind, room / kind, start)
            for kind, start in zip(KINDS, starters(len(KINDS)), strict=True)
        ]
        with ThreadPoolExecutor(len(jobs)) as pool:
            found = [
                f
                for fs in pool.map(of_kind, *zip(*jobs, strict=True))
                for f in fs
            ]
    record(promise="P1", what="locks of 6 ages x 4 kinds",
           points=len(KINDS) * len(AGES), violations=len(found))  # fmt: skip
    assert found == []


@pytest.mark.full
def test_a_lock_with_a_heartbeat_is_never_taken_over(tmp_path, starters):
    with folder_in_memory(tmp_path) as room:
        place, command = made("storage", room / "place", starters(1)[0])
        home = place.fresh()
        before = state_of(home)
        path = lock_of("storage", home).path
        os.mkdir(path)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(place.run, command, home, ENVIRON)
            while not running.done():
                os.utime(path)
                time.sleep(0.05)
        done = running.result()
        assert done.returncode == 1
        assert b"Claude Code has held" in done.stderr
        assert os.path.exists(path)
        assert state_of(home) == before
    record(promise="P1", what="a lock that its owner keeps alive", points=1,
           violations=0)  # fmt: skip
