"""Claude Code's own items in the macOS keychain, through `security`.

Claude Code reads and writes them with the same system program, so that the
items' access lists need no change. A secret goes to it on stdin as hexadecimal
digits, never in an argument that `ps` would show. What `security` prints is
never repeated: with a line that is too long for it, it prints the secret.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import unicodedata
from typing import TYPE_CHECKING

from keyswitch.disk.digests import sha256
from keyswitch.errors import LockedError, StoreError
from keyswitch.model import ITEM_PREFIX
from keyswitch.targets.claude_code.files import (
    CONFIG_VARIABLE,
    STORAGE_VARIABLE,
)
from keyswitch.targets.claude_code.login import parts as login_parts
from keyswitch.targets.claude_code.login.parts import LoginPlace, Parts
from keyswitch.targets.claude_code.rules import CONSOLE_KEY
from keyswitch.targets.values import PlannedFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.targets import target
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.values import Read

LOGIN = "Claude Code-credentials"  # what is in .credentials.json elsewhere
CONSOLE = "Claude Code"  # the key of a Console login, as bare text

# Not looked up on PATH, where another program could stand in for it.
SECURITY = "/usr/bin/security"

# `security -i` reads a line into 4096 bytes, carries out what fits and takes
# the rest for a command of its own (anthropics/claude-code issue 30337). Claude
# Code keeps the same distance from that.
LINE_LIMIT = 4096 - 64

DEADLINE = 5.0  # seconds for one call

_NOT_FOUND = 44
# Exit statuses: no question possible, refused, cancelled.
_SHUT = (36, 51, 128)

_PLAIN_NAME = r"[A-Za-z0-9._-]+"
_NAMELESS = "claude-code-user"
_HEX = rb"(?:[0-9A-Fa-f]{2})+"
_PRINTABLE = range(0x20, 0x7F)


def suffix(environ: Mapping[str, str]) -> str:
    """Return what a configuration folder adds to the names of its items.

    It is of the variable's very text: `/x` and `/x/` are two folders here.
    """
    folder = environ.get(STORAGE_VARIABLE)
    if folder is None:
        folder = environ.get(CONFIG_VARIABLE)
    if not folder:
        return ""
    text = unicodedata.normalize("NFC", folder)
    data = text.encode("utf-8", "surrogateescape")
    return f"-{sha256(data)[:8]}"


def account(environ: Mapping[str, str]) -> str:
    """Return the account name that the items are filed under."""
    name = environ.get("USER") or _login_name()
    return name if re.fullmatch(_PLAIN_NAME, name) else _NAMELESS


def _login_name() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


class Keychain:
    """The items of one configuration folder."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.account = account(environ)
        self.login = LOGIN + suffix(environ)
        self.console = CONSOLE + suffix(environ)

    def for_folder(self, folder: str) -> Keychain:
        """Return the items of a session that is started in another folder."""
        kept = {k: v for k, v in self.environ.items() if k != STORAGE_VARIABLE}
        return Keychain({**kept, CONFIG_VARIABLE: folder})

    def read(self, service: str, deadline: float = DEADLINE) -> bytes | None:
        """Return an item's content; None: there is no such item."""
        done = self._run(
            ["find-generic-password", "-a", self.account, "-w", "-s", service],
            b"",
            deadline,
        )
        if done.returncode == _NOT_FOUND:
            return None
        _require_success(done.returncode)
        return parsed(done.stdout)

    def require_room(self, service: str, value: bytes) -> None:
        """Raise where `security` would cut the content off."""
        if len(self._adding(service, value)) > LINE_LIMIT:
            raise StoreError(
                f"this login does not fit into the keychain item '{service}' "
                "with the MCP logins in it",
                "run /mcp in Claude Code and clear the logins you do not need",
            )

    def write(
        self, service: str, value: bytes, deadline: float = DEADLINE
    ) -> None:
        """Make or replace an item, and look whether it is there."""
        self.require_room(service, value)
        self._order(self._adding(service, value), deadline)
        if self.read(service, deadline) != value:
            raise StoreError(
                f"the keychain item '{service}' differs from what was written",
                "check it in Keychain Access, then try again",
            )

    def delete(self, service: str, deadline: float = DEADLINE) -> None:
        """Remove an item; one that is gone already is fine."""
        line = f"delete-generic-password {self._names(service)}\n"
        if self.read(service, deadline) is None:
            return
        self._order(line.encode(), deadline)
        if self.read(service, deadline) is not None:
            raise StoreError(
                f"the keychain item '{service}' still exists",
                "remove it in Keychain Access",
            )

    def _adding(self, service: str, value: bytes) -> bytes:
        names = self._names(service)
        return f"add-generic-password -U {names} -X {value.hex()}\n".encode()

    def _names(self, service: str) -> str:
        # Neither can hold a quote: one is checked, the other our own.
        return f'-a "{self.account}" -s "{service}"'

    def _order(self, line: bytes, deadline: float) -> None:
        _require_success(self._run(["-i"], line, deadline).returncode)

    def _run(
        self, args: list[str], given: bytes, deadline: float
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [SECURITY, *args],
                input=given,
                capture_output=True,
                check=False,
                timeout=deadline,
            )
        except subprocess.TimeoutExpired:
            raise LockedError(
                f"the macOS keychain did not answer in {deadline:.0f} s",
                "unlock it: security unlock-keychain",
            ) from None  # the exception holds what was printed so far
        except OSError as e:
            raise StoreError(
                f"cannot run {SECURITY}: {e.strerror}",
                "Claude Code's login is in the macOS keychain, and only that "
                "program can read it",
            ) from e


