"""Which managers there are, and which one a reference belongs to."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache

from keyswitch.disk.atomic import names_in
from keyswitch.errors import InputError
from keyswitch.profiles.names import did_you_mean
from keyswitch.profiles.settings import Settings
from keyswitch.profiles.toml_text import parse_toml
from keyswitch.secrets.references.manager import Manager, brought, chosen, own
from keyswitch.secrets.references.reference import Reference

BUILT_IN = os.path.join(os.path.dirname(__file__), "built_in")
EXEC = "exec"  # of the programs in config.toml

_LIMIT = 64 * 1024  # bytes of a row's file
_LONGEST = 1024  # characters of a reference
_NAME = re.compile("[a-z][a-z0-9-]*")
_FILE = "file"  # the part of a reference that is the path of a file


class Managers:
    """The managers, keyswitch's and the person's own, each read when asked.

    Own rows come from config.toml only, never from a profile or a team file.
    """

    def __init__(self, settings: Settings) -> None:
        self._own = settings.managers
        self._programs = settings.programs
        self._read: dict[str, Manager] = {}

    def names(self) -> list[str]:
        """Return the names of all managers."""
        rows = [name for name in self._own if "command" in self._own[name]]
        return sorted({*built_in(), *rows})

    def get(self, name: str) -> Manager:
        """Return a manager, or say which one was probably meant."""
        if name not in self._read:
            self._read[name] = self._load(name)
        return self._read[name]

    def _load(self, name: str) -> Manager:
        place = f"[managers.{name}] of config.toml"
        table = self._own.get(name)
        if name in built_in():
            path = os.path.join(BUILT_IN, f"{name}.toml")
            found = brought(name, path, parse_toml(path, _LIMIT) or {})
            if name == EXEC:
                found = found._replace(programs=self._programs)
            if table is None:
                return found
            if "command" in table:
                raise InputError(
                    f"{place}: '{name}' is a built-in manager",
                    "give your entry another name",
                )
            return chosen(found, place, table)
        if table is None:
            names = self.names()
            raise InputError(
                f"unknown manager '{name}'",
                did_you_mean(name, names, f"choose one of: {', '.join(names)}"),
            )
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{place}: '{name}' is not a valid manager name",
                "use lower-case letters, digits and '-'",
            )
        return own(name, place, table)

    def parse(self, text: str) -> Reference:
        """Return a reference as its manager's form takes it apart.

        A part becomes a word of a command, so none may look like an option or
        lead out of a folder; what no terminal shows is refused, too.
        """
        _require_plain(text)
        scheme, colon, _ = text.partition(":")
        if not colon or scheme not in self.names():
            raise self._no_manager(text, scheme if colon else "")
        manager = self.get(scheme)
        found = re.fullmatch(manager.pattern, text)
        if not found:
            raise InputError(
                f"'{text}' does not have the form {manager.form}",
                f"for example: {manager.example}",
            )
        given = {k: v for k, v in found.groupdict().items() if v}
        for name, part in given.items():
            _require_part(text, name, part)
        if scheme == EXEC and given["name"] not in self._programs:
            known = ", ".join(self._programs) or "none"
            raise InputError(
                f"no program '{given['name']}' in [exec] of config.toml",
                f"programs there: {known}; a team file or profile cannot add "
                "one",
            )
        empty = dict.fromkeys(found.groupdict(), "")
        return Reference(text, scheme, {**empty, **manager.defaults, **given})

    def _no_manager(self, text: str, scheme: str) -> InputError:
        names = self.names()
        forms = ", ".join(self.get(name).form for name in built_in())
        nearest = _nearest(scheme, names)
        return InputError(
            f"'{text}' is not a reference to a manager",
            f"did you mean {self.get(nearest).form}?"
            if nearest
            else f"the forms are {forms}",
        )


def load(settings: Settings) -> Managers:
    """Return the managers; no row is read before it is asked for."""
    return Managers(settings)


@cache
def built_in() -> tuple[str, ...]:
    """Return the names of the managers that keyswitch brings."""
    return tuple(
        name.removesuffix(".toml")
        for name in sorted(names_in(BUILT_IN))
        if name.endswith(".toml")
    )


def _nearest(scheme: str, names: list[str]) -> str:
    """Return the manager that a word may stand for, or "".

    Others write `ref+vault://…`, `awssm`, `1password` or `bitwarden`.
    """
    from difflib import get_close_matches

    word = _OTHER_WORDS.get(scheme.lower(), scheme.lower())
    for part in (word, word.rpartition("+")[2]):
        if part in names:
            return part
        near = get_close_matches(part, names, 1, 0.7)
        if near:
            return near[0]
    return ""


_OTHER_WORDS: Mapping[str, str] = {
    "1password": "op",
    "onepassword": "op",
    "bitwarden": "bw",
    "keepass": "keepassxc",
    "kdbx": "keepassxc",
    "hashivault": "vault",
    "openbao": "bao",
    "awssecrets": "aws-sm",
    "awssm": "aws-sm",
    "awsssm": "aws-ssm",
    "ssm": "aws-ssm",
    "gcpsecrets": "gcp-sm",
    "gcsm": "gcp-sm",
    "azurekeyvault": "azure-kv",
    "akv": "azure-kv",
    "github": "gh",
    "cmd": "exec",
}


def _require_plain(text: str) -> None:
    if len(text) > _LONGEST:
        raise InputError(
            f"the reference has {len(text)} characters, which is too long",
            f"use at most {_LONGEST}",
        )
    if not text.isprintable() or text != text.strip():
        raise InputError(
            f"'{text}' contains characters that are invalid in a reference",
            "remove line breaks, control characters and outer spaces",
        )


def _require_part(text: str, name: str, part: str) -> None:
    segments = part.lstrip("/").split("/")
    if part.startswith("-") or part != part.strip():
        why = f"its {name} starts with '-'"
        if part != part.strip():
            why = f"its {name} has outer spaces"
        raise InputError(f"'{text}': {why}", "managers may misread it")
    if {".", "..", ""} & {*segments}:
        raise InputError(
            f"'{text}': its {name} contains '.', '..' or '//'",
            "write the path without them",
        )
    if name == _FILE and not part.startswith(("/", "~/")):
        raise InputError(
            f"'{text}': its file path is relative",
            "start it with / or ~/, so that it means the same file everywhere",
        )
