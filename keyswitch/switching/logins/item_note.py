"""Where the login of one configuration folder is: in files or in a keychain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyswitch.switching.logins.places import LoginPlace

if TYPE_CHECKING:
    from keyswitch.changes.draft import Draft
    from keyswitch.workspace import Workspace


def place_of(workspace: Workspace, draft: Draft, places: Any) -> LoginPlace:
    """Return where Claude Code has the login of this folder."""
    keychain = workspace.keychain_at(places)
    if keychain is None:
        return LoginPlace(draft, places)
    from keyswitch.switching.logins.keychain import KeychainPlace

    return KeychainPlace(workspace, draft, places, keychain)
