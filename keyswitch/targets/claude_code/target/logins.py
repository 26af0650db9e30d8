"""Claude Code's logins: in two files, or in the macOS keychain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.targets.claude_code.files import Locations, login_locks
from keyswitch.targets.claude_code.login import parts
from keyswitch.targets.claude_code.login.parts import LoginPlace, Parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.targets import target
    from keyswitch.targets.claude_code.login.keychain import Keychain
    from keyswitch.targets.values import Read

nothing = Parts({})
pack = parts.pack
unpack = parts.unpack
item_locks = login_locks


# What is for macOS alone is loaded there alone.


def keychain(environ: Mapping[str, str]) -> Keychain:
    """Return the items of a configuration folder."""
    from keyswitch.targets.claude_code.login.keychain import Keychain

    return Keychain(environ)


def place(
    places: Locations, read: Read, keychain: target.Keychain | None
) -> LoginPlace:
    """Return where a folder's login is."""
    if keychain is None:
        return LoginPlace(places, read)
    from keyswitch.targets.claude_code.login.keychain import KeychainPlace

    return KeychainPlace(places, read, keychain)


def item_content(
    service: str, present: bytes | None, found: Parts
) -> bytes | None:
    """Return what an item is to hold for a login."""
    from keyswitch.targets.claude_code.login import keychain

    return keychain.item_content(service, present, found)
