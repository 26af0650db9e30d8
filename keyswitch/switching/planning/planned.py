"""Plan a program's files in one folder, and add the plan to a draft."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING

from keyswitch.changes.compiling import compiled_profile
from keyswitch.changes.draft import NewItem, read_settled
from keyswitch.errors import FileStateError, KeyswitchError
from keyswitch.model import LOGIN_PROVIDER, Frozen, SecretRef
from keyswitch.profiles import profile_files
from keyswitch.secret import Secret
from keyswitch.secrets.stores import new_item, open_store
from keyswitch.switching.planning.known_folders import holder_of, is_one_file
from keyswitch.targets import table
from keyswitch.targets.values import Account, Request
from keyswitch.terminal.exports import values_of
from keyswitch.workspace import own_command

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from keyswitch.changes.draft import Draft
    from keyswitch.model import MovedLogin, Profile
    from keyswitch.targets.target import Places, Target
    from keyswitch.targets.values import KeyOf, Read
    from keyswitch.workspace import Workspace

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


def plan_folder(
    workspace: Workspace,
    draft: Draft,
    switch: Switch,
    places: Places,
) -> None:
    """Plan the main program's files of one folder."""
    holder = None
    if not _shares_settings(workspace, draft, places):
        holder = holder_of(workspace, draft, places)
    request = _request(workspace, draft, switch)._replace(settings_of=holder)
    _plan(draft, table.main(), request, places)
    if switch.back is not None or (
        switch.moves_login and _concerns_login(workspace, switch)
    ):
        # Loaded here, since a switch between keys has no use for it.
        from keyswitch.switching.logins import moves
        from keyswitch.switching.logins.book import Logins

        logins = Logins(workspace, places, draft)
        moves.plan(logins, switch.profile, switch.back)


def plan_others(workspace: Workspace, draft: Draft, switch: Switch) -> None:
    """Plan the files of the programs beside the main one."""
    for target in table.others():
        places = target.places(workspace.environ, workspace.home, workspace.cwd)
        request = _request(workspace, draft, switch)
        _plan(draft, target, request._replace(settings_of=places), places)


def plan_keys(
    workspace: Workspace, draft: Draft, switch: Switch, places: Places
) -> None:
    """Plan only what the main program was told of keys."""
    request = _request(workspace, draft, switch)._replace(keys_only=True)
    _plan(draft, table.main(), request, places)


def reading(draft: Draft) -> Read:
    """Return what a plan reads files with: as the draft leaves them."""
    return lambda path: read_settled(draft, path)


def _request(workspace: Workspace, draft: Draft, switch: Switch) -> Request:
    store = Displaced(workspace, draft)
    account, cancels = None, False
    if switch.profile is not None:
        provider = workspace.provider_of(switch.profile)
        account = Account(switch.profile, provider)
        cancels = workspace.settings.shell_keys == "cancel"
    return Request(
        workspace.paths,
        tuple(own_command()),
        account,
        cancels_shell_keys=cancels,
        keep_changed=switch.keep_changed,
        without=frozenset(ref.item for ref in switch.without),
        key=lambda: workspace.install_key,
        keys=lambda key_of, known: of_profiles(
            workspace, draft, switch, key_of, known
        ),
        displaced_text=store.resolve,
        new_token=store.new_token,
    )


def _plan(
    draft: Draft, target: Target, request: Request, places: Places
) -> None:
    """Add a program's plan to a draft."""
    plan = target.plan(request, places, reading(draft))
    draft.add(plan.files)
    draft.conflicts += plan.conflicts
    draft.notes += plan.notes
    for token, text in plan.displaced.items():
        draft.store(NewItem(ref_of(token), Secret(text)))
    draft.dropped += [ref_of(token) for token in plan.put_back]


def _shares_settings(
    workspace: Workspace, draft: Draft, places: Places
) -> bool:
    """Tell whether a profile's own settings are a link to the usual ones."""
    if places.settings in draft.links:
        return draft.links[places.settings].wanted
    usual = workspace.places.settings
    return places.settings != usual and is_one_file(places.settings, usual)


def _concerns_login(workspace: Workspace, switch: Switch) -> bool:
    """Tell whether a change may put a login in place, or give one back."""
    if switch.profile is None:
        return os.path.exists(workspace.paths.logins_file)
    return switch.profile.provider == LOGIN_PROVIDER


def ref_of(token: str) -> SecretRef:
    """Return the item that a token names."""
    store, _, item = token.partition(":")
    if not item:
        raise FileStateError(
            "the record of displaced settings is damaged",
            "compare Claude Code's settings.json yourself",
        )
    return SecretRef(store, item)


class Displaced:
    """The displaced texts that one plan reads and makes."""

    def __init__(self, workspace: Workspace, draft: Draft) -> None:
        self._workspace = workspace
        self._draft = draft
        self._texts: dict[str, str] = {}
        self._store = ""

    def resolve(self, token: str) -> str:
        """Return a displaced text."""
        if token not in self._texts:
            ref = ref_of(token)
            new = self._draft.items.get(ref.item)
            store = open_store(
                ref.store, self._workspace.paths, self._workspace.ask
            )
            found = new.value if new else store.get(ref.item, ref.generation)
            self._texts[token] = found.reveal()
        return self._texts[token]

    def new_token(self) -> str:
        """Return the token of an item that is going to be written."""
        if not self._store:
            from keyswitch.changes.store_choice import choose_store

            self._store = choose_store(self._workspace, None).store
        return f"{self._store}:{new_item()}"


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
        fields = [f for f, found in compiled.refs.items() if found == triple]
        values = values_of(
            workspace.paths, compiled, fields[:1], ask=workspace.ask
        )
    except KeyswitchError:
        return []  # locked: the program will ask once, nothing worse
    return [(ref.item, value) for value in values.values()]
