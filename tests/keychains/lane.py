"""One bus with the fake service, and a home with profiles that use it.

Everything is put back before each run, at the same paths.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from queue import Queue

from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import DBusConnection, prep_socket

from tests.components import ROOT
from tests.desktop import desktop
from tests.keychains.fake_secret_service import NAME, PREFIX
from tests.keychains.fake_secret_service import ROOT as ROOT_PATH
from tests.keychains.runs import Runner

LANES = 3


class Lane:
    """The bus, the fake, the home and the warm process."""

    def __init__(self, folder):
        self.home = folder / "home"
        self.fake = folder / "fake"
        self._folder = folder
        self._stack = ExitStack()
        self._service = None
        self._cell = 0
        for path in (self.fake, folder / "bus", folder / "empty"):
            path.mkdir(parents=True, mode=0o700)
        self._bus = self._desktop("bus")
        self._empty = self._desktop("empty")
        silent = socket.socket(socket.AF_UNIX)
        silent.bind(str(folder / "silent"))
        silent.listen(64)
        self._stack.callback(silent.close)
        self.runner = Runner()
        self._stack.callback(self.runner.close)

    def _desktop(self, name):
        place = desktop(self._folder / name, keyring=False)
        found = self._stack.enter_context(place)
        return found.environ["DBUS_SESSION_BUS_ADDRESS"]

    def environ(self, bus=""):
        """Return the variables of a shell that finds this bus."""
        address = {
            "": self._bus,
            "none": "",
            "empty": self._empty,
            "silent": f"unix:path={self._folder}/silent",
        }.get(bus, bus)
        found = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LC_ALL": "C.UTF-8",
            "DBUS_SESSION_BUS_ADDRESS": address,
            "XDG_RUNTIME_DIR": str(self._folder),
        }
        return {k: v for k, v in found.items() if v}

    def run(self, argv, *, bus="", environ=None, **options):
        """Run keyswitch in the home, on this bus."""
        found = {**self.environ(bus), **(environ or {})}
        return self.runner(list(argv), self.home, found, **options)

    def done(self, *argv, **options):
        """Run what has to succeed."""
        ran = self.run(argv, **options)
        assert ran.code == 0, (argv, ran)
        return ran

    # ---------------------------------------------------------------- service

    def order(self, orders=None):
        """Tell the service what to do wrong; start it if it has ended."""
        self._cell += 1
        stage = self.fake / "orders.stage"
        stage.write_text(json.dumps({**(orders or {}), "cell": self._cell}))
        stage.rename(self.fake / "orders.json")
        (self.fake / "log").write_text("")
        if self._service is None or self._service.poll() is not None:
            self._start()

    def settle(self):
        """Let the service behave, and wait until it has done what it is at."""
        self.order()
        bus = self._bus.removeprefix("unix:path=").partition(",")[0]
        connection = DBusConnection(prep_socket(bus, timeout=60))
        with connection:
            root = DBusAddress(ROOT_PATH, NAME, f"{PREFIX}Service")
            call = new_method_call(root, "ReadAlias", "s", ("default",))
            connection.send_and_get_reply(call, timeout=60)

    def _start(self):
        self.stop_service()
        self._service = subprocess.Popen(
            [sys.executable, "-m", "tests.keychains.fake_secret_service",
             str(self.fake)],
            stdout=subprocess.PIPE,
            env={**self.environ(), "HOME": str(self.fake)},
            cwd=ROOT,
            text=True,
        )  # fmt: skip
        assert self._service.stdout.readline() == "ready\n"

    def stop_service(self):
        """End the service, and wait until the bus knows."""
        if self._service is not None:
            self._service.kill()
            self._service.communicate()
            self._service = None

    @property
    def calls(self):
        """The calls that the service was asked for since it had its orders."""
        return (self.fake / "log").read_text().splitlines()

    @property
    def items(self):
        """What the service holds: {name: text} of keyswitch's items."""
        path = self.fake / "items.json"
        return json.loads(path.read_text()) if path.exists() else {}

    # ------------------------------------------------------------------ homes

    def keep(self, name):
        """Keep the home and the items as they are, under a name."""
        kept = self._folder / "kept" / name
        shutil.copytree(self.home, kept / "home", symlinks=True)
        shutil.copy(self.fake / "items.json", kept / "items.json")

    def put_back(self, name):
        """Make the home and the items what was kept."""
        kept = self._folder / "kept" / name
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(kept / "home", self.home, symlinks=True)
        shutil.copy(kept / "items.json", self.fake / "items.json")

    def empty_home(self):
        """Begin with nothing."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        (self.fake / "items.json").write_text("{}")

    def close(self):
        self.stop_service()
        self._stack.close()


@contextmanager
def several(kind, folder, make):
    """Give some lanes: most of the time is spent waiting for deadlines."""
    made = [kind(folder / str(number)) for number in range(LANES)]
    try:
        with ThreadPoolExecutor(LANES) as pool:
            list(pool.map(make, made))
        yield made
    finally:
        for lane in made:
            lane.close()


def in_lanes(lanes, jobs):
    """Do jobs, functions of a lane, as many at once as there are lanes."""
    free = Queue()
    for lane in lanes:
        free.put(lane)

    def one(job):
        lane = free.get()
        try:
            return job(lane)
        finally:
            free.put(lane)

    with ThreadPoolExecutor(len(lanes)) as pool:
        return list(pool.map(one, jobs))
