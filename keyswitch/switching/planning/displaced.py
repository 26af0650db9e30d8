"""Secrets of other programs that a switch displaces, kept in a secret store.

A token is the item's reference as text; the baseline record holds tokens, so
that no displaced key ever lies in a file of keyswitch's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.errors import FileStateError
from keyswitch.model import SecretRef
from keyswitch.secrets.stores import new_item, open_store

if TYPE_CHECKING:
    from keyswitch.changes.draft import Draft
    from keyswitch.workspace import Workspace


def ref_of(token: str) -> SecretRef:
    """Return the item that a token names."""
    store, _, item = token.partition(":")
    if not item:
        raise FileStateError(
            "the record of displaced settings is damaged",
            "compare Claude Code's settings.json yourself",
        )
    return SecretRef(store, item)


class Displaced:
    """The displaced texts that one plan reads and makes."""

    def __init__(self, workspace: Workspace, draft: Draft) -> None:
        self._workspace = workspace
        self._draft = draft
        self._texts: dict[str, str] = {}
        self._store = ""

    def resolve(self, token: str) -> str:
        """Return a displaced text."""
        if token not in self._texts:
            ref = ref_of(token)
            new = self._draft.items.get(ref.item)
            store = open_store(
                ref.store, self._workspace.paths, self._workspace.ask
            )
            found = new.value if new else store.get(ref.item, ref.generation)
            self._texts[token] = found.reveal()
        return self._texts[token]

    def new_token(self) -> str:
        """Return the token of an item that is going to be written."""
        if not self._store:
            from keyswitch.changes.store_choice import choose_store

            self._store = choose_store(self._workspace, None).store
        return f"{self._store}:{new_item()}"
