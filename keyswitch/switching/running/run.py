"""`run NAME -- CMD`: one command with a profile, nothing else touched.

The command replaces this process, so signals, the terminal and the exit code
are its own. A program that reads credentials from files as well has a part
`launch`, which says how those do not count.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from typing import TYPE_CHECKING

from keyswitch.changes.draft import Draft
from keyswitch.compiled import Compiled
from keyswitch.display import printable
from keyswitch.errors import InputError, KeyswitchError, UsageError
from keyswitch.model import LOGIN_PROVIDER, Frozen
from keyswitch.secret import CoresAllowed, allow_cores
from keyswitch.targets import table
from keyswitch.targets.target import Launch, Run
from keyswitch.targets.values import Account
from keyswitch.terminal import marker
from keyswitch.terminal.exports import pairs_of
from keyswitch.terminal.kept_headers import settled
from keyswitch.terminal.marker import read_key
from keyswitch.terminal.selection import PROFILE_VARIABLE, RUN_VARIABLE
from keyswitch.workspace import Workspace, own_command

if TYPE_CHECKING:
    from collections.abc import Mapping


class Prepared(Frozen):
    """A command, ready to be started. Its environment is secret."""

    program: str  # its file
    command: list[str]
    environ: dict[str, str]
    launch: Launch | None  # of a program that reads files, too
    _hidden = ("environ", "command")


def program_of(
    workspace: Workspace, command: list[str]
) -> tuple[str, list[str], Launch | None]:
    """Return (file, command, how it is launched) of what a person typed."""
    if command[:1] == ["--"]:
        command = command[1:]
    if not command:
        raise UsageError(
            "no command after --", "give a program on your PATH after --"
        )
    program = shutil.which(command[0], path=workspace.environ.get("PATH"))
    if program is None:
        raise InputError(
            f"command not found: '{command[0]}'",
            "give a program on your PATH after --",
        )
    launch: Launch | None = table.main().launch
    if launch is not None and not launch.is_it(program):
        launch = None
    return program, command, launch


def prepare(
    workspace: Workspace,
    profile: Compiled,
    command: list[str],
    *,
    keep_headers: bool = False,
    values: Mapping[str, str] | None = None,
) -> Prepared:
    """Return a command with a profile's variables, and none that compete.

    With `keep_headers` this shell's own go along, credentials or not.
    `values`: those of the secret fields, where they are read already.
    """
    program, command, launch = program_of(workspace, command)
    paths, ask = workspace.paths, workspace.ask
    pairs = pairs_of(paths, profile, ask=ask, values=values)
    pairs += _folder(workspace, profile, launch)
    environ, key = workspace.environ, read_key(workspace.paths)
    pairs, rivals, notes = settled(
        environ, pairs, profile.rivals, key, keep=keep_headers
    )
    for note in notes:
        sys.stderr.write(f"keyswitch: {printable(note)}\n")
    child = marker.applied(environ, pairs, rivals, key)
    child[PROFILE_VARIABLE] = profile.name
    child[RUN_VARIABLE] = profile.name
    if launch is not None:
        full, _ = workspace.load(profile.name)
        run = Run(
            profile,
            Account(full, workspace.provider_of(full)),
            tuple(own_command()),
            workspace.paths,
            workspace.home,
            workspace.cwd,
        )
        command, child = launch.prepare(run, command, child)
    return Prepared(program, command, child, launch)


def execute(
    workspace: Workspace,
    profile: Compiled,
    command: list[str],
    *,
    keep_headers: bool = False,
) -> int:
    """Become the command. Returns only where a process cannot be replaced."""
    ready = prepare(workspace, profile, command, keep_headers=keep_headers)
    return _become(ready.program, ready.command, ready.environ)


def _folder(
    workspace: Workspace, profile: Compiled, launch: Launch | None
) -> list[tuple[str, str]]:
    """Give the program a folder with the profile's login, if it needs one.

    A login that is not the one in use is in no variable: it moves to a folder
    of its own, beside the one that is. So does a token that the usual folder's
    settings cancel, where no settings could say it again.
    """
    folder = workspace.paths.folder_of(profile.name)
    pair = (table.main().folder_variable, folder)
    isolated, login = pair in profile.literals, False
    if launch is not None:
        login = profile.provider == LOGIN_PROVIDER
        if not (isolated or login) and not launch.loses_secret(
            workspace.places, profile
        ):
            return []
    elif not isolated:
        return []
    from keyswitch.switching.planning import isolation, one_copy

    if login and not isolated:
        draft = Draft(workspace)
        if one_copy.is_live_in(draft, workspace.places, profile.name):
            return []
    full, _ = workspace.load(profile.name)
    for note in isolation.move_in(workspace, full):
        sys.stderr.write(f"keyswitch: {printable(note)}\n")
    return [pair]


def _become(program: str, command: list[str], child: dict[str, str]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        allow_cores()
        for name in ("SIGPIPE", "SIGXFSZ"):  # which Python ignores
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        try:
            os.execve(program, command, child)  # noqa: S606 - the point
        except OSError as e:
            raise KeyswitchError(
                f"cannot run '{command[0]}': {e.strerror}",
                "check that it is a program you may run",
            ) from e
    import subprocess

    with CoresAllowed():
        return subprocess.run(
            [program, *command[1:]], env=child, check=False
        ).returncode
