"""Runs many command lines in one process that has loaded keyswitch once.

Each has a child process, a directory and an environment of its own, as if it
had been started by a shell; only the start of the interpreter is saved.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.cli.keyswitch import Done, Keyswitch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LIMIT = 30  # seconds of one command line
_STREAMS = ("stdin", "stdout", "stderr")

_DRIVER = f"""
import gc, json, os, signal, sys
sys.path.insert(0, {str(Keyswitch("/").environ["PYTHONPATH"])!r})
import keyswitch.__main__, keyswitch.express
import keyswitch.cli.main, keyswitch.cli.links, keyswitch.cli.helper
import keyswitch.cli.environment, keyswitch.cli.switch, keyswitch.cli.whoami
import keyswitch.switching.change, keyswitch.switching.workspace
import keyswitch.providers.schema, keyswitch.profiles.files
LANES = {{
    "": keyswitch.__main__.main,
    "express": lambda args: keyswitch.express.run(args, os.environ),
    "full": keyswitch.cli.main.run,
}}

def answer(request):
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environ"])
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        flags = os.O_RDWR if number else os.O_RDONLY
        os.dup2(os.open(request[name], flags), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False,
                      errors="backslashreplace")
    code = LANES[request["lane"]](request["args"])
    sys.stdout.flush()
    sys.stderr.flush()
    return 99 if code is None else int(code)

for line in sys.stdin:
    pid = os.fork()
    if not pid:
        code = 98
        try:
            signal.alarm({_LIMIT})
            code = answer(json.loads(line))
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.write(str(code) + "\\n")
    sys.stdout.flush()
"""


class Ran(NamedTuple):
    """What a command line came to."""

    returncode: int
    stdout: bytes
    stderr: bytes


class Runs:
    """The process; `lane` names one of keyswitch's two ways ("": usual)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _DRIVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=Keyswitch(tempfile.gettempdir()).environ,
            text=True,
        )

    def close(self) -> None:
        self._process.communicate()

    def run(
        self,
        args: Sequence[str],
        *,
        cwd: str | Path,
        environ: Mapping[str, str],
        stdin: bytes = b"",
        lane: str = "",
    ) -> Ran:
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / name for name in _STREAMS]
            for path, data in zip(paths, (stdin, b"", b""), strict=True):
                path.write_bytes(data)
            request = {
                **{path.name: str(path) for path in paths},
                "args": list(args),
                "cwd": str(cwd),
                "environ": dict(environ),
                "lane": lane,
            }
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            return Ran(code, *(path.read_bytes() for path in paths[1:]))


class Person(Keyswitch):
    """A home whose commands are run by such a process, in any directory."""

    def __init__(self, home: Path, runs: Runs) -> None:
        super().__init__(home)
        self.runs = runs

    def __call__(self, *args, stdin=b"", code=0, **environ):
        return self.at(".", *args, stdin=stdin, code=code, **environ)

    def at(self, folder, *args, stdin=b"", code=0, lane="", **environ):
        """Run a command in a directory of the home."""
        ran = self.runs.run(
            args,
            cwd=self.home / folder,
            environ={**self.environ, **environ},
            stdin=stdin.encode() if isinstance(stdin, str) else stdin,
            lane=lane,
        )
        done = Done(
            ran.returncode,
            ran.stdout.decode("utf-8", "surrogateescape"),
            ran.stderr.decode("utf-8", "surrogateescape"),
        )
        assert "Traceback" not in done.err, done.err
        assert code is None or done.code == code, f"{args}: {done}"
        return done
