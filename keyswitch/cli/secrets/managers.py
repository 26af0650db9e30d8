"""managers: which managers references may lead to, and whether they answer."""

from __future__ import annotations

import click

from keyswitch.cli.command import HELP, YES, Group, Session, command
from keyswitch.cli.secrets.references import allow_commands, load_managers
from keyswitch.cli.session import attributes
from keyswitch.cli.style import NAME, WHOLE, Styled
from keyswitch.errors import KeyswitchError, NotFoundError, UsageError
from keyswitch.secrets.outside.reference_store import (
    ReferenceStore,
    is_by_command,
)
from keyswitch.secrets.references import allowing, invocation
from keyswitch.secrets.references.manager import Manager
from keyswitch.secrets.references.managers import EXEC


@click.group(
    cls=Group,
    epilog="\b\nExamples:\n  keyswitch managers list\n"
    "  keyswitch managers check op        is 1Password signed in?\n"
    "  keyswitch managers allow exec:corp     a program of your config.toml",
)
@HELP
def managers() -> None:
    """Check 1Password, Vault, pass and others."""


@command("keyswitch managers list --json", name="list", group=managers)
def list_(session: Session) -> None:
    """List the managers, and the form of their references."""
    known = load_managers(session)
    found = [known.get(name) for name in known.names()]
    states = [_state(m) for m in found]
    document = [
        {**attributes(m, "name", "form", "title"), "state": state}
        for m, state in zip(found, states, strict=True)
    ]
    rows = [
        (Styled(m.name, NAME), Styled(m.form, WHOLE), m.title, state)
        for m, state in zip(found, states, strict=True)
    ]
    headers = ("NAME", "REFERENCE", "MANAGER", "STATE")
    session.show({"managers": document}, rows, headers)


def _state(manager: Manager) -> str:
    """Return whether a manager can be asked, from what lies here."""
    if manager.name == EXEC:
        return f"{len(manager.programs)} in config.toml"
    if not is_by_command(manager):
        return "over the network"
    try:
        invocation.program_of(manager, str(manager.command[0]))
    except KeyswitchError:
        return "not installed"
    return "installed"


@command("keyswitch managers check op", group=managers)
@click.argument("name", metavar="MANAGER")
def check(session: Session, name: str) -> None:
    """Ask a manager whether it would answer; no secret is read."""
    manager = load_managers(session).get(name)
    if manager.name == EXEC:
        raise UsageError(
            "each program in [exec] is a separate manager",
            "name one: keyswitch managers allow exec:NAME",
        )
    workspace = session.workspace()
    where = ReferenceStore(workspace.paths, workspace.ask).probe(manager)
    is_asked = bool(manager.probe) or not is_by_command(manager)
    answers = True if is_asked else None
    session.show({"manager": name, "answers": answers, "by": where}, [])
    if is_asked:
        session.say(f"{manager.title} answers ({where})")
    else:
        session.say(
            f"{manager.title} is installed ({where}); only reading a secret "
            "shows if it answers"
        )


@command(
    "keyswitch managers allow corp            an entry of [managers]",
    "keyswitch managers allow exec:corp-key   a program in [exec]",
    group=managers,
)
@click.argument("name", metavar="NAME")
@YES
def allow(session: Session, name: str, *, yes: bool) -> None:
    """Review a command in config.toml and let references run it."""
    session.refuse_agents()
    known = load_managers(session)
    reference = known.parse(name) if name.startswith(f"{EXEC}:") else None
    manager = known.get(EXEC if reference else name)
    if not manager.runs_own_command:
        raise UsageError(
            f"'{name}' is a built-in manager",
            "only commands in your config.toml need to be allowed",
        )
    if manager.name == EXEC and reference is None:
        programs = ", ".join(f"exec:{one}" for one in manager.programs)
        raise NotFoundError(
            "no program of [exec] given",
            f"name one of: {programs or 'none'}",
        )
    found = allowing.needs_yes(session.workspace().paths, manager, reference)
    if found is None:
        session.say(f"'{name}' is allowed already")
    else:
        allow_commands(session, [found], yes=yes)
