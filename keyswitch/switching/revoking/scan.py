"""Every token on this machine, found without changing anything."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from keyswitch.changes import login_ledger
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import clock, state
from keyswitch.profiles import profile_files as files
from keyswitch.shells.rc_files import RC_FILES, find_exports
from keyswitch.switching.planning.records import record_path
from keyswitch.switching.revoking.logins import LiveLogins, folders_of
from keyswitch.switching.revoking.stored import Found, Stored
from keyswitch.targets.claude_code.files import FILE_LIMIT
from keyswitch.targets.claude_code.settings import literals, tokens
from keyswitch.targets.claude_code.settings.baseline import Baseline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from keyswitch.changes.draft import Draft
    from keyswitch.switching.revoking.logins import Live
    from keyswitch.targets.claude_code.settings.tokens import Token
    from keyswitch.workspace import Workspace

_RC_LIMIT = 1 << 22


class Scan:
    """One look at the whole machine, over files as they would be."""

    def __init__(self, workspace: Workspace, draft: Draft) -> None:
        self.workspace = workspace
        self.draft = draft
        self.profiles, self.broken = files.load_all(workspace.paths)
        ledger = login_ledger.path_of(workspace.paths)
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
        self.live = {f: live.of(*files) for f, files in self.folders.items()}
        self.places = workspace.places
        self._files: set[str] = set()  # of Claude Code, by their real paths

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
            *self._claude_code(),
            *self._anthropic_profiles(),
            *self._rc_files(),
            *self._own_files(),
        ]

    def _claude_code(self) -> Iterator[Found]:
        now = clock.now()
        for folder, (credentials, config) in self.folders.items():
            live = self.live[folder]
            if self._is_new(credentials):
                yield from self._of_login(
                    live,
                    self._found(
                        credentials,
                        tokens.in_credentials(
                            credentials, self.read(credentials), now * 1000
                        ),
                    ),
                )
            settings = os.path.join(folder, "settings.json")
            if self._is_new(config):
                yield from self._of_login(live, self._global_config(config))
                yield from self._literals(config)
            if not self._is_shared(settings) and self._is_new(settings):
                yield from self._settings(settings)
            for path in _listed(os.path.join(folder, "backups")):
                found = tokens.in_global_config(path, self.read(path))
                yield from (
                    replace(f, stale="an old copy")
                    for f in (*self._found(path, found), *self._literals(path))
                )
        p = self.places
        for path in literals.mcp_files(self.workspace.cwd, self.workspace.home):
            yield from self._literals(path)
        here = (p.project_settings, p.local_here, p.local_settings)
        for path in dict.fromkeys(here):
            if os.path.dirname(path) not in self.folders:
                yield from self._settings(path)

    def _of_login(self, live: Live, found: Iterable[Found]) -> Iterator[Found]:
        """Give a folder's login to its profile, whoever renewed it since.

        What the active profile works with is not stale, however it looks.
        """
        active = state.read(self.workspace.paths).active
        for entry in found:
            of_login = entry.token is not None and entry.token.keys in (
                tokens.LOGIN,
                tokens.MANAGED_KEY,
            )
            if not of_login or not live.owner:
                yield entry
                continue
            in_use = live.owner == active
            yield replace(
                entry,
                profile=entry.profile or live.owner,
                stale="" if in_use else entry.stale,
            )

    def _is_new(self, path: str) -> bool:
        """Tell whether a file was not looked at yet, under another name."""
        real = os.path.realpath(path)
        if real in self._files:
            return False
        self._files.add(real)
        return True

    def _is_shared(self, path: str) -> bool:
        """Tell whether a profile's own folder only links to this file."""
        own = self.workspace.paths.folders_dir + os.sep
        return path.startswith(own) and os.path.islink(path)

    def _settings(self, path: str) -> Iterator[Found]:
        active = state.read(self.workspace.paths).active
        for found in self._found(
            path, tokens.in_settings(path, self.read(path))
        ):
            if found.token is not None and found.token.is_helper:
                yield replace(
                    found,
                    masked="(a command of keyswitch)",
                    stale="" if active else "no profile is active",
                )
            else:
                yield found
        yield from self._literals(path)

    def _literals(self, path: str) -> Iterator[Found]:
        """Find secrets in texts; what may go as a whole is removed by key."""
        seen = set()
        for one in literals.find(path, self.read(path)):
            if one.removable and one.keys in seen:
                continue  # it goes with the first one
            seen.add(one.keys)
            yield Found(
                f"{path}: {one.place or 'a text'}",
                self._mask(one.secret),
                self._owner(one.secret),
                path=path if one.removable else "",
                token=tokens.Token(one.keys, one.secret)
                if one.removable
                else None,
                in_claude_code=True,
                by_hand=not one.removable,
            )

    def _global_config(self, path: str) -> Iterator[Found]:
        """Remembered ends of keys belong to whom our record says."""
        owners = self._approval_owners(path)
        for found in self._found(
            path, tokens.in_global_config(path, self.read(path))
        ):
            if found.token is None or found.token.index is None:
                yield found
                continue
            owner = owners.get(found.token.value, "")
            yield replace(
                found,
                masked=f"…{found.token.value[-4:]}",
                profile=owner,
                stale="" if owner else "of a key that no profile has",
            )

    def _approval_owners(self, path: str) -> dict[str, str]:
        from keyswitch.targets.claude_code.settings import baseline

        record = record_path(self.workspace, self.places)
        try:
            records = baseline.decode(record, self.read(record))
        except KeyswitchError:
            return {}
        by_item = {
            ref.item: p.name
            for p in self.profiles
            for ref in p.secrets.values()
        }
        by_digest = {
            e.ours: by_item.get(e.item, "")
            for e in records.get(path, Baseline()).elements
        }
        found = tokens.in_global_config(path, self.read(path))
        return {
            t.value: by_digest.get(
                baseline.digest(self.workspace.install_key, t.value), ""
            )
            for t in found
        }

    def _anthropic_profiles(self) -> Iterator[Found]:
        environ = self.workspace.environ
        # As Claude Code looks for them, relative ones too.
        base = environ.get("ANTHROPIC_CONFIG_DIR") or os.path.join(
            environ.get("XDG_CONFIG_HOME")
            or os.path.join(self.workspace.home, ".config"),
            "anthropic",
        )
        base = os.path.join(self.workspace.cwd, base)
        for path in _listed(os.path.join(base, "credentials")):
            yield from self._found(
                path,
                tokens.in_anthropic_credentials(
                    path, self.read(path), clock.now()
                ),
            )

    def _rc_files(self) -> Iterator[Found]:
        for name in RC_FILES:
            path = os.path.join(self.workspace.home, name)
            text = (self.read(path, _RC_LIMIT) or b"").decode(
                "utf-8", "surrogateescape"
            )
            for export in find_exports(text, tokens.SECRET_VARIABLES):
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
            for one in literals.in_text(text):
                yield Found(
                    f"{path}:{one.line}",
                    self._mask(one.secret),
                    self._owner(one.secret),
                    by_hand=True,
                )

    def _found(self, path: str, found: Sequence[Token]) -> Iterator[Found]:
        for token in found:
            place = ".".join(token.keys)
            if token.index is not None:
                place += f"[{token.index}]"
            yield Found(
                f"{path}: {place}",
                self._mask(token.value),
                self._owner(token.value),
                token.stale,
                path=path,
                token=token,
                in_claude_code=True,
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


def _listed(folder: str) -> list[str]:
    try:
        return [os.path.join(folder, n) for n in sorted(os.listdir(folder))]
    except OSError:
        return []
