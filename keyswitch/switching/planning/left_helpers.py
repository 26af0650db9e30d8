"""Helpers of keyswitch that stand in a folder's settings and are of no use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes.draft import Draft
from keyswitch.errors import KeyswitchError, NotFoundError
from keyswitch.profiles import state
from keyswitch.switching.planning import known_folders
from keyswitch.targets.verdict import NOTE, WARNING, Finding
from keyswitch.workspace import Workspace

if TYPE_CHECKING:
    from keyswitch.targets.target import Places


def findings(workspace: Workspace) -> list[Finding]:
    """Return the folders, this one too, whose helper is of no use.

    Nothing where a file of ours is damaged: the next change says so.
    """
    try:
        here = _left_here(workspace)
        there = [
            _failing(workspace, places)
            for places in known_folders.others(workspace)
        ]
    except KeyswitchError:
        return []
    return [found for found in (here, *there) if found is not None]


def _failing(workspace: Workspace, places: Places) -> Finding | None:
    """Return that a folder's helper has nothing to answer, if it is so."""
    own = known_folders.is_own(workspace, places)
    why = "its folder belongs to a removed profile"
    if not own:
        why = _no_answer(workspace)
    if not why or not known_folders.calls_us(workspace, places):
        return None
    here = own or places.config_dir == workspace.places.config_dir
    return Finding(
        "helper-left" if here else "helper-elsewhere",
        WARNING,
        f"the apiKeyHelper in {places.settings} can only fail: {why}",
        "this or another keyswitch installation added it and did not remove it",
        "keyswitch off" if here else known_folders.way_out(places),
        places.settings,
    )


def _left_here(workspace: Workspace) -> Finding | None:
    """Return that another keyswitch's helper stands here, if one does."""
    places = workspace.places
    found = _failing(workspace, places)
    if found or not known_folders.calls_us(workspace, places):
        return found
    draft = Draft(workspace)
    if places.settings in known_folders.recorded_in(draft, places):
        return None
    holder = known_folders.holder_of(draft, places)
    if holder.settings in known_folders.recorded_in(draft, holder):
        return None
    name = state.read(workspace.paths).active
    return Finding(
        "helper-left",
        NOTE,
        "another keyswitch installation added the apiKeyHelper in "
        f"{places.settings}",
        "it stops working if that installation is removed",
        f"keyswitch use {name}".rstrip(),
        places.settings,
    )


def _no_answer(workspace: Workspace) -> str:
    """Return why the helper has no answer for Claude Code, "" if it has."""
    active = state.read(workspace.paths).active
    if not active:
        return "no profile is active"
    try:
        profile, _ = workspace.load(active)
        taken = workspace.provider_of(profile).claude_code_for(profile)
    except NotFoundError as e:
        return e.message
    except KeyswitchError:
        return ""  # another check says what is wrong with the profile's file
    if taken.helper_field or taken.aws_export:
        return ""
    return f"'{active}' needs no helper"
