"""Runs command lines in forks that cannot leave: no programs, no network.

`serve` answers lines of JSON on standard input. Each batch has a fork of its
own, each command line in it a fresh home. A hook looks at what the program
does; what it may not do ends the fork with a status that says so.
"""

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from select import select

LIMIT = 5  # seconds that one command line may take
NETWORK, OUTSIDE = 97, 98  # statuses of a fork that wanted to leave
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CHANGES = {
    "os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir",
    "os.setxattr", "os.symlink", "os.truncate", "os.utime",
}  # fmt: skip
_STARTS = {"os.exec", "os.posix_spawn", "subprocess.Popen"}
_DEVICES = ("/dev/null", "/dev/full", "/dev/tty")


class Lines:
    """The server, as seen from a test."""

    def __init__(self, folder, homes):
        folder.mkdir()
        self.home = folder / "home"  # of each command line
        (folder / "nothing").mkdir()  # the only folder of PATH
        self._server = subprocess.Popen(
            [sys.executable, "-c", f"import {__name__} as s; s.serve()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={"HOME": str(folder), "PATH": str(folder / "nothing"),
                 "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
                 "LC_ALL": "C.UTF-8"},
            cwd=folder,
        )  # fmt: skip
        self._ask(homes={name: str(path) for name, path in homes.items()})

    def __call__(self, batch):
        """Run [(home, line)…]; return what came of each, and how it ended.

        Of each: status, stdout, stderr and the files that it changed.
        """
        self._ask(batch=batch)
        found = []
        while True:
            answer = json.loads(self._server.stdout.readline())
            if isinstance(answer, int):
                return found, self._ended(answer)
            code, out, err, changed = answer
            found.append((code, os.fsencode(out), os.fsencode(err), changed))

    def _ended(self, status):
        """Return "" for a fork that ended well, or why it did not."""
        said = (self.home.parent / "err").read_text(errors="replace")
        return f"status {status}: {said[:500]}" if status else ""

    def _ask(self, **words):
        self._server.stdin.write(json.dumps(words).encode() + b"\n")
        self._server.stdin.flush()

    def close(self):
        """End the server."""
        self._server.communicate(timeout=60)


class Fence:
    """The audit hook of a fork; it holds while a command line runs."""

    def __init__(self):
        self.home = ""  # "": it does not hold
        self.asked = False  # for what needs a network
        self.touched = True  # the home may have changed

    def __call__(self, event, args):
        if not self.home:
            return
        if event == "open":
            if isinstance(args[2], int) and args[2] & _WRITING:
                self._change(args[0], event)
        elif event in _CHANGES:
            for path in args[: 2 if event in ("os.rename", "os.link") else 1]:
                self._change(path, event)
        elif event in _STARTS:
            if os.fsdecode(args[0]) != sys.executable:
                raise PermissionError(13, "Permission denied")
            self.touched = True
        elif event == "socket.getaddrinfo":
            self._no_network(
                f"lookup of {args[0]!r}", socket.gaierror(-3, "no")
            )
        elif event == "socket.connect" and args[0].family in (
            socket.AF_INET, socket.AF_INET6,
        ):  # fmt: skip
            self._no_network(f"connection to {args[1]!r}", OSError(101, "no"))

    def _change(self, path, event):
        if isinstance(path, int):
            return
        self.touched = True
        where = os.path.abspath(os.fsdecode(path))
        if not where.startswith(self.home + "/") and where not in _DEVICES:
            self._end(OUTSIDE, f"{event} of {where}")

    def _no_network(self, what, error):
        if self.asked:
            raise error
        self._end(NETWORK, what)

    def _end(self, status, what):
        os.write(2, f"fence: {what}\n".encode())
        os._exit(status)


def serve():
    """Run batch after batch."""
    from tests import guard

    os.setsid()  # no terminal
    _leave_the_network()
    import keyswitch

    for module in pkgutil.walk_packages(keyswitch.__path__, "keyswitch."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    from keyswitch.secrets import envelope

    envelope.DEFAULT_KDF = envelope.CHEAPEST_KDF
    fence = Fence()
    sys.addaudithook(fence)
    inbox, outbox = os.fdopen(os.dup(0)), os.dup(1)
    homes = json.loads(inbox.readline())["homes"]
    gc.freeze()
    gc.disable()
    while line := inbox.readline():
        batch = json.loads(line)["batch"]
        told, tell = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(told)
            guard.join_fresh_keyring()
            _run_all(batch, homes, fence, tell)
        os.close(tell)
        _pass_on(told, outbox, pid)


def _leave_the_network():
    """Be where there is none; the fence holds without it as well."""
    libc = ctypes.CDLL(None)
    if os.getuid() or libc.unshare(_CLONE_NEWNET):
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _pass_on(told, outbox, pid):
    """Pass a fork's answers on; kill it when it says nothing for too long."""
    while select([told], [], [], LIMIT)[0]:
        data = os.read(told, 1 << 16)
        if not data:
            break
        while data:
            data = data[os.write(outbox, data) :]
    else:
        os.kill(pid, 9)
    os.close(told)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.write(outbox, f"{code}\n".encode())


def _run_all(batch, homes, fence, tell):
    home = Path.cwd() / "home"
    status, last = 1, None
    try:
        for number, path in enumerate(("/dev/null", "out", "err")):
            flags = os.O_RDWR | (os.O_CREAT if number else 0)
            os.dup2(os.open(path, flags, 0o600), number)
        for kind, line in batch:
            if fence.touched or kind != last:
                shutil.rmtree(home, ignore_errors=True)
                shutil.copytree(homes[kind], home, symlinks=True)
                last = kind
            answer = _run(line, home, fence)
            changed = fence.touched and _changed(Path(homes[kind]), home)
            answer = json.dumps([*answer, changed or []]) + "\n"
            while answer:  # a pipe takes what it has room for
                answer = answer[os.write(tell, answer.encode()) :]
        status = 0
    finally:
        os._exit(status)


def _changed(before, after):
    """Return the files of a home that are not as they were."""
    old, new = (
        {
            str(path.relative_to(home)): path.read_bytes()
            for path in home.rglob("*")
            if path.is_file() and not path.is_symlink()
        }
        for home in (before, after)
    )
    return sorted(p for p in {*old, *new} if old.get(p) != new.get(p))


def _run(line, home, fence):
    from keyswitch.__main__ import main

    for number in (1, 2):
        os.ftruncate(number, 0)
        os.lseek(number, 0, os.SEEK_SET)
    os.chdir(home / "a/b")
    os.environ["HOME"] = str(home)
    fence.asked = any(word in ("--verify", "--network") for word in line)
    fence.touched = False
    fence.home = str(home)
    try:
        code = main(list(line))
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - whatever it is, it is to be seen
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        code = 70
    fence.home = ""
    said = [os.fsdecode(os.pread(n, 1 << 20, 0)) for n in (1, 2)]
    return [code, *said]
