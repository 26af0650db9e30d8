"""`edit NAME` without options: the profile's file in the person's editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keyswitch.errors import ExitCode, KeyswitchError, UsageError

if TYPE_CHECKING:
    from keyswitch.cli.session import Session


def edit_in_editor(session: Session, name: str) -> int:
    """Let a person edit the file; keep nothing that does not parse."""
    from keyswitch.changes import own_variables
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.cli.secrets.other_use import agreed_in_editor
    from keyswitch.profiles import profile_files
    from keyswitch.switching.editing import profile_text

    refuse_agents(session.workspace())
    if not session.can_ask:
        raise UsageError(
            "nothing to change was given, and there is no terminal to edit on",
            f"for example: keyswitch edit {name} --label TEXT",
        )
    workspace = session.workspace()
    path = workspace.paths.profile(name)
    before = profile_text.raw_text(workspace, name)
    text = before
    while True:
        edited = click.edit(text, extension=".toml")
        if edited is None or edited == before:
            session.output.say("nothing changed")
            return ExitCode.OK
        try:
            profile = profile_files.parse(edited, path)
            own_variables.check(workspace, profile)
        except KeyswitchError as e:
            if session.dry_run:
                raise
            session.output.warn(f"{e.message}; {e.hint}")
            session.confirm("open the editor again?", yes=False)
            text = edited  # nothing that was typed is lost
            continue
        agreed = agreed_in_editor(session, name, before, profile)
        profile_text.replace_text(workspace, name, before, edited, agreed)
        session.output.say(f"changed '{name}'")
        return ExitCode.OK
