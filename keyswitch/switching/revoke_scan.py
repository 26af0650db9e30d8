"""Every token on this machine, found without changing anything."""

from __future__ import annotations

import os
import shlex
import time
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from keyswitch.errors import KeyswitchError
from keyswitch.profiles import files, state
from keyswitch.profiles.atomic import read_regular
from keyswitch.shells.rc_files import RC_FILES, find_exports
from keyswitch.switching import undo_records
from keyswitch.switching.workspace import own_command
from keyswitch.targets.claude_code import tokens
from keyswitch.targets.claude_code.baseline import Baseline
from keyswitch.targets.claude_code.files import FILE_LIMIT, locations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from keyswitch.model import SecretRef
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.tokens import Token

from keyswitch.switching import target

_RC_LIMIT = 1 << 22


@dataclass(frozen=True, slots=True)
class Found:
    """One token on this machine."""

    source: str  # file and key, file:line, or store
    masked: str
    profile: str = ""  # owner, if it is one of ours
    stale: str = ""  # why it is of no use any more
    path: str = ""
    token: Token | None = None
    line: int = 0
    ref: SecretRef | None = None
    field: str = ""
    in_claude_code: bool = False


class Scan:
    """One look at the whole machine, over files as they would be."""

    def __init__(
        self, workspace: Workspace, overlay: Mapping[str, bytes | None]
    ) -> None:
        self.workspace = workspace
        self.overlay = overlay
        self.profiles, self.broken = files.load_all(workspace.paths)
        self.owners = {
            ref.fingerprint: p.name
            for p in self.profiles
            for ref in p.secrets.values()
        }
        self.command = shlex.join(own_command())
        self.places = locations(
            workspace.environ, workspace.home, workspace.cwd
        )

    def read(self, path: str, limit: int = FILE_LIMIT) -> bytes | None:
        """Return a file as it will be, or None if it cannot be read."""
        if path in self.overlay:
            return self.overlay[path]
        try:
            return read_regular(path, limit)
        except KeyswitchError:
            return None

    def everything(self) -> list[Found]:
        """Return every token, in a fixed order."""
        return [
            *self._own_items(),
            *self._claude_code(),
            *self._anthropic_profiles(),
            *self._rc_files(),
        ]

    def _own_items(self) -> Iterator[Found]:
        today = date.today()  # noqa: DTZ011 - the person's own calendar
        for profile in self.profiles:
            expired = profile.expires is not None and profile.expires < today
            for field, ref in sorted(profile.secrets.items()):
                yield Found(
                    f"{ref.store}: {profile.name}.{field}",
                    ref.hint,
                    profile.name,
                    f"expired {profile.expires}" if expired else "",
                    ref=ref,
                    field=field,
                )
        records = undo_records.parse(self.read(self.workspace.paths.undo_file))
        live = {r.item for p in self.profiles for r in p.secrets.values()}
        for record in records:
            for ref in record.discarded:
                if ref.item not in live:
                    yield Found(
                        f"{ref.store}: kept for undo of "
                        f"'{record.command} {record.profile}'",
                        ref.hint,
                        record.profile,
                        "replaced or removed",
                        ref=ref,
                    )
        yield from self._cached()
        from keyswitch.secrets.vault_writing import previous_versions

        for path in previous_versions(self.workspace.paths):
            yield Found(
                path, "", stale="an older version of the vault", path=path
            )

    def _cached(self) -> Iterator[Found]:
        """Yield what the unlock cache holds; any removal empties it."""
        from keyswitch.secrets import unlock

        owners = {
            ref.item: profile.name
            for profile in self.profiles
            for ref in profile.secrets.values()
        }
        for _, description in unlock.entries():
            parts = description.split(":")
            owner = owners.get(parts[2], "")
            known = owner or parts[1] == "dek"
            yield Found(
                "kernel session keyring: "
                + (owner or "key of the vault" if known else "a value"),
                "…",
                owner,
                "" if known else "of no profile",
            )

    def _claude_code(self) -> Iterator[Found]:
        p = self.places
        folders = {p.config_dir: (p.credentials, p.global_config)}
        home = os.path.join(self.workspace.home, ".claude")
        default = (
            os.path.join(home, ".credentials.json"),
            os.path.join(self.workspace.home, ".claude.json"),
        )
        folders.setdefault(home, default)
        now = time.time()
        for folder, (credentials, config) in folders.items():
            yield from self._found(
                credentials,
                tokens.in_credentials(
                    credentials, self.read(credentials), now * 1000
                ),
            )
            yield from self._global_config(config)
            yield from self._settings(os.path.join(folder, "settings.json"))
            for path in _listed(os.path.join(folder, "backups")):
                found = tokens.in_global_config(path, self.read(path))
                yield from (
                    replace(f, stale="an old copy")
                    for f in self._found(path, found)
                )
        for path in (p.project_settings, p.local_settings):
            if os.path.dirname(path) not in folders:
                yield from self._settings(path)

    def _settings(self, path: str) -> Iterator[Found]:
        active = state.read(self.workspace.paths).active
        for found in self._found(
            path, tokens.in_settings(path, self.read(path), self.command)
        ):
            if found.token is not None and found.token.is_helper:
                yield replace(
                    found,
                    masked="(a command of keyswitch)",
                    stale="" if active else "no profile is active",
                )
            else:
                yield found

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
        from keyswitch.targets.claude_code import baseline

        record = target.record_path(self.workspace, self.places)
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
        base = environ.get("ANTHROPIC_CONFIG_DIR") or os.path.join(
            environ.get("XDG_CONFIG_HOME")
            or os.path.join(self.workspace.home, ".config"),
            "anthropic",
        )
        for path in _listed(os.path.join(base, "credentials")):
            yield from self._found(
                path,
                tokens.in_anthropic_credentials(
                    path, self.read(path), time.time()
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
