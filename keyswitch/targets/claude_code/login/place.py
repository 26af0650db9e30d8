"""Where the login of one configuration folder is, and what replacing it takes.

Everywhere but on macOS it is in two files. There, Claude Code prefers its own
items of the keychain (`login_keychain.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes.draft import LAST
from keyswitch.changes.unsettled import read_settled
from keyswitch.model import FILE_LIMIT
from keyswitch.targets.claude_code.login import parts as login_parts

if TYPE_CHECKING:
    from keyswitch.changes.draft import Draft
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.claude_code.login.parts import Parts


class LoginPlace:
    """The two files, of which `.credentials.json` is read once.

    `where` is what a message calls it. `half_done`: a change of the login was
    committed, and is not in place yet.
    """

    half_done = False

    def __init__(self, draft: Draft, places: Locations) -> None:
        self.draft = draft
        self.places = places
        self.where = places.credentials
        self.data = draft.read(places.credentials, FILE_LIMIT)

    def config(self) -> bytes | None:
        """Return `.claude.json` as the change leaves it so far."""
        return read_settled(self.draft, self.places.global_config)

    def live(self, config: bytes | None) -> Parts:
        """Return the login that Claude Code has now."""
        return login_parts.read(
            (self.where, self.data), (self.places.global_config, config)
        )

    def replace(
        self,
        parts: Parts,
        tokens: tuple[str, ...],  # noqa: ARG002 - for the keychain
    ) -> None:
        """Plan the change that puts a login in place.

        `tokens` are the fingerprints by which the login is found again.
        """
        self._put(self.where, self.with_tokens(parts))
        self._without_policy()
        self._put_account(parts)

    def _put(self, path: str, after: bytes | None) -> None:
        if after != self.draft.read(path, FILE_LIMIT):
            self.draft.write(path, after, limit=FILE_LIMIT, private=True)

    def _put_account(self, parts: Parts) -> None:
        path = self.places.global_config
        after = self.with_account(parts, self.config())
        self.draft.write(
            path, after, limit=FILE_LIMIT, rank=LAST, goes_when_empty=True
        )

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

    def _without_policy(self) -> None:
        for name in login_parts.POLICY_FILES:
            self._put(f"{self.places.config_dir}/{name}", None)
