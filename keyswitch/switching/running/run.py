"""`run NAME -- CMD`: one command with a profile, nothing else touched.

The command replaces this process, so signals, the terminal and the exit code
are its own. Claude Code also reads credentials from files; a `--settings`
document of ours outranks those of the user, the project and the local file.
No secret is in it, since arguments are visible to everybody.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from typing import TYPE_CHECKING, Any

from keyswitch.compiled import FOLDER_VARIABLE
from keyswitch.display import printable
from keyswitch.errors import InputError, KeyswitchError, UsageError
from keyswitch.secrets.session import core_files
from keyswitch.switching.activation.effect import read_settings
from keyswitch.terminal import marker
from keyswitch.terminal.exports import pairs_of
from keyswitch.terminal.fingerprints import read_key
from keyswitch.terminal.selection import PROFILE_VARIABLE, RUN_VARIABLE
from keyswitch.workspace import own_command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.compiled import Compiled
    from keyswitch.workspace import Workspace


def execute(workspace: Workspace, profile: Compiled, command: list[str]) -> int:
    """Become the command. Returns only where a process cannot be replaced."""
    if command[0] == "--":
        command = command[1:]
    if not command:
        raise UsageError("there is no command after --", "name a program")
    program = shutil.which(command[0], path=workspace.environ.get("PATH"))
    if program is None:
        raise InputError(
            f"there is no command '{command[0]}'",
            "name a program of your PATH after --",
        )
    pairs = pairs_of(workspace.paths, profile, ask=workspace.ask)
    pairs += _folder(workspace, profile, program)
    child = marker.applied(
        workspace.environ, pairs, profile.rivals, read_key(workspace.paths)
    )
    child[PROFILE_VARIABLE] = profile.name
    child[RUN_VARIABLE] = profile.name
    if is_claude_code(program):
        command, child = for_claude_code(workspace, profile, command, child)
    return _become(program, command, child)


def _folder(
    workspace: Workspace, profile: Compiled, program: str
) -> list[tuple[str, str]]:
    """Give Claude Code a folder with the profile's login, if it needs one.

    A login that is not the one in use is in no variable: it moves to a folder
    of its own, beside the one that is. So does a token that the usual folder's
    settings cancel, where no settings could say it again.
    """
    folder = workspace.paths.folder_of(profile.name)
    isolated = (FOLDER_VARIABLE, folder) in profile.literals
    login = profile.provider == "claude-login" and is_claude_code(program)
    cancelled = is_claude_code(program) and _is_cancelled(workspace, profile)
    if not (isolated or login or cancelled):
        return []
    from keyswitch.switching.folders import isolation

    full, _ = workspace.load(profile.name)
    if (
        login
        and not isolated
        and isolation.in_usual_folder(workspace, profile.name)
    ):
        return []
    for note in isolation.move_in(workspace, full):
        sys.stderr.write(f"keyswitch: {printable(note)}\n")
    return [(FOLDER_VARIABLE, folder)]


def _is_cancelled(workspace: Workspace, profile: Compiled) -> bool:
    """Tell whether settings keep an exported secret from Claude Code for good.

    An anonymous file can say it again, which not every system has.
    """
    if hasattr(os, "memfd_create") or "helper" in profile.roles:
        return False
    env = (read_settings(workspace.places.settings) or {}).get("env")
    return isinstance(env, dict) and any(
        env.get(name) == "" for name, _ in profile.secrets
    )


def _become(program: str, command: list[str], child: dict[str, str]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        core_files.allow()
        for name in ("SIGPIPE", "SIGXFSZ"):  # which Python ignores
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        try:
            os.execve(program, command, child)  # noqa: S606 - the point
        except OSError as e:
            raise KeyswitchError(
                f"cannot run '{command[0]}': {e.strerror}",
                "check that it is a program and that you may run it",
            ) from e
    import subprocess

    with core_files.Allowed():
        return subprocess.run(
            [program, *command[1:]], env=child, check=False
        ).returncode


def is_claude_code(program: str) -> bool:
    """Tell whether a program is Claude Code, by its name."""
    name = os.path.basename(program).lower()
    return name in ("claude", "claude.exe", "claude.cmd")


def for_claude_code(
    workspace: Workspace,
    profile: Compiled,
    command: list[str],
    child: dict[str, str],
) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment that files cannot override."""
    from keyswitch.targets.claude_code.settings import wanted

    full, _ = workspace.load(profile.name)
    provider = workspace.provider_of(full)
    taken = provider.claude_code_for(full)
    layers = _layers(workspace, child)
    ours = wanted.flag_settings(
        taken,
        dict(full.fields),
        wanted.command_of(
            own_command(), profile.name, workspace.paths.aws_config_file
        ),
        present=layers,
        rivals=profile.rivals,
    )
    own = _own_variables(profile, child)
    if taken.helper_field:
        # The helper fills both headers. An exported key besides it would only
        # make the interactive program ask about it and warn.
        for variable, field in profile.secrets:
            if field == profile.roles.get("helper"):
                child.pop(variable, None)
                own[variable] = ""
    secret = _hold(ours, layers, own, {v for v, _ in profile.secrets})
    given, rest = _take_settings(command[1:])
    merged = _merged(workspace, given, ours, secret=secret)
    return [command[0], "--settings", merged, *rest], child


