"""Ways to run keyswitch: a process of its own, or a fork of a warm one.

The start of an interpreter is most of what a short command costs, so long
series fork a process that has imported everything.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """A command line, and what it reads on standard input."""

    argv: tuple[str, ...]
    stdin: bytes = b""


def run(command, home, environ, *, wrap=()):
    """Run a command in a home, under `wrap` if that is given."""
    return subprocess.run(
        [*wrap, *command.argv],
        input=command.stdin,
        capture_output=True,
        env={**environ, "HOME": str(home)},
        cwd=home,
        timeout=60,
        check=False,
    )


class Warm:
    """Runs keyswitch in forks of a process that has imported all of it.

    Called as `run` is, for long series: the start of an interpreter is most
    of what a short command costs. strace joins the fork before the command
    begins, so only the command's own calls are counted. `defect` is code that
    the process runs first.
    """

    def __init__(self, folder, environ, *, defect=""):
        folder.mkdir(parents=True)
        self._folder = folder
        self._server = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"{defect}\nimport {__name__} as h\nh.serve()",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environ, "HOME": str(folder)},
            cwd=folder,
            text=True,
        )

    def __call__(self, command, home, environ, *, wrap=(), kill_after=None):
        """Run a command; `kill_after` seconds it is killed at the latest."""
        assert command.argv[:3] == (sys.executable, "-m", "keyswitch")
        (self._folder / "in").write_bytes(command.stdin)
        started = self._ask(
            argv=command.argv[3:],
            environ={**environ, "HOME": str(home)},
            cwd=str(home),
        )
        tracer = _joined(wrap, started["pid"]) if wrap else None
        ended = self._ask(kill_after=kill_after)
        if tracer:
            tracer.communicate(timeout=60)
        return subprocess.CompletedProcess(
            command.argv,
            ended["code"],
            (self._folder / "out").read_bytes(),
            (self._folder / "err").read_bytes(),
        )

    def _ask(self, **words):
        self._server.stdin.write(json.dumps(words) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())

    def close(self):
        """End the server."""
        self._server.communicate(timeout=60)


@contextmanager
def folder_in_memory(other):
    """Give a folder where `fsync` costs nothing, if there is such a place."""
    memory = "/dev/shm"
    if not os.access(memory, os.W_OK | os.X_OK):
        yield other
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="keyswitch-") as path:
        yield Path(path)


def _joined(wrap, pid):
    """Start strace on a process that is waiting, and wait for it.

    It does not follow children: their calls would be counted as well.
    """
    options = [option for option in wrap if option != "-f"]
    tracer = subprocess.Popen(
        [*options, "-p", str(pid)], stderr=subprocess.PIPE, text=True
    )
    line = tracer.stderr.readline()
    assert "attached" in line, line
    return tracer


def import_everything():
    """Import all of keyswitch, and let passphrases cost next to nothing."""
    import keyswitch

    for module in pkgutil.walk_packages(keyswitch.__path__, "keyswitch."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    from keyswitch.secrets import envelope

    envelope.DEFAULT_KDF = envelope.CHEAPEST_KDF  # that the format allows


def serve():
    """Run what the lines on standard input ask for, one after the other."""
    # A shell that started all this in the background has it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    import_everything()
    gc.freeze()  # so that a fork does not copy what a collection touches
    gc.disable()
    inbox, outbox = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    while line := inbox.readline():
        wait_for, begin = os.pipe()
        told, ready = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(begin)
            _become(json.loads(line), wait_for, ready)
        os.close(wait_for)
        os.close(ready)
        os.read(told, 1)
        os.close(told)
        print(json.dumps({"pid": pid}), file=outbox, flush=True)
        limit = json.loads(inbox.readline())["kill_after"]
        ended = os.pidfd_open(pid)
        os.close(begin)  # and it begins
        if not select.select([ended], [], [], limit)[0]:
            os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(ended)
        print(json.dumps({"code": code}), file=outbox, flush=True)


def _become(asked, wait_for, ready):
    """Be one run of keyswitch, in a fork, once the other end is closed."""

    def begin():
        _become_alone(asked)
        os.close(ready)
        os.read(wait_for, 1)

    run_and_exit(begin, asked["argv"])


def run_and_exit(begin, argv):
    """Call `begin`, run a command line, and end this fork of a server."""
    from keyswitch.__main__ import main

    code = 70
    try:
        begin()
        code = main(argv)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _become_alone(asked):
    """Leave the server's streams, variables and folder."""
    read, write = os.O_RDONLY, os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, (name, flags) in enumerate(
        (("in", read), ("out", write), ("err", write))
    ):
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(asked["environ"])
    os.chdir(asked["cwd"])
