"""shell NAME: a shell inside this one that uses one profile."""

from __future__ import annotations

import click

from keyswitch.changes.compiling import compiled_profile
from keyswitch.cli.command import Session, command
from keyswitch.directories import guard
from keyswitch.errors import UsageError
from keyswitch.switching.running import subshell


@command("keyswitch shell work", "keyswitch shell work --shell fish")
@click.argument("name")
@click.option(
    "--shell", "program", metavar="PROGRAM", help="Default: the one you are in."
)
def shell(session: Session, name: str, *, program: str | None) -> int:
    """Start a shell that uses one profile.

    It says so, keeps that profile whatever is switched elsewhere, and ends
    with 'exit'. A shell inside such a shell is refused.
    """
    workspace = session.workspace()
    inside = workspace.environ.get(subshell.VARIABLE, "")
    if inside:
        raise UsageError(
            f"this is a keyswitch shell for '{inside}' already",
            "leave it first: exit",
        )
    session.refuse_agents()
    compiled = compiled_profile(workspace, name)
    guard.require(compiled, workspace.environ)
    argv, environ, notes = subshell.prepare(workspace, compiled, program)
    for note in notes:
        session.say(note)
    for line in subshell.overridden(compiled, environ):
        session.warn(line)
    session.say(f"this shell uses '{name}'; 'exit' leaves it")
    status = subshell.run(argv, environ)
    session.say(f"left the shell of '{name}'")
    return status
