"""`use --here`, and what `show` says of a profile's own folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from keyswitch.errors import ExitCode

if TYPE_CHECKING:
    from keyswitch.cli.session import Session
    from keyswitch.model import Profile
    from keyswitch.switching.workspace import Workspace


def use_here(session: Session, name: str) -> int:
    """Print what makes this shell alone use a profile, for `eval`.

    A login gets a folder of its own, so that what is in use elsewhere stays.
    """
    from keyswitch import shells
    from keyswitch.cli.environment import refuse_agents
    from keyswitch.express import write_out
    from keyswitch.shells.detect import parent_shell
    from keyswitch.switching import isolation
    from keyswitch.switching.compiled import FOLDER_VARIABLE
    from keyswitch.switching.exports import script_of
    from keyswitch.switching.login_names import PROVIDER

    workspace = session.workspace()
    refuse_agents(workspace)
    profile, _ = workspace.load(name)
    workspace.provider_of(profile).check(profile)
    compiled = workspace.compiled(name)
    if profile.isolated or profile.provider == PROVIDER:
        for note in isolation.move_in(workspace, profile):
            session.output.say(note)
        pair = (FOLDER_VARIABLE, workspace.paths.folder_of(name))
        if pair not in compiled.literals:
            compiled.literals.append(pair)
    if os.isatty(1):
        session.output.say(
            f'this shell: eval "$(keyswitch use {name} --here)"; back again: '
            'eval "$(keyswitch env --unset)"'
        )
        return ExitCode.OK
    script = script_of(
        workspace.paths, compiled, workspace.environ, followed=False
    )
    write_out(shells.render(parent_shell(), script))
    return ExitCode.OK


def document_of(profile: Profile) -> dict[str, Any]:
    """Return the same as `--json` shows it; nothing where there is none."""
    if not profile.isolated:
        return {}
    from keyswitch.switching import isolation

    return {"isolated": True, "shared": list(isolation.shared_of(profile))}


def rows_of(workspace: Workspace, profile: Profile) -> list[tuple[str, str]]:
    """Return what `show` says of the folder and its links."""
    folder = workspace.paths.folder_of(profile.name)
    if not (profile.isolated or os.path.isdir(folder)):
        return []
    from keyswitch.targets.claude_code import sharing

    usual = workspace.places.config_dir
    rows = [("folder", folder)]
    return rows + [
        ("shared", f"{link.path} -> {link.source}")
        for link in sharing.present(folder, usual)
    ]
