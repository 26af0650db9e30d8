"""The tokens of logins as they are now: Claude Code renews those in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes.draft import Draft
from keyswitch.switching.logins import owners
from keyswitch.switching.logins.book import LoginBook
from keyswitch.switching.logins.storing import FIELD, unpacked
from keyswitch.switching.planning import one_copy

if TYPE_CHECKING:
    from keyswitch.switching.verifying.held_secrets import HeldSecrets
    from keyswitch.targets.target import Login, Places


class LoginTokens:
    """Reads logins, from the folder where each is live or from its store."""

    def __init__(self, held: HeldSecrets) -> None:
        self._held = held
        self._draft = Draft(held.workspace)
        self._live: dict[str, tuple[str, Login]] = {}  # by folder

    def of(self, name: str) -> Login:
        """Return a profile's newest login; nothing is renewed."""
        for places in one_copy.folders(self._draft, name):
            owner, live = self._at(places)
            if owner == name:
                return live
        return unpacked(self._held.of(name, (FIELD,))[FIELD])

    def _at(self, places: Places) -> tuple[str, Login]:
        """Return the login of a folder and whose it is, "" for nobody's."""
        folder = places.login_dir
        if folder not in self._live:
            logins = LoginBook(self._draft, places)
            live = logins.live()
            owner = owners.owner_of(logins, live) if live.usable else ""
            self._live[folder] = owner, live
        return self._live[folder]
