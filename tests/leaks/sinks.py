"""Every place that a command could leave a secret in, and the look into it."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.keyswitch import Keyswitch

TRACED = (
    "execve,execveat,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,"
    "symlink,symlinkat,setxattr,fsetxattr,memfd_create"
)
# What a fault can be put on: whatever changes something, and each opening.
STRUCK = "openat,write,rename,unlink,fsync,mkdir,fchmod"
_HEX = re.compile(rb'(["<])((?:\\x[0-9a-f]{2})+)([">])')
_CALL = re.compile(rb"^(\w+)\((.*)$", re.DOTALL)
_CLOSED = re.compile(rb"^PR_SET_DUMPABLE, (?:SUID_DUMP_DISABLE|0)\) += 0")
_PRIVATE = (b"vault.ksv", b"machine.key", b".credentials.json")
SHARED_MEMORY = Path("/dev/shm")


def forms_of(secret):
    """Return every form in which some bytes could be lying around."""
    found = {secret, secret[::-1], secret.hex().encode()}
    found.add(secret.hex().upper().encode())
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # The characters at both ends depend on what stands beside it.
            found.add(encode(b"\0" * before + secret)[4 if before else 0 : -4])
    found.add(urllib.parse.quote_from_bytes(secret, safe="").encode())
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        text = secret.decode("latin-1")
    else:
        found |= {text.encode("utf-16-le"), text.encode("utf-16-be")}
    for ascii_only in (True, False):
        quoted = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        found.add(quoted.encode("utf-8"))
    return found


@dataclass
class Canaries:
    """Named secrets, and which of them some bytes hold."""

    secrets: dict[str, bytes]
    forms: dict[bytes, str] = field(init=False)

    def __post_init__(self):
        self.forms = {
            form: name
            for name, secret in self.secrets.items()
            for form in forms_of(secret)
        }

    def within(self, data):
        """Return the names of the secrets in some bytes, in any form."""
        return {name for form, name in self.forms.items() if form in data}


@dataclass(frozen=True)
class Hit:
    """A secret, and where it was seen."""

    sink: str  # "stdout", "stderr", "argv", "environment", "write", "file" ..
    where: str
    secret: str


@dataclass
class Run:
    """One run under strace, and what it left."""

    code: int
    out: bytes
    err: bytes
    calls: list[tuple[str, bytes]]  # of every process
    root: list[tuple[str, bytes]]  # of the command itself
    fired: bool

    @property
    def closed(self):
        """Return at which call the process was closed to others, or None."""
        return self._first("prctl", _CLOSED.match)

    @property
    def opened(self):
        """Return at which call it opened a file with secrets, or None."""
        return self._first("openat", lambda t: any(p in t for p in _PRIVATE))

    def _first(self, call, wanted):
        numbers = (
            number
            for number, (name, text) in enumerate(self.root)
            if name == call and wanted(text)
        )
        return next(numbers, None)


class TracedHome:
    """A home of one run's own, and every folder that it could write to."""

    def __init__(self, template, folder):
        self.template = template
        self.home = folder / "home"
        shutil.copytree(template, self.home, symlinks=True)
        # Its records name files of the home that it is a copy of.
        for path in (self.home / ".local/state/keyswitch").rglob("*.json"):
            text = path.read_bytes()
            own = text.replace(bytes(template), bytes(self.home))
            if own != text:
                path.write_bytes(own)
        self.folder = folder
        self.environ = {**Keyswitch(self.home).environ, "SHELL": "/bin/bash"}
        for name in ("TMPDIR", "XDG_RUNTIME_DIR"):
            (folder / name).mkdir(0o700)
            self.environ[name] = str(folder / name)
        self.shared = set(SHARED_MEMORY.iterdir())

    def run(self, form, *strace, start=("-m", "keyswitch"), **environ):
        logs = self.folder / "logs"
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir()
        child = subprocess.run(
            ["sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh",
             "strace", "-ff", "-yy", "-v", "-xx", "-s", "10000000", "-e",
             f"trace={TRACED},{STRUCK},prctl", *strace, "-o", str(logs / "log"),
             sys.executable, *start, *form.args],
            input=form.stdin.encode(), capture_output=True, timeout=90,
            env={**self.environ, **form.environ, **environ}, check=False,
            cwd=self.home / form.folder,
        )  # fmt: skip
        texts = [path.read_bytes() for path in by_age(logs.iterdir())]
        parsed = [calls_in(text) for text in texts]
        del parsed[0][0]  # the test's own start of the command
        whole = b"".join(texts)
        return Run(
            child.returncode, child.stdout, child.stderr,
            [call for calls in parsed for call in calls], parsed[0],
            b"(INJECTED)" in whole or b"--- SIG" in whole.replace(
                b"--- SIGCHLD", b"") or b"+++ killed" in whole,
        )  # fmt: skip

    def hits(self, run, canaries):
        """Return every place where a secret is, allowed or not."""
        found = set()

        def look(sink, where, data):
            for secret in canaries.within(data):
                found.add(Hit(sink, where, secret))

        look("stdout", "", run.out)
        look("stderr", "", run.err)
        for name, text in run.calls:
            if name.startswith("execve"):
                argv, _, environ = text.partition(b"], [")
                program = argv.partition(b",")[0].decode(errors="replace")
                look("argv", program, argv)
                look("environment", program, environ)
            elif name in TRACED.split(","):
                target = text.partition(b",")[0]
                look("write", self.target(target, name), text)
        for path in [*self.files(), *self.new_shared()]:
            data = os.fsencode(path) + b"\0" + path.read_bytes()
            look("file", str(path).removeprefix(f"{self.folder}/"), data)
        return found

    def target(self, text, call):
        """Return where a traced write goes, shortly and the same each time."""
        place = text.partition(b"<")[2].rpartition(b">")[0].decode()
        if place.startswith(("pipe:", "UNIX", "socket:", "TCP")):
            number = int(text.partition(b"<")[0])
            return {1: "stdout", 2: "stderr"}.get(number, place.split(":")[0])
        return place.removeprefix(f"{self.folder}/") or call

    def files(self):
        """Return every file below the run's own folders."""
        folders = [self.home, self.folder / "TMPDIR"]
        folders.append(self.folder / "XDG_RUNTIME_DIR")
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    yield path

    def new_shared(self):
        """Return the files in shared memory that this program could leave."""
        return [
            path
            for path in set(SHARED_MEMORY.iterdir()) - self.shared
            if path.is_file() and "keyswitch-" not in path.name
        ]

    def cores(self):
        return [p for p in self.files() if p.name.startswith("core")]


