"""`use --dry-run`: what a switch would write, without writing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.profiles import state
from keyswitch.profiles.atomic import read_regular
from keyswitch.targets.claude_code import plan as planning
from keyswitch.targets.claude_code import wanted
from keyswitch.targets.claude_code.files import FILE_LIMIT

if TYPE_CHECKING:
    from keyswitch.model import Profile
    from keyswitch.switching.workspace import Workspace


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
    places = workspace.places
    if profile is None:
        lines.append(
            f"{places.settings}: give back what was there before keyswitch"
        )
        return lines
    provider = workspace.provider_of(profile)
    taken = provider.claude_code_for(profile)
    settings = wanted.wanted_settings(
        taken,
        profile.fields,
        workspace.command_for(name),
        expires="session_token" in profile.secrets,
    )
    observed = read_regular(places.settings, FILE_LIMIT)
    text = observed.decode("utf-8", "replace") if observed else "{}"
    edits = planning.edits_for(
        places.settings, text, taken, settings, provider.rivals
    )
    lines += [
        f"{places.settings}: {'.'.join(edit.keys)} = {edit.raw}"
        for edit in edits
    ]
    return lines
