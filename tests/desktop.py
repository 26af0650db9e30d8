"""A private session bus with a real gnome-keyring on it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager

from tests import components

# No service directories: nothing is started on demand behind a test's back.
_CONFIG = """<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir={sockets}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Desktop:
    """The bus, and the keyring daemon if there is one."""

    def __init__(self, folder):
        self.folder = folder
        self.environ = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        self._processes = []

    def start_bus(self):
        config = self.folder / "bus.conf"
        config.write_text(_CONFIG.format(sockets=tempfile.gettempdir()))
        bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--print-address",
             "--nofork"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **self.environ},
        )  # fmt: skip
        self._processes.append(bus)
        address = bus.stdout.readline().strip()
        assert address, "the bus did not start"
        bus.stdout.close()
        self.environ["DBUS_SESSION_BUS_ADDRESS"] = address

    def start_keyring(self):
        daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock",
             "--components=secrets"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self.environ},
        )  # fmt: skip
        self._processes.append(daemon)
        daemon.stdin.write(b"FAKE-login")
        daemon.stdin.close()
        self.daemon = daemon
        self._wait_for("org.freedesktop.secrets")

    def _wait_for(self, name):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            done = subprocess.run(
                ["dbus-send", "--session", "--print-reply",
                 "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
                 "org.freedesktop.DBus.GetNameOwner", f"string:{name}"],
                capture_output=True,
                env={**os.environ, **self.environ},
                check=False,
            )  # fmt: skip
            if done.returncode == 0:
                return
            time.sleep(0.05)
        raise AssertionError(f"nobody owns {name}")

    def freeze(self):
        """Stop the daemon: calls are taken, and never answered."""
        self.daemon.send_signal(signal.SIGSTOP)

    def lock(self):
        """Lock the collection; without a display nobody can unlock it."""
        subprocess.run(
            ["dbus-send", "--session", "--print-reply",
             "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
             "org.freedesktop.Secret.Service.Lock",
             "array:objpath:/org/freedesktop/secrets/collection/login"],
            check=True,
            capture_output=True,
            env={**os.environ, **self.environ},
        )  # fmt: skip

    def stop(self):
        for process in reversed(self._processes):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


@contextmanager
def desktop(folder, *, keyring=True):
    """Yield a running desktop; `environ` reaches it."""
    components.require("dbus")
    place = Desktop(folder)
    try:
        place.start_bus()
        if keyring:
            place.start_keyring()
        yield place
    finally:
        place.stop()
