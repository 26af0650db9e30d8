"""Claude Code's logins: in two files, or in the macOS keychain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.targets.claude_code.locks import login_locks
from keyswitch.targets.claude_code.login import keychain_place, parts
from keyswitch.targets.claude_code.login.keychain import Keychain
from keyswitch.targets.claude_code.login.keychain_place import KeychainPlace
from keyswitch.targets.claude_code.login.place import LoginPlace

if TYPE_CHECKING:
    from keyswitch.targets import login
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.parts import Read

nothing = parts.Parts({})
pack = parts.pack
unpack = parts.unpack
keychain = Keychain
item_locks = login_locks
item_content = keychain_place.item_content


def place(
    places: Locations, read: Read, keychain: login.Keychain | None
) -> LoginPlace:
    """Return where a folder's login is."""
    if keychain is None:
        return LoginPlace(places, read)
    return KeychainPlace(places, read, keychain)
