"""Where the login of one configuration folder is, and what replacing it takes.

Everywhere but on macOS it is in two files. There, Claude Code prefers its own
items of the keychain (`login_keychain.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.model import FileChange
from keyswitch.profiles.atomic import read_regular
from keyswitch.targets.claude_code import login_parts
from keyswitch.targets.claude_code.files import FILE_LIMIT

if TYPE_CHECKING:
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.claude_code.login_parts import Parts


class LoginPlace:
    """The two files, of which `.credentials.json` is read once.

    `where` is what a message calls it. `half_done`: a change of the login was
    committed, and is not in place yet.
    """

    half_done = False

    def __init__(self, places: Locations) -> None:
        self.places = places
        self.where = places.credentials
        self.data = read_regular(places.credentials, FILE_LIMIT)

    def live(self, config: bytes | None) -> Parts:
        """Return the login that Claude Code has now."""
        return login_parts.read(
            (self.where, self.data), (self.places.global_config, config)
        )

    def replaced(
        self,
        parts: Parts,
        config: bytes | None,
        tokens: tuple[str, ...],  # noqa: ARG002 - for the keychain
    ) -> tuple[list[FileChange], bytes | None]:
        """Return the changes that put a login in place, and `.claude.json`.

        `tokens` are the fingerprints by which the login is found again.
        """
        changes = [
            FileChange(self.where, self.data, self.with_tokens(parts)),
            *self._without_policy(),
        ]
        return changes, self.with_account(parts, config)

    def with_tokens(self, parts: Parts) -> bytes | None:
        """Return `.credentials.json` with a login's tokens."""
        return login_parts.applied(
            self.where, self.data, parts, login_parts.CREDENTIALS_KEYS
        )

    def with_account(self, parts: Parts, config: bytes | None) -> bytes | None:
        """Return `.claude.json` with a login's account."""
        return login_parts.applied(
            self.places.global_config,
            config,
            parts,
            # Answers about keys are a person's work: replaced, never dropped.
            tuple(
                key
                for key in login_parts.CONFIG_KEYS
                if key in parts.raw or key != login_parts.ANSWERS
            ),
            login_parts.CACHES,
        )

    def _without_policy(self) -> list[FileChange]:
        found = []
        for name in login_parts.POLICY_FILES:
            path = f"{self.places.config_dir}/{name}"
            present = read_regular(path, FILE_LIMIT)
            if present is not None:
                found.append(FileChange(path, present, None))
        return found


def place_of(workspace: Workspace, places: Locations) -> LoginPlace:
    """Return where Claude Code has the login of this folder."""
    keychain = workspace.keychain_at(places)
    if keychain is None:
        return LoginPlace(places)
    from keyswitch.switching.login_keychain import KeychainPlace

    return KeychainPlace(workspace, places, keychain)
