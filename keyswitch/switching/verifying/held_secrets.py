"""The secrets of profiles, to be asked about: a locked store is opened once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes.compiling import compiled_profile
from keyswitch.errors import LockedError
from keyswitch.model import REFERENCE
from keyswitch.secret import Secret
from keyswitch.terminal.exports import values_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from keyswitch.workspace import Workspace


class HeldSecrets:
    """Reads secrets. A store that a person did not open is not tried again."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._locked: dict[str, LockedError] = {}

    def of(self, name: str, fields: Collection[str]) -> Mapping[str, Secret]:
        """Return these secrets of a profile, held to what they are for.

        Raises LockedError where a store is locked, and stays so.
        """
        compiled = compiled_profile(self.workspace, name)
        by_store: dict[str, list[str]] = {}
        for field in fields:
            store, text, _ = compiled.refs[field]
            if store == REFERENCE:
                store = text.partition(":")[0]  # each manager has its own lock
            by_store.setdefault(store, []).append(field)
        found: dict[str, str] = {}
        for store, here in by_store.items():
            if store in self._locked:
                raise self._locked[store]
            try:
                found |= values_of(
                    self.workspace.paths,
                    compiled,
                    here,
                    ask=self.workspace.ask,
                )
            except LockedError as e:
                self._locked[store] = e
                raise
        return {field: Secret(value) for field, value in found.items()}