def _own_variables(profile: Compiled, child: dict[str, str]) -> dict[str, str]:
    """Return the variables that the profile itself sets."""
    names = [n for n, _ in profile.literals] + [n for n, _ in profile.secrets]
    return {name: child[name] for name in names if name in child}


def _hold(
    ours: dict[str, Any],
    layers: list[dict[str, Any]],
    own: dict[str, str],
    secrets: set[str],
) -> bool:
    """Repeat the profile's own variables where a settings file has them too.

    A settings file replaces the environment's value. Returns whether a secret
    had to be repeated.
    """
    env = dict(ours.get("env", {}))
    held = False
    for document in layers:
        found = document.get("env")
        for name in found if isinstance(found, dict) else ():
            if name in own:
                env[name] = own[name]
                held = held or (name in secrets and own[name] != "")
    if env:
        ours["env"] = dict(sorted(env.items()))
    return held


def _layers(
    workspace: Workspace, child: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the settings documents that a flag outranks, as far as valid."""
    from keyswitch.targets.claude_code.files import locations

    places = locations(child, workspace.home, workspace.cwd)
    found = []
    for path in (
        places.settings,
        places.project_settings,
        places.local_here,
        places.local_settings,
    ):
        document = read_settings(path)
        if document is not None:
            found.append(document)
    return found


def _take_settings(args: list[str]) -> tuple[str | None, list[str]]:
    """Split a `--settings` option off Claude Code's arguments."""
    rest: list[str] = []
    own = None
    words = iter(args)
    for word in words:
        if word == "--":
            return own, [*rest, word, *words]
        if word == "--settings":
            own = next(words, None)
        elif word.startswith("--settings="):
            own = word.partition("=")[2]
        else:
            rest.append(word)
    return own, rest


def _merged(
    workspace: Workspace,
    given: str | None,
    ours: dict[str, Any],
    *,
    secret: bool,
) -> str:
    """Lay our settings over the person's own `--settings` document.

    Returns the value of the option: JSON text, or, where secrets are in it,
    the path of an anonymous file that only the child can open.
    """
    document: dict[str, Any] | None = {}
    if given is not None and given.lstrip().startswith("{"):
        try:
            document = json.loads(given)
        except (ValueError, RecursionError) as e:
            raise InputError(
                "the text after --settings is not valid JSON",
                "give a JSON object or the path of a file with one",
            ) from e
    elif given is not None:
        secret = True  # for all that we know
        document = read_settings(os.path.join(workspace.cwd, given))
    if not isinstance(document, dict):
        raise InputError(
            f"cannot read the settings file {given}",
            "it has to be a file with a JSON object",
        )
    text = json.dumps(_laid_over(document, ours))
    return _anonymous_file(text) if secret else text


def _anonymous_file(text: str) -> str:
    if not hasattr(os, "memfd_create"):
        raise InputError(
            "a settings file stands in the way of this profile's secret",
            "take its variables out of the settings files' env blocks",
        )
    descriptor = os.memfd_create("keyswitch-settings", 0)
    os.write(descriptor, text.encode())
    return f"/proc/self/fd/{descriptor}"


def _laid_over(
    document: dict[str, Any], ours: dict[str, Any]
) -> dict[str, Any]:
    below = document.get("env")
    env = {**(below if isinstance(below, dict) else {}), **ours.get("env", {})}
    return {**document, **ours, "env": env}
