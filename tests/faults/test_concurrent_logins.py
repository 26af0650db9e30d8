"""Many switches between logins at once, some of them killed at any time.

Claude Code is there as well: it renews the live login's tokens all the time,
under its own locks, and a token that was replaced never works again.
"""

import json
import os
import random
import signal
import subprocess
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from queue import Queue

import pytest

from tests.faults.cases import ENVIRON, cli, vault_entries
from tests.faults.harness import (
    CALLS,
    Place,
    folder_in_memory,
    points_of,
)
from tests.faults.login_cases import (
    BOTH,
    CONFIG,
    LIVE,
    LoginCase,
    config,
    credentials,
    live_text,
    token,
)

NAMES = [f"p{number}" for number in range(10)]
AT_ONCE = 8
LOCKS = (
    ".claude/.oauth_refresh.lock",
    ".claude.lock",
    ".claude/.storage-write.lock",
    ".claude.json.lock",
)
IN_PLACE = '-.credentials.json", "'
OVERTAKEN = b"another program is changing"


class Crowd:
    """One home, and all who use it at the same time."""

    def __init__(self, home):
        self.home = home
        self.over = threading.Event()
        self.state = dict.fromkeys(NAMES, 1)  # of each account's newest tokens
        self.found = []  # what must not be
        self.renewals = 0
        self.turns = threading.Semaphore(0)  # one for each switch that ended
        self.seen = {}  # a lock folder's identity -> when first and last seen

    @contextmanager
    def at_work(self):
        """Let readers, a watcher and Claude Code work meanwhile."""
        work = [self._read] * 3 + [self._watch, self._renew]
        with ThreadPoolExecutor(len(work)) as pool:
            jobs = [pool.submit(one) for one in work]
            try:
                yield
            finally:
                self.over.set()
        for job in jobs:
            job.result()

    def _read(self):
        """Parse the files, which are whole whenever one looks."""
        paths = [self.home / n for n in (LIVE, CONFIG, ".claude/settings.json")]
        while not self.over.wait(0.002):
            for path in paths:
                try:
                    json.loads(path.read_bytes())
                except (OSError, ValueError) as e:
                    self.found.append(f"read {path.name}: {e}")

    def _watch(self):
        """Note how long each lock stays."""
        while not self.over.wait(0.002):
            for name in LOCKS:
                with suppress(FileNotFoundError):
                    found = os.stat(self.home / name)
                    key = name, found.st_ino, found.st_mtime_ns
                    now = time.monotonic()
                    self.seen[key] = self.seen.get(key, (now,))[0], now

    def _renew(self):
        """Do as Claude Code does when an access token is about to end."""
        while not self.over.is_set():
            for _ in range(random.randrange(1, 5)):
                self.turns.acquire(timeout=1)
            renewed = False
            while not (renewed or self.over.wait(0.001)):
                with ExitStack() as locks:
                    if all(self._takes(locks, name) for name in LOCKS[:3]):
                        self._renew_live()
                        renewed = True

    def _takes(self, locks, name):
        try:
            os.mkdir(self.home / name)
        except FileExistsError:
            return False
        locks.callback(os.rmdir, self.home / name)
        return True

    def _renew_live(self):
        path = self.home / LIVE
        text = path.read_text()
        account = next(n for n in NAMES if f"FAKE{n}x" in text)
        state = self.state[account]
        if token("ort", account, state) not in text:
            self.found.append(f"{account}: a token that is used up is live")
            return
        beside = path.with_name(".credentials.json.tmp.0123abcd")
        beside.write_text(credentials(account, state + 1))
        beside.chmod(0o600)
        self.state[account] = state + 1
        beside.rename(path)
        self.renewals += 1


def switch_often(crowd, times, starters, *, killed):
    """Switch at random; this share of all is killed. Returns what became."""
    free = Queue()
    for starter in starters:
        free.put(starter)
    span = [0.5]  # seconds that a switch takes, with the others before it
    chance = random.Random(times)

    def switch(job):
        name, share = job
        starter = free.get()
        begun = time.monotonic()
        limit = None if share is None else share * span[0]
        done = starter(cli("use", name), crowd.home, ENVIRON, kill_after=limit)
        crowd.turns.release()
        if done.returncode == 0:
            span[0] += (time.monotonic() - begun - span[0]) / 10
        free.put(starter)
        return done

    jobs = [
        (
            chance.choice(NAMES),
            chance.uniform(0, 0.8) if chance.random() < killed else None,
        )
        for _ in range(times)
    ]
    with ThreadPoolExecutor(len(starters)) as pool:
        return list(pool.map(switch, jobs))


