"""The situation of one command: what was chosen, and what Claude Code does."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from keyswitch.diagnosis.accounts import Accounts
from keyswitch.diagnosis.flags import parse_flags
from keyswitch.diagnosis.running import Runner
from keyswitch.diagnosis.scene import Scene
from keyswitch.diagnosis.situation import Chosen, Situation
from keyswitch.errors import KeyswitchError
from keyswitch.switching import selection
from keyswitch.switching.environment import read_marker
from keyswitch.switching.workspace import own_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.switching.workspace import Workspace


def situation_of(
    workspace: Workspace,
    claude_options: Sequence[str] = (),
    *,
    run_helper: bool = False,
) -> Situation:
    """Return what Claude Code would do here, started with these options."""
    scene = Scene(
        workspace.environ,
        home=workspace.home,
        cwd=workspace.cwd,
        flags=parse_flags(claude_options),
    )
    return Situation(
        scene,
        accounts_of(workspace),
        _chosen(workspace),
        Runner(scene) if run_helper else None,
    )


def accounts_of(workspace: Workspace) -> Accounts:
    """Return this person's profiles, and who the helper answers for."""
    try:
        answers = selection.select_for_helper(
            workspace.paths, workspace.environ
        ).name
    except KeyswitchError:
        answers = ""
    return Accounts(
        workspace.paths, shlex.join(own_command()), helper_profile=answers
    )


def _chosen(workspace: Workspace) -> Chosen:
    """Return the profile that this terminal or the last `use` asked for."""
    try:
        found = selection.select_for_helper(workspace.paths, workspace.environ)
    except KeyswitchError:
        return Chosen()
    marker = read_marker(workspace.environ)
    exported = frozenset(marker.assigned) if marker else frozenset()
    return Chosen(found.name, found.how, exported)
