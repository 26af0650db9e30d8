"""Between two prompts where nothing changed, the shell starts no process."""

import re
import subprocess
import time

import pytest

from tests.shells import sessions

pytestmark = pytest.mark.real("strace")
EACH = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in sessions.SHELLS],
)
_CALLS = "trace=clone,clone3,fork,vfork,execve"
_LOOKS = "stat,newfstatat,statx,access,faccessat,faccessat2"
_STARTS = re.compile(r"\b(?:clone3?|v?fork|execve)\(")


def processes(log):
    """Return the calls that started a process; a thread is none."""
    return [
        call
        for call in log.splitlines()
        if _STARTS.search(call) and "CLONE_THREAD" not in call
    ]


class Traced:
    """A terminal whose starts of processes are counted."""

    def __init__(self, machine, shell):
        self._log = machine.folder / "trace"
        self._read = 0
        self._marks = 0
        self.terminal = machine.open(
            shell,
            wrap=(
                "strace", "-f", "-qq", "-o", str(self._log),
                "-e", f"{_CALLS},{_LOOKS}",
            ),
        )  # fmt: skip
        self.starts()

    def starts(self, line=""):
        """Type a line; return the calls that started a process since then.

        A look for a file that is not there marks the end in the log.
        """
        self.terminal.enter(line)
        self._marks += 1
        mark = str(self._log.with_name(f"mark{self._marks}.end"))
        self.terminal.enter(f"builtin test -e {mark}")
        deadline = time.monotonic() + sessions.WAIT
        while mark not in (text := self._log.read_text()[self._read :]):
            assert time.monotonic() < deadline, "the trace has no mark"
            time.sleep(0.01)
        before = text[: text.index(mark)]
        self._read += len(before)
        return processes(before)


@EACH
def test_an_unchanged_prompt_starts_nothing(machine, shell):
    traced = Traced(machine, shell)
    assert traced.starts() == []
    assert traced.starts() == []
    machine.keyswitch("use", "personal")
    changed = traced.starts()
    assert any("execve(" in call and '"env"' in call for call in changed)
    assert any("clone" in call or "fork" in call for call in changed)
    assert traced.starts() == []


@EACH
def test_an_unchanged_prompt_below_a_link_starts_nothing(machine, shell):
    folder = machine.home / "a" / "b" / "c" / "d"
    folder.mkdir(parents=True)
    (machine.home / "a" / ".keyswitch").write_text("work\n")
    traced = Traced(machine, shell)
    assert traced.starts("cd a/b/c/d") != []
    assert traced.starts() == []


@EACH
def test_a_prompt_of_a_pinned_terminal_starts_nothing(machine, shell):
    traced = Traced(machine, shell)
    pin = {"fish": "keyswitch env personal | source"}
    traced.starts(pin.get(shell, 'eval "$(keyswitch env personal)"'))
    machine.keyswitch("use", "personal")
    assert traced.starts() == []


@EACH
def test_a_script_that_sources_the_hook_starts_nothing(machine, shell):
    hook = sessions.hook_file(shell, machine.folder / "hook")
    log = machine.folder / "trace"
    argv = {"bash": ["bash"], "zsh": ["zsh", "-f"], "fish": ["fish", "-N"]}
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", str(log), "-e", _CALLS, *argv[shell],
         "-c", f". {hook}"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (b"", b"")
    own, *others = processes(log.read_text())
    assert "execve(" in own
    assert others == []
