"""Many generated homes: no traceback, no write, no secret printed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from keyswitch.cli.doctor import doctor
from keyswitch.cli.explain import explain
from keyswitch.cli.output import Output
from keyswitch.cli.session import Session
from keyswitch.cli.whoami import whoami
from keyswitch.diagnosis.scene import Scene
from keyswitch.display import error_text
from keyswitch.errors import KeyswitchError
from keyswitch.profiles.atomic import unusable
from keyswitch.switching.workspace import Workspace
from tests.components import ROOT
from tests.diagnosis import generated_homes as homes

FAST, FULL = 1_500, 20_000  # homes
CHUNK, FULL_CHUNK = 250, 1_000
SAMPLE = range(40)  # of the real command line

NOW = 1_800_000_000.0
PATIENCE = 60  # seconds for one home; what takes longer hangs
CODES = {0, 1, 2, 4, 5}

PIECE = 9  # characters of a secret in a row that are too many
RUNS = re.compile(f"[{homes.RARE}]{{{PIECE},}}", re.IGNORECASE | re.ASCII)

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = (
    "os.chflags", "os.chmod", "os.chown", "os.exec", "os.fork", "os.kill",
    "os.link", "os.lockf", "os.mkdir", "os.posix_spawn", "os.putenv",
    "os.remove", "os.rename", "os.rmdir", "os.setxattr", "os.spawn",
    "os.symlink", "os.system", "os.truncate", "os.unsetenv", "os.utime",
    "pty.", "shutil.", "socket.", "subprocess.", "tempfile.",
)  # fmt: skip


class Watch:
    """Records what this process changes, starts or connects to."""

    def __init__(self):
        self.on = False
        self.seen = []

    def __call__(self, event, args):
        if not self.on:
            return
        if event == "open":
            _, mode, flags = args
            if flags & WRITING or set(mode or "") & set("wax+"):
                self.seen.append(event)
        elif event.startswith(CHANGES):
            self.seen.append(event)

    @contextlib.contextmanager
    def watching(self):
        self.seen.clear()
        self.on = True
        try:
            yield self.seen
        finally:
            self.on = False


WATCH = Watch()
sys.addaudithook(WATCH)


def tree(folder):
    """Return what shows whether anything below a folder was changed."""
    found = {}
    for entry in os.scandir(folder):
        s = entry.stat(follow_symlinks=False)
        found[entry.path] = (
            s.st_mode, s.st_ino, s.st_nlink, s.st_size, s.st_mtime_ns,
            s.st_ctime_ns,
        )  # fmt: skip
        if entry.is_dir(follow_symlinks=False):
            found |= tree(entry.path)
    return found


def leaked(secrets, text):
    """Return the rows of characters that a text has from a secret."""
    runs = [run.lower() for run in RUNS.findall(text)]
    if not runs:
        return set()
    pieces = {
        secret[at : at + PIECE].lower()
        for secret in secrets
        for at in range(len(secret) - PIECE + 1)
    }
    return {
        run[at : at + PIECE]
        for run in runs
        for at in range(len(run) - PIECE + 1)
    } & pieces


@dataclass
class Shown:
    """What one command came to."""

    code: int
    out: str
    err: str

    def problems(self, home, args):
        """Yield every promise that the output breaks."""
        if self.code not in CODES:
            yield f"exit status {self.code}"
        if leaked(home.secrets, self.out + self.err):
            yield "shows a secret"
        for line in (self.out + self.err).split("\n"):
            if not line.isprintable():
                yield f"prints {line[:200]!a}"
        if "--json" in args and self.out:
            with_version = json.loads(self.out)
            if with_version["version"] != 1:
                yield "has no version"
        for line in self.err.splitlines():
            if not line.startswith("keyswitch: "):
                yield f"says {line[:200]!a}"


def as_shown(error, profiles):
    """Return the error that is printed; of the system's only one may be."""
    if isinstance(error, KeyswitchError):
        return error
    if error.filename != profiles:
        raise error
    return unusable(error.filename, error)


