"""Plan Claude Code's files for a profile, whichever folder it has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.switching.planning.one_folder import plan_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.changes.draft import Draft
    from keyswitch.changes.login_ledger import Moved
    from keyswitch.model import Profile, SecretRef
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.workspace import Workspace


def plan_target(  # noqa: PLR0913 - those of plan_folder
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
    """Plan for a profile, or for none; an isolated one has two folders.

    The arguments are those of `plan_folder`; `places` names a folder that is
    planned alone.
    """
    # What is loaded below is of no use for a switch between keys.
    if places is None and profile is not None and profile.isolated:
        from keyswitch.switching.folders.isolation import plan_both

        plan_both(
            workspace,
            draft,
            profile,
            without,
            moves_login=moves_login,
            keep_changed=keep_changed,
        )
        return
    gives_back = back is not None or (profile is None and moves_login)
    if gives_back and os.path.exists(workspace.paths.logins_file):
        from keyswitch.switching.folders import one_copy

        one_copy.leave_given(workspace, draft, places or workspace.places, back)
    plan_folder(
        workspace,
        draft,
        profile,
        without,
        moves_login=moves_login,
        places=places,
        back=back,
        keep_changed=keep_changed,
    )
