"""What a tool said when it failed, as an error with a line for people.

No exit status tells locked from missing, so the texts of the manager's row
decide. What none of them knows is "could not be read", never "absent".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from keyswitch.display import printable, without_secrets
from keyswitch.errors import (
    KeyswitchError,
    LockedError,
    NoAnswerError,
    NoItemError,
    StoreError,
)
from keyswitch.secrets.references.manager import Manager, filled
from keyswitch.secrets.references.reference import Reference

_LONGEST = 200  # characters of a tool's own words
_SHORTEST = 8  # characters of what may be a secret that it repeats
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CREDENTIAL = re.compile("KEY|TOKEN|SECRET|SESSION|PASS", re.IGNORECASE)
# What a line begins with that tells less than what follows.
_MARK = re.compile(r"^(\[ERROR\] [\d/]+ [\d:]+ |error: |\* )", re.IGNORECASE)
# Lines that say what is wrong, best first. Vault's reasons have a star.
_TELLING = (
    re.compile(r"^\* "),
    re.compile(
        r"\b(error|fatal|failed|denied|cannot|can't|could not|unable|invalid"
        r"|unknown|no valid|not found|no such|expired|refused)\b",
        re.IGNORECASE,
    ),
    re.compile("."),
)


class Said:
    """A tool's messages, line by line, and what may be quoted of them."""

    def __init__(self, words: bytes, secrets: Iterable[str] = ()) -> None:
        """`secrets`: texts that may stand in them and are not shown."""
        text = _COLOURS.sub("", words.decode("utf-8", "replace"))
        self.lines: list[str] = []
        for line in filter(None, map(str.strip, text.splitlines())):
            # A line that ends so is no sentence without the next one.
            if self.lines and self.lines[-1].endswith(":"):
                self.lines[-1] += f" {line}"
            else:
                self.lines.append(line)
        self._secrets = sorted(secrets, key=len, reverse=True)

    def telling(self) -> str:
        """Return the line that says most, as it is shown; "": there is none."""
        for pattern in _TELLING:
            for line in self.lines:
                if pattern.search(line):
                    return self.shown(line)
        return ""

    def matching(self, patterns: Iterable[str], given: Iterable[str]) -> str:
        """Return the line that one of a row's texts fits, as it is shown.

        Not where the fitting words are only a name out of the reference,
        which tools repeat.
        """
        names = [name.lower() for name in given]
        for pattern in patterns:
            for line in self.lines:
                for found in re.finditer(pattern, line, re.IGNORECASE):
                    if not any(found[0].lower() in name for name in names):
                        return self.shown(line)
        return ""

    def shown(self, line: str) -> str:
        """Return a line so that it may stand in an error."""
        line = _MARK.sub("", line)
        for secret in self._secrets:
            if len(secret) >= _SHORTEST:
                line = line.replace(secret, "…")
        line = printable(without_secrets(line)).rstrip(".")
        if len(line) <= _LONGEST:
            return line
        half = _LONGEST // 2  # paths are long, and what is wrong comes last
        return f"{line[:half]}…{line[-half:]}"


def secrets_of(environ: Mapping[str, str], data: bytes) -> set[str]:
    """Return what a tool may repeat in its messages and nobody should see.

    `data` is what it was given, or has printed.
    """
    named = {
        value
        for name, value in environ.items()
        if _CREDENTIAL.search(name) and not os.path.isabs(value)
    }
    return named | {*data.decode("utf-8", "replace").split()}


def error_of(
    manager: Manager,
    reference: Reference,
    parts: Mapping[str, str],
    said: Said,
    status: int,
) -> KeyswitchError:
    """Return the error for a tool that failed."""
    texts, given = manager.texts, reference.parts.values()
    sign_in = filled(manager.sign_in, parts)
    if line := said.matching(texts.locked, given):
        return LockedError(
            f"{manager.title} is locked, or you are not signed in: {line}",
            f"unlock it: {sign_in or 'with its own program'}",
        )
    if line := said.matching(texts.denied, given):
        return LockedError(
            f"{manager.title} denies access to '{reference.text}': {line}",
            "ask for access there, or sign in as a user who has it",
        )
    if line := said.matching(texts.missing, given):
        return missing(manager, reference, line)
    why = said.telling() or _silence(status)
    return unreadable(manager, reference, why)


def _silence(status: int) -> str:
    if status < 0:
        return f"it was killed by signal {-status}"
    if status:
        return f"it failed with status {status} and printed no message"
    return "it returned nothing"


def unreadable(manager: Manager, reference: Reference, why: str) -> StoreError:
    """Return the error for what a manager may have or not: nothing tells."""
    return StoreError(
        f"{manager.title}: cannot read '{reference.text}': {why}",
        f"try it with {manager.title} itself; the form is {manager.form}",
    )


def missing(manager: Manager, reference: Reference, why: str) -> NoItemError:
    """Return the error for an item that its manager says is not there."""
    return NoItemError(
        f"{manager.title} has no '{reference.text}': {why}",
        f"check the reference; its form is {manager.form}",
    )


def silent(
    manager: Manager, parts: Mapping[str, str], said: Said, deadline: float
) -> LockedError:
    """Return the error for a tool that did not answer before its deadline."""
    sign_in = filled(manager.sign_in, parts)
    words = f": {line}" if (line := said.telling()) else ""
    waits = f"it may be waiting for you: {sign_in}; " if sign_in else ""
    return NoAnswerError(
        f"{manager.title} did not answer in {deadline:g} s{words}",
        f"{waits}to allow more time, set 'deadline' in "
        f"[managers.{manager.name}]",
    )
