"""Plan a program's files in one folder, and add the plan to a draft."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from keyswitch.changes.compiling import compiled_profile
from keyswitch.changes.draft import Draft, NewItem
from keyswitch.errors import FileStateError, KeyswitchError
from keyswitch.model import (
    LOGIN_PROVIDER,
    Frozen,
    MovedLogin,
    Profile,
    SecretRef,
)
from keyswitch.profiles import profile_files
from keyswitch.secret import Secret
from keyswitch.secrets.stores import new_item
from keyswitch.switching.planning.known_folders import holder_of, is_one_file
from keyswitch.targets import table
from keyswitch.targets.values import Account, PlanRequest
from keyswitch.terminal.exports import values_of
from keyswitch.workspace import own_command

if TYPE_CHECKING:
    from keyswitch.targets.target import Places, Target
    from keyswitch.targets.values import KeyOf

_NONE: Mapping[str, Profile] = MappingProxyType({})


class Switch(Frozen):
    """A profile, or none: what was there before keyswitch comes back."""

    profile: Profile | None
    without: Sequence[SecretRef] = ()  # items that the same change takes away
    moves_login: bool = True  # False: the login that is there stays
    # The login becomes what it was before this move.
    back: MovedLogin | None = None
    keep_changed: bool = False  # what somebody else changed stays as it is
    altered: Mapping[str, Profile] = _NONE  # profiles that the change writes
    keep_headers: bool = False  # a person's, credentials or not
    rehearsed: bool = False  # no store is asked: stand-ins are as good


def plan_folder(draft: Draft, switch: Switch, places: Places) -> None:
    """Plan the main program's files of one folder."""
    holder = None
    if not _shares_settings(draft, places):
        holder = holder_of(draft, places)
    request = _request(draft, switch)._replace(settings_of=holder)
    _plan(draft, table.main(), request, places)
    profile, moves_login = switch.profile, switch.moves_login
    if profile is not None:
        moves_login &= profile.provider == LOGIN_PROVIDER
    elif moves_login:
        moves_login = os.path.exists(draft.workspace.paths.logins_file)
    if not moves_login and switch.back is None:
        return
    # Loaded here, since a switch between keys has no use for it.
    from keyswitch.switching.logins import moves
    from keyswitch.switching.logins.book import LoginBook

    logins = LoginBook(draft, places)
    if profile is not None and switch.back is None:
        moves.switch_to(logins, profile)
    else:
        moves.give_back(logins, switch.back)


def plan_others(draft: Draft, switch: Switch) -> None:
    """Plan the files of the programs beside the main one."""
    workspace = draft.workspace
    for target in table.others():
        places = target.places(workspace.environ, workspace.home, workspace.cwd)
        request = _request(draft, switch)
        _plan(draft, target, request._replace(settings_of=places), places)


def plan_keys(draft: Draft, switch: Switch, places: Places) -> None:
    """Plan only what the main program was told of keys."""
    request = _request(draft, switch)._replace(keys_only=True)
    _plan(draft, table.main(), request, places)


def _request(draft: Draft, switch: Switch) -> PlanRequest:
    workspace = draft.workspace
    account, cancels = None, False
    if switch.profile is not None:
        provider = workspace.provider_of(switch.profile)
        account = Account(switch.profile, provider)
        cancels = workspace.settings.shell_keys == "cancel"
    request = PlanRequest(
        workspace.paths,
        tuple(own_command()),
        account,
        cancels_shell_keys=cancels,
        keep_changed=switch.keep_changed,
        keep_headers=switch.keep_headers,
        without=frozenset(ref.item for ref in switch.without),
        key=lambda: workspace.install_key,
        keys=lambda key_of, known: of_profiles(draft, switch, key_of, known),
        displaced_text=lambda token: draft.secret(ref_of(token)).reveal(),
        new_token=lambda: f"{draft.usual_store}:{new_item()}",
    )
    if switch.rehearsed:
        return request._replace(
            keys=lambda _key_of, _known: [("", "a-key-that-stands-in")],
            displaced_text=lambda _token: '""',
            new_token=lambda: f"vault:{new_item()}",
        )
    return request


def _plan(
    draft: Draft, target: Target, request: PlanRequest, places: Places
) -> None:
    plan = target.plan(request, places, draft.settled)
    draft.add(plan.files)
    draft.conflicts += plan.conflicts
    draft.notes += plan.notes
    for token, text in plan.displaced.items():
        draft.store(NewItem(ref_of(token), Secret(text)))
    draft.dropped += [ref_of(token) for token in plan.put_back]


def _shares_settings(draft: Draft, places: Places) -> bool:
    """Tell whether a profile's own settings are a link to the usual ones."""
    if places.settings in draft.links:
        return draft.links[places.settings].wanted
    usual = draft.workspace.places.settings
    return places.settings != usual and is_one_file(places.settings, usual)


def ref_of(token: str) -> SecretRef:
    """Return the item that a token names."""
    store, _, item = token.partition(":")
    if not item:
        raise FileStateError(
            "the record of displaced settings is damaged",
            "compare Claude Code's settings.json yourself",
        )
    return SecretRef(store, item)


AT_ONCE = 50  # profiles looked at when the first key profile becomes active


def of_profiles(
    draft: Draft, switch: Switch, key_of: KeyOf, known: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield (item, key) of profiles whose items are not known yet.

    Those of the switch; of all profiles where nothing is known. `key_of` says
    which secret of a profile is meant.
    """
    paths, found = draft.workspace.paths, dict(switch.altered)
    if switch.profile is not None:
        found = {switch.profile.name: switch.profile, **found}
    if not known and len(profile_files.scan(paths)) <= AT_ONCE:
        for profile in profile_files.load_all(paths)[0]:
            # No manager is asked for what nobody wants now.
            if not any(ref.is_reference for ref in profile.secrets.values()):
                found.setdefault(profile.name, profile)
    for profile in found.values():
        yield from _key_of(draft, profile, key_of, known)


def _key_of(
    draft: Draft, profile: Profile, key_of: KeyOf, known: Collection[str]
) -> list[tuple[str, str]]:
    """Return (item, key) of a profile, if it can be read silently."""
    workspace = draft.workspace
    try:
        ref = key_of(Account(profile, workspace.provider_of(profile)))
        if ref is None or ref.item in known:
            return []
        if ref.item in draft.items:
            return [(ref.item, draft.items[ref.item].value.reveal())]
        compiled = compiled_profile(workspace, profile.name)
        triple = (ref.store, ref.item, ref.generation)
        fields = [f for f, found in compiled.refs.items() if found == triple]
        values = values_of(
            workspace.paths, compiled, fields[:1], ask=workspace.ask
        )
    except KeyswitchError:
        return []  # locked: the program will ask once, nothing worse
    return [(ref.item, value) for value in values.values()]
