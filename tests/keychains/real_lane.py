"""A home whose keychain is a real gnome-keyring that can be stopped.

The command reaches the bus through a relay that counts the calls to the
keychain, and stops or locks it right before one of them gets there.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import struct
import threading

from jeepney.io.blocking import DBusConnection, prep_socket
from secretstorage import Collection

from tests.desktop import desktop
from tests.keychains.fake_secret_service import NAME
from tests.keychains.lane import Lane

_CALL = 1  # the type of a message


class Relay:
    """A socket in the bus's place."""

    def __init__(self, path, bus):
        self.path = str(path)
        self._bus = bus
        self.begin()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def begin(self, at=0, act=None):
        """Count anew, and do something right before a call; 0: never."""
        self.calls, self._at, self._act = [], at, act

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            bus = socket.socket(socket.AF_UNIX)
            bus.connect(self._bus)
            for pump, pair in (
                (self._requests, (client, bus)),
                (self._replies, (bus, client)),
            ):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    def _replies(self, source, target):
        _pump(source, target, lambda: source.recv(1 << 16))

    def _requests(self, source, target):
        begun = False
        with source.makefile("rb") as stream:

            def read():
                nonlocal begun
                if begun:
                    return self._message(stream)
                line = stream.readline()
                begun = line.startswith(b"BEGIN")
                return line

            _pump(source, target, read)

    def _message(self, stream):
        """Read one message; do what is to be done before it."""
        start = stream.read(16)
        if len(start) < 16:
            return b""
        body, fields = struct.unpack("<4xI4xI", start)
        rest = stream.read(((fields + 7) & ~7) + body)
        if start[1] == _CALL and NAME.encode() in rest[:fields]:
            due = len(self.calls) + 1 == self._at
            self.calls.append("call" + "!" * due)
            if due:
                self._act()
        return start + rest

    def close(self):
        self._listener.close()


def _pump(source, target, read):
    """Hand on what comes from one end until either is closed."""
    try:
        while part := read():
            target.sendall(part)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue
    source.close()


class RealLane(Lane):
    """As a lane with the fake, but for its orders.

    `{"freeze": n}` stops the daemon at call n, `{"lock": n}` locks it.
    """

    def __init__(self, folder):
        super().__init__(folder)
        self._kept = {}
        (folder / "real").mkdir(mode=0o700)
        self.desktop = self._stack.enter_context(desktop(folder / "real"))
        address = self.desktop.environ["DBUS_SESSION_BUS_ADDRESS"]
        self._socket = address.removeprefix("unix:path=").partition(",")[0]
        self._relay = Relay(folder / "relay", self._socket)
        self._stack.callback(self._relay.close)
        self._bus = f"unix:path={self._relay.path}"

    def order(self, orders=None):
        self.desktop.daemon.send_signal(signal.SIGCONT)
        self._relay.begin()
        for name, call in (orders or {}).items():
            self._relay.begin(call, getattr(self.desktop, name))

    def settle(self):
        """Let the daemon go on; nobody can unlock it, so a new one begins."""
        self.order()
        with self._collection().connection as connection:
            locked = Collection(connection).is_locked()
        if locked:
            self.desktop.daemon.kill()
            self.desktop.daemon.wait()
            self.desktop.start_keyring()
        assert self.items

    @property
    def calls(self):
        return list(self._relay.calls)

    def _collection(self):
        return Collection(DBusConnection(prep_socket(self._socket, timeout=10)))

    @property
    def items(self):
        collection = self._collection()
        with collection.connection:
            return {
                item.item_path: {
                    "attributes": item.get_attributes(),
                    "secret": base64.b64encode(item.get_secret()).decode(),
                }
                for item in collection.get_all_items()
            }

    def keep(self, name):
        kept = self._folder / "kept" / name
        shutil.copytree(self.home, kept / "home", symlinks=True)
        self._kept[name] = self.items

    def put_back(self, name):
        self.order()
        kept = self._folder / "kept" / name
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(kept / "home", self.home, symlinks=True)
        self._fill(self._kept[name])

    def empty_home(self):
        shutil.rmtree(self.home, ignore_errors=True)
        os.mkdir(self.home)
        self._fill({})

    def _fill(self, items):
        collection = self._collection()
        with collection.connection:
            for item in list(collection.get_all_items()):
                item.delete()
            for item in items.values():
                secret = base64.b64decode(item["secret"])
                collection.create_item("FAKE", item["attributes"], secret)
