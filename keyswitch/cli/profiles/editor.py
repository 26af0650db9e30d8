"""`edit NAME` without options: the profile's file in the person's editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keyswitch.changes import own_variables
from keyswitch.cli.secrets.agreements import agree_to_edit
from keyswitch.errors import KeyswitchError, UsageError
from keyswitch.profiles import profile_files
from keyswitch.switching.editing import profile_text

if TYPE_CHECKING:
    from keyswitch.cli.session import Session


def edit_in_editor(session: Session, name: str) -> None:
    """Let a person edit the file; keep nothing that does not parse."""
    session.refuse_agents()
    if not session.can_ask:
        raise UsageError(
            "nothing to change was given, and there is no terminal to edit on",
            f"for example: keyswitch edit {name} --label TEXT",
        )
    workspace = session.workspace()
    path = workspace.paths.profile(name)
    before = text = profile_text.raw_text(workspace, name)
    while True:
        edited = click.edit(text, extension=".toml")
        if edited is None or edited == before:
            session.say("nothing changed")
            return
        try:
            profile = profile_files.parse(edited, path)
            own_variables.check(workspace, profile)
            break
        except KeyswitchError as e:
            if session.dry_run:
                raise
            session.warn(f"{e.message}; {e.hint}")
            session.confirm("open the editor again?")
            text = edited  # nothing that was typed is lost
    agreed = agree_to_edit(session, name, before, profile)
    profile_text.replace_text(workspace, name, before, edited, agreed)
    session.say(f"changed '{name}'")
