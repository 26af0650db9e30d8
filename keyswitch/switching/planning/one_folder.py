"""What a change means for Claude Code's files and our record of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.changes.draft import NewItem
from keyswitch.errors import KeyswitchError
from keyswitch.secret import Secret
from keyswitch.switching.planning import approvals, displaced
from keyswitch.switching.planning.records import (
    RECORD_LIMIT,
    holder_of,
    is_one_file,
    record_path,
)
from keyswitch.targets.claude_code.files import FILE_LIMIT
from keyswitch.targets.claude_code.locks import config_lock
from keyswitch.targets.claude_code.settings import baseline as records_of
from keyswitch.targets.claude_code.settings import json_text, own_helper, wanted
from keyswitch.targets.claude_code.settings import plan as planning
from keyswitch.targets.claude_code.settings.baseline import Baseline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.changes.draft import Draft
    from keyswitch.changes.login_ledger import Moved
    from keyswitch.model import Profile, SecretRef
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.workspace import Workspace


def plan_folder(  # noqa: PLR0913
    workspace: Workspace,
    draft: Draft,
    profile: Profile | None,
    without: Sequence[SecretRef] = (),
    *,
    moves_login: bool = True,
    places: Locations | None = None,
    back: Moved | None = None,
    keep_changed: bool = False,
) -> None:
    """Plan Claude Code's files of one folder for a profile, or for none.

    `without` are items that the same change takes away. Not `moves_login`: the
    login that is there stays. `places` are those of another folder than the
    usual one. `back`: the login becomes what it was before this move. With
    `keep_changed` settings that somebody else changed stay as they are.
    """
    places = places or workspace.places
    if not _shares_settings(workspace, draft, places):
        holder = holder_of(workspace, draft, places)
        _plan_settings(workspace, draft, holder, profile, keep=keep_changed)
    path = record_path(workspace, places)
    records = records_of.decode(path, draft.read(path, RECORD_LIMIT))
    approvals.plan(workspace, draft, places, records, profile, without)
    _aws_config(workspace, draft, profile)
    draft.write(path, records_of.encode(records), limit=RECORD_LIMIT)
    if back is not None or (
        moves_login and _concerns_login(workspace, profile)
    ):
        # Loaded here, since a switch between keys has no use for it.
        from keyswitch.switching.planning import login_part

        move = login_part.move_of(profile, back)
        login_part.add(workspace, draft, places, move)
    elif draft.changes_of(places.global_config):
        draft.lock((config_lock(places.global_config),))


def has_helper(draft: Draft, places: Locations) -> bool:
    """Tell whether a folder's settings call some keyswitch's helper."""
    path = places.settings
    try:
        data = draft.read(path, FILE_LIMIT)
        text = "" if data is None else json_text.decode(path, data)
        return "helper" in text and bool(own_helper.keys_in(path, text))
    except KeyswitchError:
        return False  # no JSON, or no file that can be read


def _shares_settings(
    workspace: Workspace, draft: Draft, places: Locations
) -> bool:
    """Tell whether a profile's own settings are a link to the usual ones."""
    if places.settings in draft.links:
        return draft.links[places.settings].wanted
    usual = workspace.places.settings
    return places.settings != usual and is_one_file(places.settings, usual)


def _concerns_login(workspace: Workspace, profile: Profile | None) -> bool:
    """Tell whether a change may put a login in place, or give one back."""
    if profile is None:
        return os.path.exists(workspace.paths.logins_file)
    return profile.provider == "claude-login"


def _plan_settings(
    workspace: Workspace,
    draft: Draft,
    places: Locations,
    profile: Profile | None,
    *,
    keep: bool,
) -> None:
    """Plan settings.json; what is displaced goes to a secret store."""
    path, record = places.settings, record_path(workspace, places)
    records = records_of.decode(record, draft.read(record, RECORD_LIMIT))
    if (
        profile is None
        and path not in records
        and not has_helper(draft, places)
    ):
        return
    observed = draft.read(path, FILE_LIMIT)
    store = displaced.Displaced(workspace, draft)
    plan = planning.plan_settings(
        path,
        observed,
        records.get(path, Baseline()),
        lambda text: _edits(workspace, path, text, profile),
        key=workspace.install_key,
        resolve=store.resolve,
        new_token=store.new_token,
        keep_changed=keep,
    )
    records[path] = plan.baseline
    draft.write(path, plan.after, limit=FILE_LIMIT)
    draft.conflicts += [f"{path}: {key}" for key in plan.conflicts]
    draft.notes += [
        f"{path}: {key} was the helper of a keyswitch before; it does not come "
        "back"
        for key in plan.left_over
    ]
    draft.notes += [
        f"{path}: {key} was added by somebody else; it does not count while a "
        "profile is active, and 'keyswitch off' gives it back"
        for key in plan.added
    ]
    for token, text in plan.displaced.items():
        draft.store(NewItem(displaced.ref_of(token), Secret(text)))
    draft.dropped += [displaced.ref_of(token) for token in plan.put_back]
    draft.write(record, records_of.encode(records), limit=RECORD_LIMIT)


def _aws_config(
    workspace: Workspace, draft: Draft, profile: Profile | None
) -> None:
    """Plan the AWS configuration file, which only some profiles need."""
    after = None
    if profile is not None:
        taken = workspace.provider_of(profile).claude_code_for(profile)
        if taken.aws_export:
            command = workspace.command_for(profile.name)
            after = command.aws_config_text(profile.fields["region"])
    path = workspace.paths.aws_config_file
    draft.write(path, after, limit=RECORD_LIMIT)


def _edits(
    workspace: Workspace, path: str, text: str, profile: Profile | None
) -> list[planning.Edit]:
    """Return what a profile needs in a settings text; none: nothing."""
    if profile is None:
        return []
    provider = workspace.provider_of(profile)
    taken = provider.claude_code_for(profile)
    settings = wanted.wanted_settings(
        taken,
        profile.fields,
        workspace.command_for(profile.name),
        expires="session_token" in profile.secrets,
        cancels=workspace.settings.shell_keys == "cancel",
    )
    return planning.edits_for(path, text, taken, settings, provider.rivals)
