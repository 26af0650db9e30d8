"""Runs command lines in forks that cannot leave: no programs, no network.

Each batch has a fork of its own, each command line in it a fresh home. A hook
looks at what the program does; what it may not do ends the fork with a status
that says so.
"""

import ctypes
import json
import os
import shutil
import socket
import sys
import time
import traceback
from pathlib import Path

from tests.forks import client
from tests.fuzz.command_lines import ASKING

LIMIT = 5  # seconds that one command line may take
NETWORK, OUTSIDE, SLOW = 97, 98, 99  # of a fork that wanted to leave, or late
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CHANGES = {
    "os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir",
    "os.setxattr", "os.symlink", "os.truncate", "os.utime",
}  # fmt: skip
_STARTS = {"os.exec", "os.posix_spawn", "subprocess.Popen"}
_DEVICES = ("/dev/null", "/dev/full", "/dev/tty")


class Lines:
    """The process that they are forked from, as seen from a test."""

    def __init__(self, folder, homes):
        folder.mkdir()
        self.home = folder / "home"  # of each command line
        (folder / "nothing").mkdir()  # the only folder of PATH
        self._homes = {name: str(path) for name, path in homes.items()}
        self._server = client.Server(
            setup=f"from {__name__} import shut_in\nshut_in()\n"
        )

    def __call__(self, batch):
        """Run [(home, line)…]; return what came of each, and how it ended.

        Of each: status, stdout, stderr and the files that it changed.
        """
        folder = self.home.parent
        answers = folder / "answers"
        answers.write_text("")
        with client.in_memory(b"") as streams:
            fork = self._server.start(
                [str(answers), self._homes, batch],
                [stream.fileno() for stream in streams],
                cwd=folder,
                environ={
                    **client.START,
                    "HOME": str(folder),
                    "PATH": str(folder / "nothing"),
                },
                target=f"{__name__}:run_all",
                own_keyring=True,
            )
            status, _ = fork.ended(LIMIT * len(batch) + LIMIT)
            said = client.written(streams)[1].decode("utf-8", "replace")
        found = [
            (code, os.fsencode(out), os.fsencode(err), changed)
            for code, out, err, changed in map(
                json.loads, answers.read_text().splitlines()
            )
        ]
        return found, f"status {status}: {said[:500]}" if status else ""

    def close(self):
        """End the process."""
        self._server.close()


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


_FENCE = Fence()


def shut_in():
    """Make the forks of this process run command lines behind a fence."""
    os.setsid()  # no terminal
    _leave_the_network()
    sys.addaudithook(_FENCE)


def _leave_the_network():
    """Be where there is none; the fence holds without it as well."""
    libc = ctypes.CDLL(None)
    if os.getuid() or libc.unshare(_CLONE_NEWNET):
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def run_all(asked):
    """Run a batch; write an answer for each line."""
    path, homes, batch = asked
    home, last = Path.cwd() / "home", None
    with open(path, "w", encoding="ascii") as answers:
        for kind, line in batch:
            if _FENCE.touched or kind != last:
                shutil.rmtree(home, ignore_errors=True)
                shutil.copytree(homes[kind], home, symlinks=True)
                last = kind
            began = time.monotonic()
            answer = _run(line, home)
            changed = _FENCE.touched and _changed(Path(homes[kind]), home)
            print(json.dumps([*answer, changed or []]), file=answers)
            answers.flush()
            if time.monotonic() - began > LIMIT:
                return SLOW
    return 0


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


def _run(line, home):
    from keyswitch.__main__ import main

    fence = _FENCE
    for number in (1, 2):
        os.ftruncate(number, 0)
        os.lseek(number, 0, os.SEEK_SET)
    os.chdir(home / "a/b")
    os.environ["HOME"] = str(home)
    fence.asked = any(word in ASKING for word in line)
    fence.touched = False
    fence.home = str(home)
    try:
        code = main(list(line))
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - whatever it is, it is to be seen
        traceback.print_exc()
        sys.stderr.flush()
        code = 70
    fence.home = ""
    said = [os.fsdecode(os.pread(n, 1 << 20, 0)) for n in (1, 2)]
    return [code, *said]
