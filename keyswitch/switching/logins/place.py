"""Where the login of one configuration folder is: in files or in a keychain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.switching.login_places import LoginPlace

if TYPE_CHECKING:
    from keyswitch.switching.draft import Draft
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.files import Locations


def place_of(
    workspace: Workspace, draft: Draft, places: Locations
) -> LoginPlace:
    """Return where Claude Code has the login of this folder."""
    keychain = workspace.keychain_at(places)
    if keychain is None:
        return LoginPlace(draft, places)
    from keyswitch.switching.login_keychain import KeychainPlace

    return KeychainPlace(workspace, draft, places, keychain)