def by_age(logs):
    """Sort what strace wrote of several processes, the oldest one first.

    Their numbers begin anew when the largest one was given.
    """
    numbers = {int(path.suffix[1:]): path for path in logs}
    newest = max(numbers)
    began_anew = newest - min(numbers) > newest // 2
    return [
        numbers[number]
        for number in sorted(
            numbers, key=lambda n: (began_anew and n <= newest // 2, n)
        )
    ]


def calls_in(log):
    """Return (name, arguments as bytes) of each call in a log of strace."""
    found = []
    for line in log.splitlines():
        match = _CALL.match(
            _HEX.sub(
                lambda m: (
                    m[1]
                    + bytes.fromhex(m[2].replace(b"\\x", b"").decode())
                    + m[3]
                ),
                line,
            )
        )
        if match:
            found.append((match[1].decode(), match[2]))
    return found


def middle_of(run):
    """Return (call, its number) in the middle of what a command changes.

    Where it changes nothing: late among the files that it opens, when it has
    read what it needs.
    """
    counts, points = {}, []
    for name, text in run.root:
        if name not in STRUCK.split(","):
            continue
        counts[name] = counts.get(name, 0) + 1
        if name != "openat" or b"O_CREAT" in text:
            points.append((name, counts[name]))
    if len(points) > 2:
        return points[len(points) // 2]
    return "openat", max(1, counts["openat"] - 3)
