"""Interactive shells in pseudo-terminals, driven as a person drives them.

Every prompt carries a number, so that it is known which Enter it answers.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import termios
import time
from pathlib import Path

from tests.cli.keyswitch import copy_home
from tests.forks import client

WAIT = 30  # seconds until a prompt that does not come is a failure
SHELLS = ("bash", "zsh", "fish")
HOOK = {
    "bash": 'eval "$(keyswitch hook bash)"',
    "zsh": 'eval "$(keyswitch hook zsh)"',
    "fish": "keyswitch hook fish | source",
}
# Before everything else, so that what a test sets comes later.
PROMPT = {
    "bash": "tick=0; PS1='[ready $((tick += 1))]'; PS2='' ",
    "zsh": "typeset -gi tick=0; setopt PROMPT_SUBST; unsetopt PROMPT_SP; "
    "PS1='[ready $((tick += 1))]'; PS2=''",
    "fish": "set -g tick 0; set -g fish_greeting; function fish_prompt; "
    'set tick (math $tick + 1); builtin echo -n "[ready $tick]"; end; '
    "function fish_right_prompt; end; function fish_title; end",
}
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-9;?<=>]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78cMDE])"
)


class Terminal:
    """A shell with a terminal of its own."""

    def __init__(self, shell, folder, *, rc=None, argv=(), env=(), wrap=()):
        """Start a shell; `rc` is its start file, the hook by default."""
        self.shell = shell
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        text = HOOK[shell] if rc is None else rc
        start = folder / ".zshrc" if shell == "zsh" else folder / "rc"
        start.write_text(f"{PROMPT[shell]}\n{text}\n", encoding="utf-8")
        command = {
            "bash": ["bash", "--rcfile", str(start), *argv, "-i"],
            "zsh": ["zsh", "-d", *argv, "-i"],
            "fish": ["fish", "-N", *argv, "-C", f"source {start}", "-i"],
        }[shell]
        environ = {
            **os.environ,
            "ZDOTDIR": str(folder),
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
            **dict(env),
        }
        self._screen = ""
        self._tick = 0
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [*wrap, *command],
            env=environ,
            cwd=environ["HOME"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(slave)
        self.greeting = self._until_prompt()

    def enter(self, line=""):
        """Type a line; return what is shown until the next prompt."""
        os.write(self._master, f"{line}\r".encode())
        return self._until_prompt()

    def said(self, line=""):
        """Type a line; return the lines that keyswitch says until then."""
        return lines_of_keyswitch(self.enter(line))

    def shows(self, line):
        """Run a command; return what it writes, without the echo."""
        path = self.folder / "shown"
        path.unlink(missing_ok=True)
        self.enter(f"{line} >{shlex.quote(str(path))}")
        return path.read_text(encoding="utf-8").removesuffix("\n")

    def environment(self):
        """Return the environment that a child process gets."""
        text = self.shows("env -0")
        pairs = (pair.partition("=") for pair in text.split("\0") if pair)
        return {name: value for name, _, value in pairs}

    def key(self):
        """Return the profile whose key a child process gets, or None."""
        value = self.environment().get("ANTHROPIC_API_KEY")
        return value and value.split("-FAKE-")[1].split("-")[0]

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        os.close(self._master)
        self.process.wait(WAIT)

    def _until_prompt(self):
        deadline = time.monotonic() + WAIT
        prompt = re.compile(rf"\[ready {self._tick + 1}\]")
        while not (found := prompt.search(self._screen)):
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._master], [], [], max(left, 0))
            try:
                data = os.read(self._master, 65536) if ready else b""
            except OSError:  # the shell has ended
                data = b""
            if not data:
                raise AssertionError(f"no prompt after: {self._screen!r}")
            self._screen = _plain(
                self._screen + data.decode("utf-8", "replace")
            )
        self._tick += 1
        shown = self._screen[: found.start()]
        self._screen = self._screen[found.end() :]
        return shown


def _plain(text):
    return _ESCAPES.sub("", text).replace("\r\n", "\n")


def lines_of_keyswitch(text):
    """Return the lines of a screen that begin as keyswitch's do."""
    lines = re.split(r"[\r\n]", text)
    return [line for line in lines if line.startswith("keyswitch: ")]


def keep_fish_idle(home):
    """Keep a first fish from reading every manual page in the background."""
    place = home / ".local/share/fish/generated_completions"
    place.mkdir(parents=True, exist_ok=True)


def make_profiles(folder, names=("work", "personal")):
    """Make a HOME with profiles in a vault that needs no passphrase."""
    folder.mkdir()
    keep_fish_idle(folder)
    environ = {**os.environ, "HOME": str(folder)}

    def keyswitch(*args, stdin=""):
        subprocess.run(
            ["keyswitch", *args],
            env=environ, input=stdin, text=True, check=True,
            capture_output=True,
        )  # fmt: skip

    keyswitch("vault", "init", "--machine-key")
    for name in names:
        keyswitch(
            "add", name, "--provider", "anthropic", "--store", "vault",
            "--stdin", stdin=f"sk-ant-api03-FAKE-{name}-0123456789abcdefghEX",
        )  # fmt: skip
    keyswitch("use", names[0])


class Machine:
    """A HOME with two profiles, `work` in use, and the terminals on it."""

    def __init__(self, template, home, folder, monkeypatch):
        copy_home(template, home)
        self.home = home
        self.folder = folder
        self.calls_file = folder / "calls"
        self.state = home / ".local" / "state" / "keyswitch" / "state.json"
        self._terminals = []
        real = shutil.which("keyswitch")
        launcher = folder / "bin" / "keyswitch"
        launcher.parent.mkdir()
        launcher.write_text(
            f"#!/bin/sh\nprintf '%s\\n' \"$*\" >>{self.calls_file}\n"
            f'exec {shlex.quote(real)} "$@"\n'
        )
        launcher.chmod(0o755)
        monkeypatch.setenv("PATH", f"{launcher.parent}:{os.environ['PATH']}")

    def write_key(self, name):
        """Write a key for a profile; return where."""
        path = self.folder / f"key-{name}"
        path.write_text(f"sk-ant-api03-FAKE-{name}-0123456789abcdefghEX")
        path.chmod(0o600)
        return path

    def open(self, shell, **options):
        """Open a terminal; it is closed with the machine."""
        folder = self.folder / f"terminal{len(self._terminals)}"
        terminal = Terminal(shell, folder, **options)
        self._terminals.append(terminal)
        return terminal

    def calls(self):
        """Return the command lines since the last time, `hook` left out."""
        if not self.calls_file.exists():
            return []
        lines = self.calls_file.read_text(encoding="utf-8").splitlines()
        self.calls_file.unlink()
        return [line for line in lines if not line.startswith("hook ")]

    def keyswitch(self, *args):
        """Run a command in no terminal, as something elsewhere does."""
        done = client.shared().run(
            args, cwd=os.getcwd(), environ=client.fitting(os.environ)
        )
        assert done.returncode == 0, done.stderr
        self.calls()

    def close(self):
        for terminal in self._terminals:
            terminal.close()


def hook_file(shell, path):
    """Write a hook's text to a file, for shells that source one."""
    done = subprocess.run(
        ["keyswitch", "hook", shell], check=True, capture_output=True
    )
    Path(path).write_bytes(done.stdout)
    return path
