"""The keys of profiles that a program may use without asking.

A program that asks the person about an exported key is told of the keys of all
profiles at once, so that a later switch changes none of its files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes.compiling import compiled_profile
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import profile_files
from keyswitch.secrets.stores import read_values
from keyswitch.targets.parts import Account

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from keyswitch.changes.draft import Draft
    from keyswitch.model import Profile
    from keyswitch.switching.planning.switch import Switch
    from keyswitch.targets.target import KeyOf
    from keyswitch.workspace import Workspace

AT_ONCE = 50  # profiles looked at when the first key profile becomes active


def of_profiles(
    workspace: Workspace,
    draft: Draft,
    switch: Switch,
    key_of: KeyOf,
    known: Collection[str],
) -> Iterator[tuple[str, str]]:
    """Yield (item, key) of profiles whose items are not known yet.

    Those of the switch; of all profiles where nothing is known. `key_of` says
    which secret of a profile is meant.
    """
    for profile in _candidates(workspace, switch, first=not known):
        yield from _key_of(workspace, draft, profile, key_of, known)


def _candidates(
    workspace: Workspace, switch: Switch, *, first: bool
) -> list[Profile]:
    """Return the profiles whose keys are wanted and may not be recorded."""
    found = dict(switch.altered)
    if switch.profile is not None:
        found = {switch.profile.name: switch.profile, **found}
    if first:
        names = profile_files.scan(workspace.paths)
        for name in names if len(names) <= AT_ONCE else ():
            try:
                found.setdefault(name, workspace.load(name)[0])
            except KeyswitchError:
                continue  # broken ones are named by `list`
    return list(found.values())


def _key_of(
    workspace: Workspace,
    draft: Draft,
    profile: Profile,
    key_of: KeyOf,
    known: Collection[str],
) -> list[tuple[str, str]]:
    """Return (item, key) of a profile, if it can be read silently."""
    try:
        ref = key_of(Account(profile, workspace.provider_of(profile)))
        if ref is None or ref.item in known:
            return []
        if ref.item in draft.items:
            return [(ref.item, draft.items[ref.item].value.reveal())]
        compiled = compiled_profile(workspace, profile.name)
        triple = (ref.store, ref.item, ref.generation)
        values = read_values(
            workspace.paths, compiled, [triple], ask=workspace.ask
        )
    except KeyswitchError:
        return []  # locked: the program will ask once, nothing worse
    return [(ref.item, values[triple])]
