"""Where the login of one configuration folder is, and what replacing it takes.

Everywhere but on macOS it is in two files. There, Claude Code prefers its own
items of the keychain (`keychain_place.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.targets.claude_code.login import parts as login_parts
from keyswitch.targets.values import PlannedFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.claude_code.login.parts import Parts
    from keyswitch.targets.values import Read


class LoginPlace:
    """The two files, of which `.credentials.json` is read once.

    `where` is what a message calls it.
    """

    def __init__(self, places: Locations, read: Read) -> None:
        self.places = places
        self.where = places.credentials
        self.data = read(places.credentials)
        self.items: Mapping[str, bytes | None] = {}

    def live(self, config: bytes | None) -> Parts:
        """Return the login that Claude Code has now."""
        return login_parts.read(
            (self.where, self.data), (self.places.global_config, config)
        )

    def replaced(self, login: Parts, config: bytes | None) -> list[PlannedFile]:
        """Return what puts a login in place."""
        return [
            PlannedFile(self.where, self.with_tokens(login), private=True),
            *self._without_policy(),
            self._account(login, config),
        ]

    def as_files(
        self,
        config: bytes | None,  # noqa: ARG002 - for the keychain
    ) -> dict[str, bytes | None]:
        """Return the files that would say the same as items: there are none."""
        return {}

    def with_tokens(self, login: Parts) -> bytes | None:
        """Return `.credentials.json` with a login's tokens."""
        return login_parts.applied(
            self.where, self.data, login, login_parts.CREDENTIALS_KEYS
        )

    def _account(self, login: Parts, config: bytes | None) -> PlannedFile:
        """Return `.claude.json` with a login's account."""
        path = self.places.global_config
        after = login_parts.applied(
            path,
            config,
            login,
            # Answers about keys are a person's work: replaced, never dropped.
            tuple(
                key
                for key in login_parts.CONFIG_KEYS
                if key in login.raw or key != login_parts.ANSWERS
            ),
            login_parts.CACHES,
        )
        return PlannedFile(path, after, is_last=True, goes_when_empty=True)

    def _without_policy(self) -> list[PlannedFile]:
        folder = self.places.config_dir
        names = login_parts.POLICY_FILES
        return [PlannedFile(f"{folder}/{name}", None) for name in names]
