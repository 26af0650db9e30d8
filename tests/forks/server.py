"""The process that commands are forked from, once it has loaded keyswitch.

A message on the control socket carries four descriptors: the command's three
streams, and a socket on which the fork reads what it is to run, says that it
is ready, and the server says how it ended. No threads, and nothing of one
command is left for the next.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import json
import os
import pkgutil
import resource
import selectors
import signal
import socket
import sys
import termios
import time
import traceback
from dataclasses import dataclass, field

from tests import guard

DESCRIPTORS = 4

# Called in each fork, last before its command begins. What a server's `setup`
# adds makes all its commands run elsewhere, as somebody else, or badly.
BEFORE = []


# What commands load when they need it, and a fork would load each time.
LOADED_LATER = (
    "click._textwrap",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.hmac",
    "encodings.utf_8_sig",
    "keyring.backends.SecretService",
    "tomlkit",
)


def import_everything():
    """Import all of keyswitch, and let passphrases cost next to nothing."""
    import keyswitch

    for module in pkgutil.walk_packages(keyswitch.__path__, "keyswitch."):
        importlib.import_module(module.name)
    for name in LOADED_LATER:
        importlib.import_module(name)
    from keyswitch.secrets.vault import key_slots

    key_slots.DEFAULT_KDF = key_slots.CHEAPEST_KDF  # that the format allows


def keyswitch(args):
    """Be `python -m keyswitch`, to its end."""
    main = importlib.import_module("keyswitch.__main__")
    sys.argv = [main.__file__, *args]
    main.launch()


def serve(control_number, setup=""):
    """Fork for each message, until the other end is closed."""
    # A shell that started all this in the background has it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Of `-c`: nothing is imported from where a command is run.
    sys.path.remove("")
    exec(setup, {})
    import_everything()
    _Server(socket.socket(fileno=control_number)).run()


@dataclass
class _Server:
    control: socket.socket
    running: dict = field(default_factory=dict)

    def run(self):
        # So that a fork does not copy what a collection would touch.
        gc.collect()
        gc.freeze()
        gc.disable()
        with selectors.DefaultSelector() as events:
            events.register(self.control, selectors.EVENT_READ)
            while True:
                for key, _ in events.select():
                    if key.fileobj is not self.control:
                        events.unregister(key.fd)
                        self._end(key.fd, *key.data)
                    elif not self._begin(events):
                        return

    def _begin(self, events):
        message, descriptors, _, _ = socket.recv_fds(
            self.control, 16, DESCRIPTORS
        )
        if not message:
            return False
        began = time.monotonic()
        pid = os.fork()
        if not pid:
            _become(descriptors)
        for number in descriptors[:3]:
            os.close(number)
        answer = socket.socket(fileno=descriptors[3])
        ended = os.pidfd_open(pid)
        events.register(ended, selectors.EVENT_READ, (pid, began, answer))
        return True

    def _end(self, ended, pid, began, answer):
        seconds = time.monotonic() - began
        os.close(ended)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        found = json.dumps({"code": code, "seconds": seconds})
        with answer:
            try:
                answer.sendall(found.encode() + b"\n")
            except OSError:
                return  # nobody waits for it any more


def _become(descriptors):
    """Be one command, in a fork."""
    code = 70
    try:
        code = _run(descriptors)
    except BaseException:  # noqa: BLE001 - to be seen, whatever it is
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _run(descriptors):
    for number, given in enumerate(descriptors[:3]):
        os.dup2(given, number)
    # Everything else is the server's; the line to the test is 3 until it
    # begins, as if the command had been started with three descriptors.
    os.dup2(descriptors[3], 3, inheritable=False)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    line = socket.socket(fileno=3)
    asked = json.loads(_read_line(line))
    _open_streams()
    _take_circumstances(asked)
    for step in BEFORE:
        step()
    line.sendall(f"{os.getpid()}\n".encode())
    if asked["waits"]:
        line.recv(1)
    line.close()
    gc.enable()
    module, _, name = asked["target"].partition(":")
    target = getattr(importlib.import_module(module), name)
    return target(asked["args"]) or 0


def _read_line(line):
    text = bytearray()
    while not text.endswith(b"\n"):
        text += line.recv(1 << 16)
    return text


def _open_streams():
    """Open the streams anew, as an interpreter does when it starts."""
    for number, (name, mode) in enumerate(
        (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
    ):
        old = getattr(sys, name)
        made = open(  # noqa: SIM115 - for the fork's life
            number, mode, encoding=old.encoding, errors=old.errors,
            buffering=1 if name == "stderr" else -1, closefd=False,
        )  # fmt: skip
        made.mode = mode
        setattr(sys, name, made)
        setattr(sys, f"__{name}__", made)


def _take_circumstances(asked):
    os.environ.clear()
    os.environ.update(asked["environ"])
    time.tzset()
    os.umask(asked["umask"])
    os.chdir(asked["cwd"])
    for kind, limits in enumerate(asked["limits"]):
        if resource.getrlimit(kind) != tuple(limits):
            resource.setrlimit(kind, limits)
    if asked["keyring"]:
        guard.join_keyring(asked["keyring"])
    else:
        guard.join_fresh_keyring()
    if asked["session"]:
        os.setsid()  # so that there is no terminal but the one that is given
        if os.isatty(0):
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
