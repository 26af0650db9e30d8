"""Every token on this machine, found without changing anything."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from keyswitch.changes import login_ledger
from keyswitch.display import secrets_in
from keyswitch.errors import KeyswitchError
from keyswitch.model import FILE_LIMIT
from keyswitch.profiles import profile_files as files
from keyswitch.profiles import state
from keyswitch.shells.rc_lines import RC_FILES, find_exports
from keyswitch.switching.revoking.logins import LiveLogins, folders_of
from keyswitch.switching.revoking.stored import Found, Stored
from keyswitch.targets import table
from keyswitch.targets.target import Look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.changes.draft import Draft
    from keyswitch.targets.target import Token
    from keyswitch.workspace import Workspace

_RC_LIMIT = 1 << 22


class Scan:
    """One look at the whole machine, over files as they would be."""

    def __init__(self, workspace: Workspace, draft: Draft) -> None:
        self.workspace = workspace
        self.draft = draft
        self.profiles, self.broken = files.load_all(workspace.paths)
        ledger = workspace.paths.logins_file
        undo = workspace.paths.undo_file
        self.stored = Stored(
            self.profiles,
            [b.name for b in self.broken],
            login_ledger.decode(ledger, self.read(ledger)),
            (undo, self.read(undo)),
        )
        self.owners = self.stored.fingerprints()
        self.folders = folders_of(workspace)
        live = LiveLogins(workspace, self.read)
        self.live = {f: live.of(places) for f, places in self.folders.items()}

    def read(self, path: str, limit: int = FILE_LIMIT) -> bytes | None:
        """Return a file as it will be, or None if it cannot be read."""
        try:
            return self.draft.read(path, limit)
        except KeyswitchError:
            return None

    def everything(self) -> list[Found]:
        """Return every token, in a fixed order."""
        return [
            *self.stored.everything(self.workspace.paths),
            *self._of_programs(),
            *self._rc_files(),
            *self._own_files(),
        ]

    def _of_programs(self) -> Iterator[Found]:
        look = Look(
            self.workspace.paths,
            self.workspace.environ_of_places,
            self.workspace.home,
            self.workspace.cwd,
            self.workspace.places,
            self.folders,
            self.read,
            lambda: self.workspace.install_key,
        )
        active = state.read(self.workspace.paths).active
        for target in table.every():
            if target.tokens is not None:
                for token in target.tokens.find(look):
                    yield self._found(target.id, token, active)

    def _found(self, program: str, token: Token, active: str) -> Found:
        found = Found(
            f"{token.path}: {token.place}",
            self._mask(token.value),
            self._owner(token.value),
            token.stale,
            path="" if token.at is None else token.path,
            token=None if token.at is None else token,
            program=program,
            by_hand=token.at is None,
        )
        if token.is_helper:
            return replace(
                found,
                masked="(a command of keyswitch)",
                stale="" if active else "no profile is active",
            )
        if token.end_of is not None:
            owner = self.stored.owners.get(token.end_of, "")
            return replace(
                found,
                masked=f"…{token.value[-4:]}",
                profile=owner,
                stale="" if owner else "of a key that no profile has",
            )
        return self._of_login(token.login_in, found, active)

    def _of_login(self, folder: str, found: Found, active: str) -> Found:
        """Give a folder's login to its profile, whoever renewed it since.

        What the active profile works with is not stale, however it looks.
        """
        owner = self.live[folder].owner if folder else ""
        if not owner:
            return found
        return replace(
            found,
            profile=found.profile or owner,
            stale="" if owner == active else found.stale,
        )

    def _rc_files(self) -> Iterator[Found]:
        names = [
            name
            for target in table.every()
            if target.tokens is not None
            for name in target.tokens.variables
        ]
        for name in RC_FILES:
            path = os.path.join(self.workspace.home, name)
            text = (self.read(path, _RC_LIMIT) or b"").decode(
                "utf-8", "surrogateescape"
            )
            for export in find_exports(text, names):
                yield Found(
                    f"{path}:{export.line} ({export.name})",
                    self._mask(export.value),
                    self._owner(export.value),
                    path=path,
                    line=export.line,
                )

    def _own_files(self) -> Iterator[Found]:
        """Find keys in our own files, where only a person put them."""
        for path in files.texts_of_people(self.workspace.paths):
            text = (self.read(path) or b"").decode("utf-8", "replace")
            for secret in secrets_in(text):
                line = text.count("\n", 0, text.find(secret)) + 1
                yield Found(
                    f"{path}:{line}",
                    self._mask(secret),
                    self._owner(secret),
                    by_hand=True,
                )

    def _mask(self, value: str) -> str:
        from keyswitch.providers.shapes import mask

        return mask(value) if value else ""

    def _owner(self, value: str) -> str:
        from keyswitch.providers.shapes import fingerprint

        if not value:
            return ""
        seen = fingerprint(self.workspace.install_key, value)
        return self.owners.get(seen, "")
