"""Forty shells start at once, each with `keyswitch env` in its start file."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.desktop import desktop
from tests.faults.cases import ENVIRON, cli
from tests.faults.concurrency import key_home
from tests.faults.concurrency.key_home import value
from tests.faults.harness import Warm, files_below, run
from tests.proof import record

SHELLS = 40
KEYSWITCH = str(Path(sys.executable).with_name("keyswitch"))
ENV = (KEYSWITCH, "env", "--shell", "sh")
CACHES = (".cache/keyswitch", ".local/state/keyswitch/compiled")


@contextmanager
def home_with(store, tmp_path):
    """Make a home with its secrets in a store; yield it and what reaches it."""
    home = tmp_path / "home"
    if store == "vault":
        start = Warm()
        key_home.make_home(home, start)
        start.close()
        yield home, ENVIRON
        return
    folder = tmp_path / "desktop"
    folder.mkdir(mode=0o700)
    with desktop(folder) as place:
        environ = {**ENVIRON, **place.environ}
        key_home.make_home(home, run, store="keychain", environ=environ)
        yield home, environ


def started(home, environ, number=SHELLS):
    """Start so many at the same moment; return [(what it printed, s)]."""
    together = threading.Barrier(number)

    def one(_):
        together.wait()
        begun = time.monotonic()
        done = subprocess.run(
            ENV, env={**environ, "HOME": str(home)}, cwd=home,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
            check=False,
        )  # fmt: skip
        return done, time.monotonic() - begun

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def contents(home):
    return {
        name: (home / name).read_bytes()
        for name in files_below(home)
        if (home / name).is_file() and not any(c in name for c in CACHES)
    }


stores = pytest.mark.parametrize(
    "store",
    [
        "vault",
        pytest.param("keychain", marks=pytest.mark.real("gnome-keyring")),
    ],
)


@stores
def test_forty_shells_at_once_get_their_key(tmp_path, store):
    with home_with(store, tmp_path) as (home, environ):
        assert run(cli("use", "key2"), home, environ).returncode == 0
        before = contents(home)
        ended = started(home, environ)
        after = contents(home)
    wrong = [d for d, _ in ended if value("key2").encode() not in d.stdout]
    printed = {done.stdout for done, _ in ended}
    times = sorted(took for _, took in ended)
    print(f"{store}: median {times[SHELLS // 2]:.2f} s, p99 {times[-1]:.2f} s")
    record(promise="P8", what=f"40 shells at once, {store}",
           points=SHELLS, violations=len(wrong))  # fmt: skip
    assert [(d.returncode, d.stderr) for d in wrong] == []
    assert {done.returncode for done, _ in ended} == {0}
    assert len(printed) == 1
    assert times[-1] < 10
    assert after == before


def script_of(name, home, environ):
    assert run(cli("use", name), home, environ).returncode == 0
    done = run(cli("env", "--shell", "sh"), home, environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_shells_beside_switches_get_one_profile_or_another(tmp_path):
    with home_with("vault", tmp_path) as (home, environ):
        names = ["key0", "gate1", "aws0", "bearer"]
        whole = {n: script_of(n, home, environ) for n in names}
        over = threading.Event()
        switched = []
        warm = Warm()

        def switch():
            while not over.is_set():
                name = names[len(switched) % len(names)]
                switched.append(warm(cli("use", name), home, environ))

        with ThreadPoolExecutor(1) as pool:
            switching = pool.submit(switch)
            ended = []
            while len(switched) < 2 * len(names):
                ended += started(home, environ)
            over.set()
            switching.result()
        warm.close()
    assert {done.returncode for done in switched} == {0}
    mixed = [d for d, _ in ended if d.stdout not in whole.values()]
    record(promise="P1", what="shells beside switches", points=len(ended),
           violations=len(mixed))  # fmt: skip
    assert [(d.returncode, d.stdout[:300], d.stderr) for d in mixed] == []
    seen = {n for n in names for d, _ in ended if d.stdout == whole[n]}
    print(f"{len(switched)} switches, {len(seen)} profiles seen")
    assert len(seen) > 1
