"""A person's terminal, in which the commands of a page are typed."""

import os
import re
import shlex
import time
from pathlib import Path

import pexpect

from tests.components import PYTHON, ROOT
from tests.docs import given

WAIT = 60  # seconds for one command
QUIET = 0.3  # seconds after which a line without an end is a question
PROMPT = re.compile(r"<<(\d+)>>")
QUESTION = re.compile(r"(?:[:?]|\] ?:?) *\Z")
ERROR = "API Error: 401 authentication_error: invalid x-api-key"
# They answer where a page starts a program that is not here, or not wanted.
STAND_INS = {
    "claude": f"""case "$*" in
        *hi) echo '{ERROR}' ;;
        'auth login'*)
            cp "$KIT/.claude/.credentials.json" "$KIT/.claude.json" \\
                "$CLAUDE_CONFIG_DIR" ;;
        setup-token) echo 'a token' ;;
        *) echo 'the answer' ;;
    esac""",
    "make": "echo made",
}


def _path(folder, entries):
    """Return the PATH: the only `claude` on it is the stand-in in `folder`."""
    with_claude = [e for e in entries if os.path.exists(f"{e}/claude")]
    for entry in with_claude:
        for program in Path(entry).iterdir():
            if not (folder / program.name).exists():
                (folder / program.name).symlink_to(program)
    others = [e for e in entries if e not in with_claude]
    return ":".join([str(folder), *others])


class Session:
    """bash in a terminal so wide that nothing wraps, with `keyswitch`."""

    def __init__(self, ks, folder):
        folder.mkdir()
        given.kit_of_login(folder / "kit")
        for name, body in STAND_INS.items():
            _program(folder / name, body)
        place = shlex.quote(str(ROOT))
        _program(
            folder / "keyswitch",
            f'PYTHONPATH={place} exec {PYTHON} -P -m keyswitch "$@"',
        )
        environ = {
            **ks.environ,
            "PATH": _path(folder, ks.environ["PATH"].split(":")),
            "TERM": "xterm",
            "NO_COLOR": "1",
            "USER": "you",
            "KIT": str(folder / "kit"),
        }
        del environ["PYTHONPATH"]
        self.child = pexpect.spawn(
            "bash",
            ["--noprofile", "--norc", "--noediting"],
            env=environ,
            cwd=str(ks.home),
            encoding="utf-8",
            dimensions=(50, 250),
            echo=False,
            timeout=WAIT,
        )
        self.child.sendline("PS1='<<$?>>' PS2= HISTFILE=")
        self.child.expect(PROMPT)
        self.run("stty -echo")

    def run(self, line, answers=None):
        """Type a line and answers to its questions; return (status, text)."""
        answers = answers or iter(())
        self.child.sendline(line)
        seen, end = "", time.monotonic() + WAIT
        while not (found := PROMPT.search(seen)):
            assert time.monotonic() < end, f"{line} does not end: {seen}"
            try:
                seen += self.child.read_nonblocking(4096, QUIET)
            except pexpect.TIMEOUT:
                if QUESTION.search(seen):
                    self.child.sendline(next(answers, "\x03"))
                    seen += "\n"
        return int(found[1]), seen[: found.start()].replace("\r", "")

    def close(self):
        """End the shell."""
        self.child.close(force=True)


def _program(path, body):
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