def _require_success(status: int) -> None:
    if status in _SHUT:
        raise LockedError(
            "the macOS keychain is locked, or denied access to Claude Code's "
            f"login (status {status})",
            "unlock it: security unlock-keychain",
        )
    if status:
        raise StoreError(
            f"the macOS keychain failed with status {status}",
            "check that it opens in Keychain Access, then try again",
        )


def parsed(printed: bytes) -> bytes:
    """Return the content that `find-generic-password -w` printed.

    It prints hexadecimal digits where a byte of the content is not printable,
    which is how the digits of a plain text are told from those.
    """
    text = printed.removesuffix(b"\n")
    if not re.fullmatch(_HEX, text):
        return text
    data = bytes.fromhex(text.decode("ascii"))
    return text if all(byte in _PRINTABLE for byte in data) else data


_EMPTY = b"{}"  # an item that says nothing


class KeychainPlace(LoginPlace):
    """The keychain items of one folder, each read once.

    What there is no item for, but a file has it, stays in the file: so does
    Claude Code, where the keychain could not be used.
    """

    def __init__(
        self, places: Locations, read: Read, keychain: target.Keychain
    ) -> None:
        super().__init__(places, read)
        self.keychain = keychain
        self.file = self.data
        item = keychain.read(keychain.login)
        self.in_item = item is not None or self.file is None
        if self.in_item:
            self.where, self.data = ITEM_PREFIX + keychain.login, item
        self.key = keychain.read(keychain.console)
        self.items = {
            ITEM_PREFIX + keychain.login: item,
            ITEM_PREFIX + keychain.console: self.key,
        }

    def live(self, config: bytes | None) -> Parts:
        """Return the login; the item's Console key counts before the file's."""
        found = super().live(config)
        if self.key is None:
            return found
        key = json.dumps(self.key.decode("utf-8", "replace"))
        return Parts({**found.raw, CONSOLE_KEY: key})

    def replaced(self, login: Parts, config: bytes | None) -> list[PlannedFile]:
        """Return what puts a login in place; raises where there is no room."""
        if self._has_key_item(config):
            path = ITEM_PREFIX + self.keychain.console
            files = super().replaced(login.without_key, config)
            files.append(PlannedFile(path, key_of(login)))
        else:
            files = super().replaced(login, config)
        for file in files:
            if file.path.startswith(ITEM_PREFIX) and file.after is not None:
                service = file.path.removeprefix(ITEM_PREFIX)
                self.keychain.require_room(service, file.after)
        return files

    def with_tokens(self, login: Parts) -> bytes | None:
        """Return the content of item or file; None: neither is needed.

        An item that says nothing stays while a file has something, which
        Claude Code would take for the login without it.
        """
        after = super().with_tokens(login)
        if after is None and self.in_item and self.file is not None:
            return _EMPTY
        return after

    def _has_key_item(self, config: bytes | None) -> bool:
        """Tell whether a Console key belongs into its item, or in the file."""
        if self.key is not None:
            return True
        path = self.places.global_config
        found = login_parts.read((self.where, None), (path, config))
        return not found.managed_key

    def as_files(self, config: bytes | None) -> dict[str, bytes | None]:
        """Return the files as they would be without a keychain."""
        found: dict[str, bytes | None] = {}
        if self.data is not None:
            found[self.places.credentials] = self.data
        if self.key is not None:
            found[self.places.global_config] = login_parts.applied(
                self.places.global_config,
                config,
                self.live(config),
                (CONSOLE_KEY,),
            )
        return found


def key_of(login: Parts) -> bytes | None:
    """Return a login's Console key as its item holds it."""
    return login.managed_key.encode() or None


def item_content(
    service: str, present: bytes | None, login: Parts
) -> bytes | None:
    """Return what an item is to hold for a login."""
    if not service.startswith(LOGIN):
        return key_of(login)
    return login_parts.applied(
        ITEM_PREFIX + service, present, login, login_parts.CREDENTIALS_KEYS
    )
