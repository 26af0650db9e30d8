"""Claude Code's logins: in two files, or in the macOS keychain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.targets.claude_code.login.keychain import Keychain

if TYPE_CHECKING:
    from collections.abc import Mapping


def keychain(environ: Mapping[str, str]) -> Keychain:
    """Return the items of a configuration folder."""
    return Keychain(environ)
