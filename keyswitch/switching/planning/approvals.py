"""Which keys Claude Code may use without asking, when they are exported.

Claude Code asks about an unknown `ANTHROPIC_API_KEY` and takes "no" for the
default. It remembers approved keys by their last 20 characters. While a key
profile is active, the keys of all such profiles are approved, so that a later
switch changes no file of Claude Code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes.compiling import compiled_profile
from keyswitch.changes.draft import LAST
from keyswitch.changes.unsettled import read_settled
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import profile_files
from keyswitch.secrets.reader import read_values
from keyswitch.targets.claude_code.files import FILE_LIMIT
from keyswitch.targets.claude_code.login.stored import tail_of
from keyswitch.targets.claude_code.settings import approved_keys
from keyswitch.targets.claude_code.settings.baseline import Baseline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.changes.draft import Draft
    from keyswitch.model import Profile, SecretRef
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.workspace import Workspace

AT_ONCE = 50  # profiles looked at when the first key profile becomes active


def plan(  # noqa: PLR0913
    workspace: Workspace,
    draft: Draft,
    places: Locations,
    records: dict[str, Baseline],
    profile: Profile | None,
    without: Sequence[SecretRef],
    altered: Mapping[str, Profile] | None = None,
) -> None:
    """Plan `.claude.json` and its record, where it has to be read at all."""
    path = places.global_config
    baseline = records.get(path, Baseline())
    approves = profile is not None and _approves(workspace, profile)
    if not approves and baseline == Baseline():
        return
    tails: dict[str, str | None] = {}
    if approves and profile is not None:
        gone = {ref.item for ref in without}
        recorded = {e.item for e in baseline.elements} - gone
        tails = dict.fromkeys(sorted(recorded))
        for candidate in _candidates(
            workspace, profile, altered or {}, first=not recorded
        ):
            for item, tail in _tails(workspace, candidate, draft, recorded):
                tails.setdefault(item, tail)
        if tails and set(tails) == {e.item for e in baseline.elements}:
            return
    observed = read_settled(draft, path)
    planned = approved_keys.plan_approvals(
        path, observed, baseline, tails, workspace.install_key
    )
    draft.write(path, planned.after, limit=FILE_LIMIT, rank=LAST)
    records[path] = planned.baseline


def _approves(workspace: Workspace, profile: Profile) -> bool:
    provider = workspace.provider_of(profile)
    return provider.claude_code_for(profile).approve


def _candidates(
    workspace: Workspace,
    profile: Profile,
    altered: Mapping[str, Profile],
    *,
    first: bool,
) -> list[Profile]:
    """Return the profiles whose keys are wanted and may not be recorded."""
    found = {profile.name: profile, **altered}
    if first:
        names = profile_files.scan(workspace.paths)
        for name in names if len(names) <= AT_ONCE else ():
            try:
                found.setdefault(name, workspace.load(name)[0])
            except KeyswitchError:
                continue  # broken ones are named by `list`
    return list(found.values())


def _tails(
    workspace: Workspace,
    profile: Profile,
    draft: Draft,
    recorded: set[str],
) -> list[tuple[str, str]]:
    """Return (item, tail) of a profile's key, if it can be read silently."""
    try:
        provider = workspace.provider_of(profile)
    except KeyswitchError:
        return []
    taken = provider.claude_code_for(profile)
    ref = profile.secrets.get(taken.helper_field)
    if not taken.approve or ref is None or ref.item in recorded:
        return []
    if ref.item in draft.items:
        return [(ref.item, tail_of(draft.items[ref.item].value.reveal()))]
    try:
        compiled = compiled_profile(workspace, profile.name)
        triple = (ref.store, ref.item, ref.generation)
        values = read_values(
            workspace.paths, compiled, [triple], ask=workspace.ask
        )
    except KeyswitchError:
        return []  # locked: Claude Code will ask once, nothing worse
    return [(ref.item, tail_of(values[triple]))]
