"""Which profile, login or team a person means who named none."""

from __future__ import annotations

from collections.abc import Sequence

import click

from keyswitch.cli.choosing import choices, picker
from keyswitch.cli.choosing.choices import Preview
from keyswitch.cli.prompt import ask_line
from keyswitch.cli.session import Session
from keyswitch.errors import NotFoundError
from keyswitch.model import LOGIN_PROVIDER
from keyswitch.profiles import profile_files, state, team_records


def profile(session: Session, preview: Preview | None = None) -> str:
    """Let a person choose one of all profiles."""
    found = profile_files.scan(session.workspace().paths)
    none = NotFoundError("no profiles yet", "add one: keyswitch add NAME")
    return _chosen(session, found, none, preview)


def login(session: Session) -> str:
    """Let a person choose a profile that has a login."""
    found, _ = profile_files.load_all(session.workspace().paths)
    logins = [p.name for p in found if p.provider == LOGIN_PROVIDER]
    none = NotFoundError(
        "no profile has a login", "save one: keyswitch login NAME"
    )
    return _chosen(session, logins, none)


def team(session: Session) -> str:
    """Let a person choose a team."""
    workspace = session.workspace()
    if not team_records.names(workspace.paths):
        raise NotFoundError(
            "no teams yet", "add one: keyswitch team add SOURCE"
        )
    listing = choices.teams(workspace.paths)
    how = workspace.settings.picker
    return picker.choose("team", listing, session.environ, how=how)


def new_name(session: Session) -> str:  # noqa: ARG001 - as the others
    """Ask how a profile shall be called."""
    answer = ask_line("name of the profile")
    if not answer:
        raise click.Abort
    return answer


def _chosen(
    session: Session,
    names: Sequence[str],
    none: NotFoundError,
    preview: Preview | None = None,
) -> str:
    workspace = session.workspace()
    if not names:
        raise none
    active = state.read(workspace.paths).active
    used = choices.used_here(workspace, active)
    return picker.choose(
        "profile",
        choices.profiles(workspace.paths, names, used),
        session.environ,
        how=workspace.settings.picker,
        preview=preview,
    )
