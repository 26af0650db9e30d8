"""Programs that read and write Claude Code's files while keyswitch does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from tests.faults.concurrency.key_home import (
    CONFIG,
    NAMES,
    POINTER,
    PROFILES,
    SETTINGS,
    plain,
)

STALE = 10  # seconds after which Claude Code takes a lock over


@contextmanager
def at_work(*programs):
    """Let programs work meanwhile, each in a thread, until the end."""
    with ThreadPoolExecutor(len(programs)) as pool:
        jobs = [pool.submit(program.work) for program in programs]
        try:
            yield
        finally:
            for program in programs:
                program.over.set()
    for job in jobs:
        job.result()


class Reader:
    """Looks at every file all the time; each is whole whenever one looks.

    With `known`, Claude Code's files also have to be those of one profile.
    """

    def __init__(self, home, known=None, *, names=NAMES):
        self.home, self.known, self.names = home, known, names
        self.over = threading.Event()
        self.found = []
        self.reads = 0

    def work(self):
        while not self.over.wait(0.002):
            for name in (SETTINGS, CONFIG):
                document = self._parsed(name, json.loads)
                if document is not None and self.known:
                    self._check(name, document)
            pointer = self._parsed(POINTER, json.loads)
            if pointer and pointer["active"] not in ("", *self.names):
                self.found.append(f"the pointer is {pointer}")
            for path in (self.home / PROFILES).glob("[a-z]*.toml"):
                self._parsed(path.relative_to(self.home), _toml)

    def _parsed(self, name, parse):
        try:
            data = (self.home / name).read_bytes()
        except FileNotFoundError:
            return None  # a profile may be removed, the pointer not made yet
        self.reads += 1
        try:
            return parse(data)
        except ValueError as e:
            self.found.append(f"read {name}: {e}: {data!r}")
            return None

    def _check(self, name, document):
        if plain(name, document) not in [k[name] for k in self.known.values()]:
            self.found.append(f"{name} is of no profile: {document}")


def _toml(data):
    return tomllib.loads(data.decode())


class Polite:
    """Writes as Claude Code does: lock, read, temporary file, rename.

    It counts in a key of its own. Where somebody else wrote the file between
    its read and its rename, or its count went back, it has found a fault.
    """

    def __init__(self, home, name, pause=0.02):
        self.path = home / name
        self.lock = self.path.with_name(f"{self.path.name}.lock")
        self.over = threading.Event()
        self.found = []
        self.count = 0
        self.pause = pause

    def work(self):
        while not self.over.wait(self.pause):
            if self._take():
                try:
                    self._write()
                finally:
                    self.lock.rmdir()

    def _take(self):
        try:
            self.lock.mkdir()
        except FileExistsError:
            with suppress(FileNotFoundError):
                if time.time() - self.lock.stat().st_mtime > STALE:
                    self.lock.rmdir()
            return False
        return True

    def _write(self):
        read = self.path.read_bytes()
        document = json.loads(read)
        if document.get("turns", 0) != self.count:
            self.found.append(
                f"{self.path.name}: {document.get('turns')} of {self.count}"
            )
        self.count += 1
        document["turns"] = self.count
        beside = self.path.with_name(f"{self.path.name}.tmp.1.0123456789ab")
        beside.write_text(json.dumps(document, indent=2))
        beside.chmod(0o600)
        if self.path.read_bytes() != read:
            self.found.append(f"{self.path.name} was written under our lock")
        beside.rename(self.path)


class Torn:
    """Counts how often a file is not whole when one looks at it."""

    def __init__(self, path):
        self.path = path
        self.over = threading.Event()
        self.times = 0

    def work(self):
        while not self.over.wait(0.002):
            try:
                json.loads(self.path.read_bytes())
            except ValueError:
                self.times += 1


# Nothing in between: the file is empty, or half, for whoever looks then.
_RUDE = """
import json, os, random, sys, time
path, number = sys.argv[1], sys.argv[2]
print("ready", flush=True)
count = 0
while os.getppid() == int(sys.argv[3]):
    time.sleep(random.uniform(0, 0.08))
    try:
        document = json.load(open(path))
    except (OSError, ValueError):
        document = {"begin": number}
    document[f"rude{number}"] = count = count + 1
    document["filler"] = "x" * random.randrange(3000)
    document["end"] = number
    text = json.dumps(document, indent=random.choice((None, 2)))
    half = len(text) // 2
    with open(path, "w") as file:
        time.sleep(random.choice((0, 0.002, 0.02, 0.05)))
        file.write(text[:half])
        file.flush()
        time.sleep(random.choice((0, 0.002)))
        file.write(text[half:])
"""


@contextmanager
def rude_writers(path, number=3):
    """Let processes write a file in place, without a lock, meanwhile."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _RUDE, path, str(n), str(os.getpid())],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(number)
    ]
    try:
        for writer in writers:
            assert writer.stdout.readline() == "ready\n"
        yield
        assert [writer.poll() for writer in writers] == [None] * number
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
