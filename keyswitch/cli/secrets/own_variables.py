"""Ask about variables of an own provider that steer programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.cli.agents import agent_asks
from keyswitch.errors import KeyswitchError

if TYPE_CHECKING:
    from keyswitch.cli.session import Session
    from keyswitch.model import Profile


def ask_about(session: Session, profile: Profile) -> None:
    """Let a person agree; where nobody can be asked, the command refuses."""
    from keyswitch.changes import own_variables

    if not session.can_ask or session.dry_run:
        return
    workspace = session.workspace()
    if agent_asks(workspace):
        return
    found = own_variables.not_agreed(workspace, profile)
    for one in found:
        session.output.warn(one.what)
        session.confirm(f"let it set {one.variable}?", yes=False)
    own_variables.agree(workspace, found)


def ask_about_named(session: Session, name: str) -> None:
    """Do the same for a profile that exists."""
    try:
        profile, _ = session.workspace().load(name)
        session.workspace().provider_of(profile).check(profile)
    except KeyswitchError:
        return  # the command says it
    ask_about(session, profile)
