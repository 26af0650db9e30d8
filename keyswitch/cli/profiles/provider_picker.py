"""The providers as a list to choose from: name, title, what is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.cli.profiles.picker import Listing, Row
from keyswitch.profiles.names import nearest

if TYPE_CHECKING:
    from keyswitch.workspace import Workspace


class ProviderListing(Listing):
    """A list of providers; a word that is nearly a name finds it."""

    def _matching(self) -> list[str]:
        found = super()._matching()
        if found or not self._words:
            return found
        near = nearest(self._words[0], self.names)
        return [near] if near else []

    @property
    def remark(self) -> str:
        """Return what is said of the list: that it holds a guess."""
        guessed = self._words and not super()._matching()
        return "did you mean this?" if guessed and self.matches else ""


def listing(workspace: Workspace) -> ProviderListing:
    """Return all providers to choose from."""
    catalogue = workspace.catalogue
    rows = {}
    for name in catalogue.ids():
        title, setup = catalogue.get(name).title, catalogue.get(name).setup
        rows[name] = Row(title, setup, "", f"{name} {title} {setup}".casefold())
    return ProviderListing(workspace.paths, list(rows), {}, rows)
