"""Whether a profile's secrets can be had, tried where that asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes.compiling import compiled_profile
from keyswitch.diagnosis.findings.finding import ERROR, Finding
from keyswitch.errors import KeyswitchError, LockedError
from keyswitch.terminal.exports import KEYCHAIN_SHARE, values_of

if TYPE_CHECKING:
    from keyswitch.workspace import Workspace

LOCKED = "secret-locked"
_ABSENT = "secret-not-there"


def findings_of(workspace: Workspace, name: str) -> list[Finding]:
    """Return why nothing can use a profile that was just made active."""
    try:
        profile = compiled_profile(workspace, name)
    except KeyswitchError:
        return []  # its file is broken, which is said elsewhere
    needed = {*(f for _, f in profile.secrets), *profile.roles.values()}
    fields = sorted(needed & set(profile.refs))
    try:
        values_of(workspace.paths, profile, fields, deadline=KEYCHAIN_SHARE)
    except KeyswitchError as e:
        return [
            Finding(
                LOCKED if isinstance(e, LockedError) else _ABSENT,
                ERROR,
                f"no program gets the secret of '{name}'",
                e.message,
                e.hint or f"keyswitch rotate {name}",
            )
        ]
    return []