def wrong_with(home, newest):
    """Yield what must not be once nobody is at work any more."""
    pointer = (home / ".local/state/keyswitch/state.json").read_text()
    active = json.loads(pointer)["active"]
    if live_text(home) != credentials(active, newest[active]):
        yield f"the newest login of {active} is not what is live"
    named = json.loads((home / CONFIG).read_text())
    if named["oauthAccount"] != json.loads(config(active))["oauthAccount"]:
        yield f"Claude Code does not say that it is {active}"
    entries = vault_entries(home)
    for name in NAMES:
        path = home / f".config/keyswitch/profiles/{name}.toml"
        ref = tomllib.loads(path.read_text())["secrets"]["login"]
        kept = entries.get(f"{ref['item']}:{ref['generation']}", "nothing")
        if f"FAKE{name}x" not in kept:
            yield f"{name} refers to {kept}"
        for kind in ("oat", "ort"):
            newest_token = token(kind, name, newest[name])
            if name != active and newest_token not in kept:
                yield f"{name} has lost its newest {kind}"


def crowded(home, starters, times):
    """Let a crowd loose on a home with ten logins; return what came of it."""
    steps = []
    for name in NAMES:
        steps += [(name, 1), cli("login", name, "--capture", "-q")]
    case = LoginCase(cli("list"), steps, kept=[], start=starters[0])
    home.mkdir()
    case.make_home(home)
    crowd = Crowd(home)
    with crowd.at_work():
        ended = switch_often(crowd, times, starters, killed=0.3)
    done = starters[0](cli("use", NAMES[0]), home, ENVIRON)
    assert done.returncode == 0, done.stderr
    crowd.found += wrong_with(home, crowd.state)
    crowd.found += case.leftovers(home)
    return crowd, ended


def check(crowd, ended):
    deaths = sum(done.returncode == -9 for done in ended)
    refusals = [d for d in ended if d.returncode not in (0, -9)]
    longest = max(last - first for first, last in crowd.seen.values())
    print(
        f"{len(ended)} switches, {deaths} killed, {len(refusals)} overtaken, "
        f"{crowd.renewals} renewals, longest lock {longest:.3f} s"
    )
    assert crowd.found == []
    assert [d.stderr for d in refusals if OVERTAKEN not in d.stderr] == []
    assert deaths >= len(ended) / 8
    assert len(refusals) <= len(ended) / 10
    assert crowd.renewals >= len(ended) / 20
    assert longest < 1


def test_a_crowd_of_switches_loses_no_login(tmp_path, starters):
    with folder_in_memory(tmp_path) as room:
        check(*crowded(room / "home", starters(AT_ONCE), 60))


@pytest.mark.full
@pytest.mark.parametrize("block", range(8))
def test_a_thousand_switches_lose_no_login(tmp_path, starters, block, times):
    with folder_in_memory(tmp_path) as room:
        check(*crowded(room / "home", starters(AT_ONCE), 125 * times))


class Stopped:
    """A command that was stopped after one of its calls, until it goes on."""

    def __init__(self, command, home, call, number, of=None):
        """Stop it at a call of this number; `of`: of those on this file."""
        log = home.with_name(f"{command.argv[3]}.log")
        log.touch()
        self._tracer = subprocess.Popen(
            [
                "strace", "-o", str(log), "-e", f"trace={CALLS}",
                "-e", f"inject={call}:signal=STOP:when={number}",
                *(["-P", str(of)] if of else []),
                *command.argv,
            ],
            env={**ENVIRON, "HOME": str(home)},
            cwd=home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        end = time.monotonic() + 30
        while "stopped by SIGSTOP" not in log.read_text():
            assert time.monotonic() < end
            time.sleep(0.01)
        pid = self._tracer.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        self._pid = int(children.split()[0])

    def go_on(self):
        os.kill(self._pid, signal.SIGCONT)

    def said(self):
        return self._tracer.communicate(timeout=60)[1]


def number_of(call, text, command, place):
    """Return which call of this name it is that has this text."""
    points_of(command, place.fresh(), ENVIRON, place.log)
    calls = [
        line
        for line in place.log.read_text().splitlines()
        if f" {call}(" in line
    ]
    return next(n for n, line in enumerate(calls, 1) if text in line)


@pytest.mark.real("strace")
def test_a_command_beside_a_switch_does_not_take_it_back(tmp_path, starters):
    steps = [*BOTH, cli("use", "a"), ("a", 2)]
    case = LoginCase(cli("use", "b"), steps, kept=[], start=starters(1)[0])
    with folder_in_memory(tmp_path) as room:
        place = Place(room / "place")
        case.make_home(place.home)
        place.keep()
        looked = number_of("openat", "login-stamp", cli("list"), place)
        moved = number_of("rename", IN_PLACE, case.command, place)
        home = place.fresh()
        beside = Stopped(cli("list"), home, "openat", looked)
        switch = Stopped(case.command, home, "rename", moved)
        beside.go_on()
        time.sleep(0.5)
        switch.go_on()
        assert b"switched to 'b'" in switch.said()
        assert beside.said() == b""
        assert token("oat", "b", 1) in live_text(home)
        pointer = (home / ".local/state/keyswitch/state.json").read_text()
        assert json.loads(pointer)["active"] == "b"
