"""Start Claude Code with a profile, whatever its files say.

It also reads credentials from files; a `--settings` document of ours outranks
those of the user, the project and the local file. No secret is in it, since
arguments are visible to everybody.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from keyswitch.compiled import HEADERS
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import InputError, KeyswitchError
from keyswitch.model import FILE_LIMIT
from keyswitch.providers import custom_headers
from keyswitch.targets.claude_code.files import Locations, locations
from keyswitch.targets.claude_code.settings import wanted
from keyswitch.targets.claude_code.settings.settings_file import (
    as_text,
    env_of,
    members,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyswitch.compiled import Compiled
    from keyswitch.targets.target import Run


def is_it(program: str) -> bool:
    """Tell whether a program is Claude Code, by its name."""
    name = os.path.basename(program).lower()
    return name in ("claude", "claude.exe", "claude.cmd")


def loses_secret(places: Locations, profile: Compiled) -> bool:
    """Tell whether settings keep an exported secret from it for good.

    An anonymous file can say it again, which not every system has.
    """
    if hasattr(os, "memfd_create") or "helper" in profile.roles:
        return False
    env = env_of(_document(places.settings) or {})
    return any(env.get(name) == "" for name, _ in profile.secrets)


def prepare(
    run: Run, command: list[str], child: dict[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment that files cannot override."""
    taken = run.account.provider.claude_code_for(run.account.profile)
    layers = _layers(run, child)
    ours = wanted.flag_settings(
        taken,
        wanted.said_in_files(run.account.profile, run.account.provider),
        wanted.command_of(
            run.program, run.compiled.name, run.paths.aws_config_file
        ),
        present=layers,
        rivals=run.compiled.rivals,
    )
    names = [n for n, _ in (*run.compiled.literals, *run.compiled.secrets)]
    own = {name: child[name] for name in names if name in child}
    if taken.helper_field:
        # The helper fills both headers. An exported key besides it would only
        # make the interactive program ask about it and warn.
        for variable, field in run.compiled.secrets:
            if field == run.compiled.roles.get("helper"):
                child.pop(variable, None)
                own[variable] = ""
    own_headers = own.pop(HEADERS, "")
    secret = _hold(ours, layers, own, {v for v, _ in run.compiled.secrets})
    if _hold_headers(ours, layers, own_headers):
        secret |= HEADERS in dict(run.compiled.secrets)
    given, rest = _take_settings(command[1:])
    merged = _merged(run.cwd, given, ours, secret=secret)
    return [command[0], "--settings", merged, *rest], child


def overriding(
    cwd: str,
    command: list[str],
    env: Mapping[str, str],
    keep: Callable[[str], str] | None = None,
) -> list[str]:
    """Return a command whose variables no settings file can replace.

    They lie in a document that other users cannot read; `keep` stores a text
    where the system has no anonymous files, and returns its path.
    """
    given, rest = _take_settings(command[1:])
    ours = {"env": dict(env)}
    merged = _merged(cwd, given, ours, secret=True, keep=keep)
    return [command[0], "--settings", merged, *rest]


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
        for name in env_of(document).keys() & own.keys():
            env[name] = own[name]
            held = held or (name in secrets and own[name] != "")
    if env:
        ours["env"] = dict(sorted(env.items()))
    return held


def _hold_headers(
    ours: dict[str, Any], layers: list[dict[str, Any]], own: str
) -> bool:
    """Repeat headers where settings have some, beside those that may stay.

    Elsewhere the environment's count. Returns whether they were repeated.
    """
    env = dict(ours.get("env", {}))
    env.pop(HEADERS, None)
    theirs = [e[HEADERS] for e in map(env_of, layers) if HEADERS in e]
    if theirs:
        kept, gone = custom_headers.plain(as_text(theirs[-1]))
        if gone:
            note = custom_headers.said(gone, "settings")
            sys.stderr.write(f"keyswitch: {note}\n")
        own = custom_headers.without_the_persons(own)
        env[HEADERS] = custom_headers.beside(own, kept)
    if env or "env" in ours:
        ours["env"] = dict(sorted(env.items()))
    return bool(theirs)


def _layers(run: Run, child: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the settings documents that a flag outranks, as far as valid."""
    places = locations(child, run.home, run.cwd)
    paths = (
        places.settings,
        places.project_settings,
        places.local_here,
        places.local_settings,
    )
    return list(filter(None, map(_document, paths)))


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
    cwd: str,
    given: str | None,
    ours: dict[str, Any],
    *,
    secret: bool,
    keep: Callable[[str], str] | None = None,
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
        document = _document(os.path.join(cwd, given))
    if not isinstance(document, dict):
        raise InputError(
            f"cannot read the settings file {given}",
            "it must be a file with a JSON object",
        )
    env = {**env_of(document), **ours.get("env", {})}
    text = json.dumps({**document, **ours, "env": env})
    if not secret:
        return text
    if keep is not None and not hasattr(os, "memfd_create"):
        return keep(text)
    return _anonymous_file(text)


def _anonymous_file(text: str) -> str:
    if not hasattr(os, "memfd_create"):
        raise InputError(
            "a settings file overrides this profile's secret",
            "remove its variables from the env blocks of the settings files",
        )
    descriptor = os.memfd_create("keyswitch-settings", 0)
    os.write(descriptor, text.encode())
    return f"/proc/self/fd/{descriptor}"


def _document(path: str) -> dict[str, Any] | None:
    """Return a settings document as Claude Code would, or None."""
    try:
        return members(read_regular(path, FILE_LIMIT))
    except KeyswitchError:
        return None
