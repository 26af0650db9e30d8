"""Every token on this machine, found without changing anything."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from keyswitch.changes.draft import Draft
from keyswitch.display import secrets_in
from keyswitch.errors import KeyswitchError
from keyswitch.model import FILE_LIMIT
from keyswitch.profiles import profile_files as files
from keyswitch.profiles import state
from keyswitch.providers.shapes import fingerprint, mask
from keyswitch.shells.rc_lines import RC_FILES, find_exports
from keyswitch.switching.logins import owners
from keyswitch.switching.logins.book import LoginBook
from keyswitch.switching.planning import known_folders
from keyswitch.switching.revoking.kept_tokens import FoundToken, Stored
from keyswitch.targets import table
from keyswitch.targets.target import Login, Look, Places, Token
from keyswitch.workspace import Workspace

_RC_LIMIT = 1 << 22


class Scan:
    """One look at the whole machine, over files as they would be."""

    def __init__(self, draft: Draft) -> None:
        self.workspace = workspace = draft.workspace
        self.draft = draft
        self.stored = Stored(workspace.paths, self.read)
        self.owners = self.stored.fingerprints()
        self.folders = _folders_of(workspace)
        logins = None
        with contextlib.suppress(KeyswitchError):
            logins = LoginBook(Draft(workspace), workspace.places)
        self.live = {f: self._live(logins, p) for f, p in self.folders.items()}

    def _live(
        self, logins: LoginBook | None, places: Places
    ) -> tuple[Login | None, str]:
        """Return a folder's login, and whose it is, as every switch finds out.

        Files that cannot be read are no evidence.
        """
        try:
            place = table.main().logins.place(places, self.read, None)
            parts = place.live(self.read(places.global_config))
        except KeyswitchError:
            return None, ""
        if logins is None or not parts.usable:
            return parts, ""
        return parts, owners.owner_of(logins, parts)

    def read(self, path: str, limit: int = FILE_LIMIT) -> bytes | None:
        """Return a file as it will be, or None if it cannot be read."""
        try:
            return self.draft.read(path, limit)
        except KeyswitchError:
            return None

    def everything(self) -> list[FoundToken]:
        """Return every token, in a fixed order."""
        return [
            *self.stored.everything(),
            *self._of_programs(),
            *self._rc_files(),
            *self._own_files(),
        ]

    def _of_programs(self) -> Iterator[FoundToken]:
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

    def _found(self, program: str, token: Token, active: str) -> FoundToken:
        masked, owner = self._known(token.value)
        stale, of_login = token.stale, ""
        if token.login_in:
            of_login = self.live[token.login_in][1]
        if token.is_helper:
            masked = "(a keyswitch command)"
            stale = "" if active else "no profile is active"
        elif token.end_of is not None:
            masked = f"…{token.value[-4:]}"
            owner = self.stored.owners.get(token.end_of, "")
            stale = "" if owner else "of a key that belongs to no profile"
        elif of_login:
            # Whoever renewed it since. What the active profile works with is
            # not stale, however it looks.
            owner = owner or of_login
            stale = "" if of_login == active else stale
        by_hand = token.at is None
        return FoundToken(
            f"{token.path}: {token.place}",
            masked,
            owner,
            stale,
            path="" if by_hand else token.path,
            token=None if by_hand else token,
            program=program,
            by_hand=by_hand,
        )

    def _rc_files(self) -> Iterator[FoundToken]:
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
                value = export.value or ""
                yield FoundToken(
                    f"{path}:{export.line} ({export.name})",
                    *self._known(value),
                    path=path,
                    line=export.line,
                )

    def _own_files(self) -> Iterator[FoundToken]:
        """Find keys in our own files, where only a person put them."""
        for path in files.texts_of_people(self.workspace.paths):
            text = (self.read(path) or b"").decode("utf-8", "replace")
            for secret in secrets_in(text):
                line = text.count("\n", 0, text.find(secret)) + 1
                place = f"{path}:{line}"
                yield FoundToken(place, *self._known(secret), by_hand=True)

    def _known(self, value: str) -> tuple[str, str]:
        """Return a token's mask, and the profile that it is of."""
        if not value:
            return "", ""
        seen = fingerprint(self.workspace.install_key, value)
        return mask(value), self.owners.get(seen, "")


def _folders_of(workspace: Workspace) -> dict[str, Places]:
    """Return the main program's configuration folders, by their names.

    The one of this environment, the usual one, those that keyswitch changed or
    put a login into, and those of profiles.
    """
    places = workspace.places
    usual = known_folders.named(workspace)
    found = {
        places.login_dir: places,
        places.config_dir: places.with_login_in(places.config_dir),
    }
    found.setdefault(usual.config_dir, usual)
    with contextlib.suppress(KeyswitchError):
        for used, _ in known_folders.recorded(workspace):
            found.setdefault(used.login_dir, used)
    own = workspace.paths.folders_dir
    for name in sorted(os.listdir(own)) if os.path.isdir(own) else ():
        folder = os.path.join(own, name)
        found.setdefault(folder, known_folders.named(workspace, folder))
    return found
