"""Commands of config.toml run only when the person has looked at them.

A row of the person's own, a program of [exec] and another program for a
manager that keyswitch brings are commands. A configuration may come with a
repository of dotfiles, so each is kept as a hash of all that decides what is
started: a change asks again.
"""

from __future__ import annotations

import json
import os

from keyswitch.disk.atomic import read_regular
from keyswitch.disk.digests import sha256
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import StoreError
from keyswitch.model import Frozen
from keyswitch.profiles import own_json
from keyswitch.profiles.paths import Paths
from keyswitch.secrets.references import invocation
from keyswitch.secrets.references.manager import Manager, Words, commands_of
from keyswitch.secrets.references.reference import Reference

_LIMIT = 1 << 16  # bytes of a record
_LOST = "keyswitch asks about the command again"


class OwnCommand(Frozen):
    """A command as a person is asked about it."""

    name: str  # "corp", or "exec:NAME"
    program: str  # its path
    commands: tuple[Words, ...]  # the words of each way to start it
    environment: tuple[str, ...]  # what it sees beside what any tool sees
    pattern: str  # which references it takes
    was_allowed: bool = False  # as something else

    @property
    def digest(self) -> str:
        """Stand for all that decides what is started."""
        return sha256(json.dumps(list(self[:-1])).encode())

    def lines(self) -> list[str]:
        """Return what is shown before it is allowed."""
        ways = (
            json.dumps(words, ensure_ascii=False) for words in self.commands
        )
        found = [
            f"{self.name} runs {self.program}",
            *(f"  {words}" for words in ways),
        ]
        if self.environment:
            found.append(f"  and sees {', '.join(self.environment)}")
        return found


class _Record(Frozen):
    name: str
    digest: str


def needs_yes(
    paths: Paths, manager: Manager, reference: Reference | None
) -> OwnCommand | None:
    """Return the command that a person has to allow first, if there is one.

    `reference` says which program of [exec] is meant; a row needs none.
    """
    if not manager.runs_own_command:
        return None
    command = _command(manager, reference)
    path = _path(paths, command.name)
    data = read_regular(path, _LIMIT, ours=True)
    if data is None:
        return command
    found = check_record(path, data)
    if found == _Record(command.name, command.digest):
        return None
    return command._replace(was_allowed=True)


def check_record(path: str, data: bytes) -> _Record:
    """Return a record, or raise unless it is one, and of this version."""
    return own_json.read(_Record, path, data, _LOST)


def require(
    paths: Paths, manager: Manager, reference: Reference | None
) -> None:
    """Raise unless all that is started for a reference is allowed."""
    command = needs_yes(paths, manager, reference)
    if command is not None:
        since = "has changed since you allowed it"
        raise StoreError(
            f"the command of '{command.name}', in config.toml, "
            f"{since if command.was_allowed else 'is not allowed yet'}: "
            f"{command.program}",
            f"review and allow it: keyswitch managers allow {command.name}",
        )


def allow(paths: Paths, command: OwnCommand) -> None:
    """Keep that a person has seen a command and said yes."""
    path = _path(paths, command.name)
    ensure_private_dir(paths.allowed_dir)
    record = _Record(command.name, command.digest)
    data = own_json.encode(**record._asdict())
    own_json.keep(path, data, f"the permission for '{command.name}'")


def _path(paths: Paths, name: str) -> str:
    return os.path.join(paths.allowed_dir, sha256(name.encode()))


def _command(manager: Manager, reference: Reference | None) -> OwnCommand:
    name, command = manager.name, manager.command
    if not command:
        if reference is None:
            raise StoreError(
                "no program of [exec] given",
                "name one: exec:NAME",
            )
        name = reference.text
        command = manager.programs[reference.parts["name"]]
    ways = tuple(commands_of(manager)) or (command,)
    fixed = (f"{name}={value}" for name, value in manager.fixed.items())
    return OwnCommand(
        name,
        invocation.program_of(manager, str(command[0])),
        ways,
        (*manager.environment, *sorted(fixed)),
        manager.pattern,
    )