def run(home, command, *args):
    """Do in this process what the command line does."""
    out, err = io.StringIO(), io.StringIO()
    session = Session(Output(), home.environ, no_input=True)
    session._workspace = Workspace(home.environ, cwd=home.cwd)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = command.main(list(args), obj=session, standalone_mode=False)
        except (KeyswitchError, OSError) as e:
            error = as_shown(e, session.workspace().paths.profiles_dir)
            err.write(error_text(error))
            code = error.exit_code
    return Shown(code, out.getvalue(), err.getvalue())


def commands(home):
    """Return the commands for a home; the forms take turns."""
    turn = home.index % 2
    first, second = home.texts
    return [
        (whoami, "--", *home.options),
        (whoami, "--json", "--", *home.options),
        (doctor,) if turn else (doctor, "--json"),
        (doctor, "--report"),
        (explain, "--", first),
        (explain, "--json", "--", second) if turn else (explain, "--", second),
        (explain, "--from-log", "--json") if turn else (explain, "--from-log"),
    ]


def problems_of(home):
    """Yield what is wrong with what is said of a home."""
    asked = commands(home)
    again = asked[home.index % len(asked)]
    seen = []
    for command, *args in [*asked, again]:
        try:
            shown = run(home, command, *args)
        except Exception as e:  # noqa: BLE001
            last = traceback.extract_tb(e.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.lineno}"
            yield f"{command.name}: {type(e).__name__} in {where}"
            return
        seen.append(shown)
        for problem in shown.problems(home, args):
            yield f"{command.name} {args[:1]}: {problem}"
    if seen.pop() != seen[asked.index(again)]:
        yield f"{again[0].name}: says something else the second time"


@contextlib.contextmanager
def descriptors(home):
    """Open what a home has on its descriptors; nothing may be used up."""
    readers = []
    for number, data in home.descriptors.items():
        if number % 2:
            reader, writer = os.memfd_create("x"), None
            os.write(reader, data)
        else:
            reader, writer = os.pipe()
            os.write(writer, data)
            os.close(writer)
        os.dup2(reader, number)
        os.close(reader)
        readers.append(number)
    try:
        yield
        for number in readers:
            if number % 2:
                os.lseek(number, 0, os.SEEK_SET)
            assert os.read(number, 1 << 20) == home.descriptors[number]
    finally:
        for number in readers:
            os.close(number)


def look_at(index, root):
    """Return all that is wrong with one home."""
    root.mkdir()
    home = homes.build(index, root)
    before = tree(root)
    Scene.__init__.__kwdefaults__["managed_dir"] = home.managed
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    with descriptors(home), WATCH.watching() as changes:
        found = list(problems_of(home))
    signal.setitimer(signal.ITIMER_REAL, 0)
    found += [f"does {event}" for event in sorted(set(changes))]
    if tree(root) != before:
        found.append("changes a file")
    homes.remove(root)
    return [f"home {index}: {problem}" for problem in found]


@pytest.fixture
def apart(tmp_path, monkeypatch):
    """Stand still in time, in a folder of its own; give up what hangs."""

    def give_up(*_):
        raise TimeoutError

    monkeypatch.setattr(time, "time", lambda: NOW)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setitem(Scene.__init__.__kwdefaults__, "managed_dir", "")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    before = signal.signal(signal.SIGALRM, give_up)
    yield tmp_path / "home"
    signal.signal(signal.SIGALRM, before)
    assert list(elsewhere.iterdir()) == []


def chunks(total, size):
    return [range(at, min(at + size, total)) for at in range(0, total, size)]


def name_of(chunk):
    return f"{chunk.start}-{chunk.stop - 1}"


@pytest.mark.parametrize("chunk", chunks(FAST, CHUNK), ids=name_of)
def test_a_generated_home_is_only_looked_at(chunk, apart):
    assert [p for index in chunk for p in look_at(index, apart)] == []


@pytest.mark.full
@pytest.mark.parametrize("chunk", chunks(FULL, FULL_CHUNK), ids=name_of)
def test_each_of_many_generated_homes_is_only_looked_at(chunk, apart):
    assert [p for index in chunk for p in look_at(index, apart)] == []
