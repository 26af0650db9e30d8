"""How a source of a credential is taken away, by a command if possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.verdict import Source


def how_to_stop(situation: Situation, source: Source) -> str:
    """Return what takes a source away, as a command where there is one."""
    origin = situation.origin(source)
    if source.set_by == "process":
        if source.name in situation.chosen.exported:
            return 'eval "$(keyswitch env)"'
        if origin is not None:
            return f"take {origin.place} out, then: unset {source.name}"
        return f"unset {source.name}"
    if situation.accounts.own_words(source.command):
        # Ours, and it answers for the profile that this shell was given.
        return 'eval "$(keyswitch env)"'
    if situation.accounts.looks_like_ours(source.command):
        # Some keyswitch's that is gone, moved, or another one.
        return f"keyswitch use {situation.chosen.name or 'NAME'}"
    if source.kind == "login":
        return "keyswitch revoke-local --claude-code"
    if source.set_by == "managed":
        return f"ask whoever manages {source.path}"
    if source.set_by == "flag" and not source.path:
        return "leave --settings away"
    return f"remove '{source.name}' from {source.place}"
