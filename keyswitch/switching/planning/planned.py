"""Plan a program's files in one folder, and add the plan to a draft."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.changes.draft import Draft, NewItem, read_settled
from keyswitch.secret import Secret
from keyswitch.switching.logins.names import PROVIDER
from keyswitch.switching.planning import keys
from keyswitch.switching.planning.displaced import Displaced, ref_of
from keyswitch.switching.planning.records import holder_of, is_one_file
from keyswitch.targets import table
from keyswitch.targets.parts import Account
from keyswitch.targets.target import Request
from keyswitch.workspace import own_command

if TYPE_CHECKING:
    from keyswitch.switching.planning.switch import Switch
    from keyswitch.targets.parts import Read
    from keyswitch.targets.target import Places, Target
    from keyswitch.workspace import Workspace


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
        from keyswitch.switching.planning import login_part

        login_part.plan(workspace, draft, switch, places)


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
        keys=lambda key_of, known: keys.of_profiles(
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
    return switch.profile.provider == PROVIDER
