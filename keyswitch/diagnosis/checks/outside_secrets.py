"""Secrets that stay in managers: what keeps them from being read here.

Nobody is asked, and no secret is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.checks.profiles import listed
from keyswitch.diagnosis.one_step import one_step
from keyswitch.errors import InputError, KeyswitchError
from keyswitch.profiles import settings
from keyswitch.targets.verdict import ERROR, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.situation import Situation


def references(situation: Situation) -> Iterator[Finding]:
    """Find references that cannot be read, as far as that is seen from here."""
    outside = [
        (profile.name, ref.item)
        for profile in situation.accounts.profiles
        for ref in profile.secrets.values()
        if ref.is_reference
    ]
    if not outside:
        return
    from keyswitch.secrets.outside.reference_store import ReferenceStore

    paths = situation.accounts.paths
    try:
        settings.load(paths)
    except KeyswitchError:
        return  # what cannot be read is said of all own files
    store = ReferenceStore(paths)
    holders: dict[str, list[str]] = {}
    for name, text in outside:
        holders.setdefault(text, []).append(name)
    used = {situation.chosen, situation.accounts.helper_profile}
    for text, names in holders.items():
        grave = ERROR if used & {*names} else WARNING
        why = f"no program gets the secret of {listed(names)}"
        place = paths.profile(names[0])
        try:
            store.require_manager(text)
            command = store.needs_yes(text)
        except KeyswitchError as e:
            edit = f"keyswitch edit {names[0]}"
            why, fix = one_step(e, why, edit, names[0])
            if isinstance(e, InputError):  # the profile's own text is wrong
                why, fix = f"{why}; {e.hint}", edit
            yield Finding(
                "reference-unreadable", grave, e.message, why, fix, place
            )
            continue
        if command is not None:
            what = f"'{command.name}' of config.toml is not allowed to run"
            fix = f"keyswitch managers allow {command.name}"
            yield Finding("command-not-allowed", grave, what, why, fix, place)
