"""A shell of one profile inside the present one: its program and variables."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

from keyswitch.compiled import FOLDER_VARIABLE, Compiled
from keyswitch.errors import InputError, KeyswitchError
from keyswitch.secret import CoresAllowed
from keyswitch.switching.running.caught_signals import caught, numbers_from
from keyswitch.terminal import marker as environment
from keyswitch.terminal.exports import pairs_of
from keyswitch.terminal.kept_headers import settled
from keyswitch.terminal.selection import PROFILE_VARIABLE, SHELL_VARIABLE
from keyswitch.workspace import Workspace

with contextlib.suppress(ImportError):
    import termios  # not on Windows

_CAUGHT = ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGCHLD")
_PATIENCE = 0.3  # seconds until a shell is asked to end once more


def prepare(
    workspace: Workspace, profile: Compiled, program: str | None
) -> tuple[list[str], dict[str, str], list[str]]:
    """Return (command, environment, notes) of the shell."""
    argv = [_program(workspace, program)]
    pairs = pairs_of(workspace.paths, profile, ask=workspace.ask)
    notes: list[str] = []
    from keyswitch.switching.planning import isolation

    if isolation.wants_folder(workspace, profile):
        full, _ = workspace.load(profile.name)
        notes = isolation.move_in(workspace, full)
        pair = (FOLDER_VARIABLE, workspace.paths.folder_of(profile.name))
        if pair not in pairs:
            pairs.append(pair)
    key = environment.read_key(workspace.paths)
    environ = workspace.environ
    pairs, rivals, gone = settled(environ, pairs, profile.rivals, key)
    notes += gone
    child = environment.applied(environ, pairs, rivals, key)
    child[PROFILE_VARIABLE] = profile.name
    child[SHELL_VARIABLE] = profile.name
    # What the hook in there may take away again, and what it may not.
    child[environment.MARKER] = environment.Marker(
        profile.name,
        environment.FOLLOW,
        profile.stamp,
        [name for name, _ in pairs],
        prints=environment.fingerprints(key, pairs),
    ).text()
    return argv, child, notes


def overridden(profile: Compiled, environ: Mapping[str, str]) -> list[str]:
    """Return one line for each variable that a settings file replaces."""
    from keyswitch.shells import EnvScript
    from keyswitch.terminal.overriding import lines

    marker = environment.read_marker(environ)
    names = marker.assigned if marker else []
    script = EnvScript(assign=[(n, environ[n]) for n in names])
    return lines(script, environ, by_helper="helper" in profile.roles)


def _program(workspace: Workspace, wanted: str | None) -> str:
    names = [wanted] if wanted else _usual(workspace.environ)
    for name in names:
        found = shutil.which(name, path=workspace.environ.get("PATH"))
        if found is not None:
            return found
    raise InputError(
        f"shell not found: '{names[0]}'",
        "name a program: keyswitch shell NAME --shell bash",
    )


def _usual(environ: Mapping[str, str]) -> list[str]:
    """Return what may be the shell that one is in, the surest first."""
    from keyswitch.shells.detect import parent_shell

    usual = environ.get("SHELL", "")
    here = parent_shell()
    if here == "sh":  # also stands for a parent that is no shell at all
        return [usual, here] if usual else [here]
    try:
        # A language such as ksh is that of several programs.
        here_exactly = os.readlink(f"/proc/{os.getppid()}/exe")
    except OSError:
        here_exactly = here
    return [here_exactly, here, usual]


def run(argv: list[str], environ: dict[str, str]) -> int:
    """Run the shell to its end and return its exit status."""
    asked: list[int] = []  # signals that ask this process to end

    def note(number: int, _frame: FrameType | None) -> None:
        if number not in (signal.SIGINT, signal.SIGQUIT, signal.SIGCHLD):
            asked.append(number)

    if os.name != "posix":
        signal.signal(signal.SIGINT, lambda _number, _frame: None)
        return _start(argv, environ).wait()
    modes = termios.tcgetattr(0) if os.isatty(0) else None
    # Ctrl-C is for the shell, which is in the foreground as well.
    with caught(_CAUGHT, note) as woken:
        code = _wait(_start(argv, environ), woken, asked)
    if modes and (asked or code < 0):
        _take_back(modes)
    if asked:
        return 128 + asked[0]
    return code if code >= 0 else 128 - code


def _start(argv: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
    try:
        with CoresAllowed():
            return subprocess.Popen(argv, env=environ)
    except OSError as e:
        raise KeyswitchError(
            f"cannot run '{argv[0]}': {e.strerror}",
            "check that it is a program you may run",
        ) from e


def _wait(
    shell: subprocess.Popen[bytes], woken: int, asked: Sequence[int]
) -> int:
    """Wait for the shell's end; stop with it when it suspends itself.

    Asked to end, end the shell first: two would read from one terminal.
    """
    while True:
        pid, status = os.waitpid(shell.pid, os.WNOHANG | os.WUNTRACED)
        if pid and not os.WIFSTOPPED(status):
            shell.returncode = os.waitstatus_to_exitcode(status)
            return shell.returncode
        if pid and not asked:
            _stop_as_well(shell.pid)
        if asked:
            # As a closed terminal does; SIGTERM is nothing to such a shell.
            os.kill(shell.pid, signal.SIGHUP)
            os.kill(shell.pid, signal.SIGCONT)
        # Again and again: bash forgets one that comes just before it reads.
        select.select([woken], [], [], _PATIENCE if asked else None)
        numbers_from(woken)


def _stop_as_well(shell: int) -> None:
    """Give the terminal to the outer shell until somebody says `fg`."""
    group = os.getpgid(shell)
    if group == os.getpgrp():
        return  # what stopped it has stopped us, too
    os.kill(os.getpid(), signal.SIGSTOP)
    with contextlib.suppress(OSError):
        if os.tcgetpgrp(0) == os.getpgrp():
            os.tcsetpgrp(0, group)
    os.kill(shell, signal.SIGCONT)


def _take_back(modes: list[Any]) -> None:
    """Put the terminal in order after a shell that could not do it."""
    # A process in the background is stopped for this, unless it blocks that.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    with contextlib.suppress(OSError, termios.error):
        front = os.tcgetpgrp(0)
        if front == os.getpgrp() or front != os.getpgid(os.getppid()):
            os.tcsetpgrp(0, os.getpgrp())
            termios.tcsetattr(0, termios.TCSANOW, modes)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTTOU})
