"""Keeps tests away from the person's own credentials and from the network.

Three fences: a process environment that names nothing of the machine, a
session keyring of the test's own, and an audit hook that refuses and records
what passes the first two. The hook sees this process only; child processes
are held by the environment.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import itertools
import os
import platform
import pwd
import sys
from typing import Any

KEPT = (
    "CI",
    "KEYSWITCH_REQUIRE_REAL",
    "KEYSWITCH_SKIPS",
    "LANG",
    "LC_ALL",
    "PATH",
    "TERM",
    "TMPDIR",
)
KEPT_PREFIXES = (
    "COVERAGE_",
    "HYPOTHESIS_",
    "KEYSWITCH_TEST_",
    "PYTEST_",
    "PYTHON",
)

# Below a home directory: what holds credentials or says where they are.
PRIVATE_PLACES = (
    ".aws",
    ".azure",
    ".claude",
    ".claude.json",
    ".config/anthropic",
    ".config/claude",
    ".config/gcloud",
    ".config/gh",
    ".config/keyswitch",
    ".config/python_keyring",
    ".docker",
    ".git-credentials",
    ".gnupg",
    ".local/share/keyrings",
    ".local/share/keyswitch",
    ".local/share/python_keyring",
    ".local/state/keyswitch",
    ".netrc",
    ".npmrc",
    ".password-store",
    ".pgpass",
    ".pypirc",
    ".ssh",
)

_HOME_BEFORE = "KEYSWITCH_TEST_HOME_BEFORE"

_PATH_EVENTS = {
    "open",
    "os.chmod",
    "os.link",
    "os.listdir",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.scandir",
    "os.symlink",
    "os.truncate",
    "os.utime",
}


class GuardError(BaseException):
    """A test touched what it must not; no `except Exception` hides it."""


class Guard:
    """Fences and the record of who ran into them."""

    def __init__(self, home: str) -> None:
        homes = {os.path.abspath(home), os.path.realpath(home)}
        self.homes = tuple(
            h.rstrip("/") + "/" for h in sorted(homes) if h != "/"
        )
        self.places = tuple(
            h + place for h in self.homes for place in PRIVATE_PLACES
        )
        self.trespasses: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """Judge one audit event."""
        if event in _PATH_EVENTS:
            for arg in args[:2]:
                self._judge_path(event, arg)
        elif event == "socket.connect":
            self._judge_address(args[1])
        elif event == "socket.getaddrinfo":
            self._judge_host(args[0])

    def _judge_path(self, event: str, path: object) -> None:
        if isinstance(path, (int, type(None))):
            return
        try:
            text = os.path.abspath(os.fsdecode(path))  # type: ignore[arg-type]
        except (TypeError, OSError):
            return
        if not text.startswith(self.homes):
            return
        for place in self.places:
            # `.claude` also covers .claude.json.backup and its like.
            if text == place or text.startswith((place + "/", place + ".")):
                self._refuse(f"{event} of {text}")

    def _judge_address(self, address: object) -> None:
        if isinstance(address, tuple) and address:
            self._judge_host(address[0])

    def _judge_host(self, host: object) -> None:
        name = host.decode() if isinstance(host, bytes) else host
        if name in (None, "", "localhost"):
            return
        try:
            inside = ipaddress.ip_address(str(name)).is_loopback
        except ValueError:
            inside = False
        if not inside:
            self._refuse(f"connection to {name}")

    def _refuse(self, what: str) -> None:
        self.trespasses.append(what)
        raise GuardError(f"a test must not do this: {what}")


def bare_environment(environ: dict[str, str]) -> dict[str, str]:
    """Return the few variables that tests may inherit."""
    return {
        name: value
        for name, value in environ.items()
        if name in KEPT or name.startswith(KEPT_PREFIXES)
    }


_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "i686": 288}
_JOIN_SESSION_KEYRING, _SETPERM, _DESCRIBE = 1, 5, 6
_SESSION_KEYRING = -3
# All for its own processes; its user's others may look, and join by name.
_JOINABLE = 0x3F1B0000
_NAME = b"keyswitch-test-"
_numbers = itertools.count()


def _keyctl(*args: object) -> int:
    number = _KEYCTL.get(platform.machine())
    if sys.platform != "linux" or number is None:
        return -1
    return int(ctypes.CDLL(None).syscall(number, *args))


def join_fresh_keyring() -> None:
    """Leave the session keyring that the tests were started in.

    Without this a test could read, and would fill, the person's own unlock
    cache. Where the kernel has no keyrings there is nothing to leave.
    """
    join_keyring(f"{_NAME.decode()}{os.getpid()}-{next(_numbers)}")


def join_keyring(name: str) -> None:
    """Make the keyring with this name the session's; make it if need be."""
    _keyctl(_JOIN_SESSION_KEYRING, name.encode())
    _keyctl(_SETPERM, _SESSION_KEYRING, _JOINABLE)


def keyring_name() -> str:
    """Return the name of this process's keyring, or "" if it has no fresh one.

    For other processes that are to have the same.
    """
    found = ctypes.create_string_buffer(256)
    _keyctl(_DESCRIBE, _SESSION_KEYRING, found, len(found))
    name = found.value.rpartition(b";")[2]
    return name.decode() if name.startswith(_NAME) else ""


def real_homes() -> list[str]:
    """Return the home directories of the person who runs the tests.

    Worker processes inherit a HOME that is fenced already, so the first
    process hands the real one down.
    """
    own = os.environ.setdefault(_HOME_BEFORE, os.environ.get("HOME", ""))
    homes = {own}
    with contextlib.suppress(KeyError):  # as of a container's --user 1500
        homes.add(pwd.getpwuid(os.getuid()).pw_dir)
    return sorted(homes - {""})
