"""`use --dry-run`: what a switch would write, without writing anything.

Each line is something that changes; what stays as it is has none.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

from keyswitch.profiles import state
from keyswitch.profiles.atomic import read_regular
from keyswitch.switching import approvals, target
from keyswitch.targets.claude_code import baseline as records_of
from keyswitch.targets.claude_code import json_text, splice
from keyswitch.targets.claude_code import plan as planning
from keyswitch.targets.claude_code.baseline import Baseline
from keyswitch.targets.claude_code.files import FILE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.model import Profile
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.files import Locations

_BACK = "gives back what was there before keyswitch"


def describe(
    workspace: Workspace, profile: Profile | None, name: str
) -> list[str]:
    """Return one line for each thing that a switch would change.

    The lines name keys and our own values; a value that is displaced is
    never shown.
    """
    lines = []
    present = state.read(workspace.paths)
    if present.active != name:
        lines.append(
            f"{workspace.paths.state_file}: active: "
            f"{present.active or '(none)'} -> {name or '(none)'}"
        )
    if profile is not None and profile.isolated:
        from keyswitch.switching.isolation import places_of

        lines += _of_folder(workspace, workspace.places, None)
        lines += _of_folder(workspace, places_of(workspace, name), profile)
    else:
        lines += _of_folder(workspace, workspace.places, profile)
    change = target.aws_config(workspace, profile)
    if change.before != change.after:
        what = "is removed" if change.after is None else "is written"
        lines.append(f"{change.path}: {what}")
    return lines


def _of_folder(
    workspace: Workspace, places: Locations, profile: Profile | None
) -> list[str]:
    path = target.record_path(workspace, places)
    records = records_of.decode(path, read_regular(path, FILE_LIMIT))
    return [
        *_settings(workspace, places.settings, records, profile),
        *_approvals(workspace, places.global_config, records, profile),
        *_login(workspace, places, profile),
    ]


def _settings(
    workspace: Workspace,
    path: str,
    records: Mapping[str, Baseline],
    profile: Profile | None,
) -> list[str]:
    if profile is None and path not in records:
        return []
    observed = read_regular(path, FILE_LIMIT)
    recorded = records.get(path, Baseline())
    numbers = itertools.count()
    planned = planning.plan_settings(
        path,
        observed,
        recorded,
        lambda text: target.edits(workspace, path, text, profile),
        key=workspace.install_key,
        # What was displaced is in a secret store, which this leaves alone.
        resolve=lambda token: json.dumps(f"displaced {token}"),
        new_token=lambda: f"new:{next(numbers)}",
    )
    before, after = (
        json_text.decode(path, data) if data is not None else "{}"
        for data in (observed, planned.after)
    )
    ours = {o.keys for o in planned.baseline.owned if o.ours}
    lines = []
    for keys in sorted(ours | {o.keys for o in recorded.owned if o.ours}):
        old, new = (
            splice.raw_value(path, text, keys) for text in (before, after)
        )
        if old == new:
            continue
        what = f"= {new}" if keys in ours else "is removed"
        if keys not in ours and new is not None:
            what = _BACK
        lines.append(f"{path}: {'.'.join(keys)} {what}")
    return lines


def _approvals(
    workspace: Workspace,
    path: str,
    records: Mapping[str, Baseline],
    profile: Profile | None,
) -> list[str]:
    """Say of the approved keys what no secret has to be read for."""
    recorded = {e.item for e in records.get(path, Baseline()).elements}
    if profile is None or not approvals.approves_keys(workspace, profile):
        left = "customApiKeyResponses.approved without the profiles' keys"
        return [f"{path}: {left}"] if recorded else []
    taken = workspace.provider_of(profile).claude_code_for(profile)
    ref = profile.secrets.get(taken.helper_field)
    if ref is None or ref.item in recorded:
        return []
    return [f"{path}: customApiKeyResponses.approved with the profile's key"]


def _login(
    workspace: Workspace, places: Locations, profile: Profile | None
) -> list[str]:
    """Say whose login would be put in place; nothing is asked of a keychain."""
    if not target.concerns_login(workspace, profile):
        return []
    from keyswitch.switching import login_ledger
    from keyswitch.switching.logins import Logins

    config = read_regular(places.global_config, FILE_LIMIT)
    logins = Logins(workspace, places, config)
    if profile is None:
        known = logins.folder() != login_ledger.Folder()
        return [f"{places.credentials}: {_BACK}"] if known else []
    live = logins.live()
    if live.usable and logins.owner_of(live) == profile.name:
        return []
    return [f"{places.credentials}: the login of '{profile.name}'"]
