"""An argument that a person at a terminal may leave out: they choose it.

Where nobody can be asked it is missing, as any argument would be.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

import click

from keyswitch.cli.session import Session

PROFILE, LOGIN, TEAM, NEW_NAME = "profile", "login", "team", "new_name"


class NameArgument(click.Argument):
    """A name that is chosen, from what `kind` says, where it is missing."""

    def __init__(
        self, *args: Any, kind: str = PROFILE, **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self.kind = kind

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """Return the value, or what a person chooses in its place."""
        session = ctx.find_object(Session)
        is_missing = self.value_is_missing(value) and not ctx.resilient_parsing
        if is_missing and session is not None and is_asked(session):
            value = chosen_name(session, self.kind)
        return super().process_value(ctx, value)


def is_asked(session: Session) -> bool:
    """Tell whether a person sits there who looks at what a command prints."""
    return session.can_choose and not session.json and os.isatty(1)


def chosen_name(session: Session, kind: str) -> str:
    """Let a person choose a name of a kind."""
    # By its name, as `main` loads commands: most of them have their names.
    found = importlib.import_module("keyswitch.cli.choosing.profile_choice")
    choose = getattr(found, kind)
    return str(choose(session))


def name_argument(
    name: str = "name", kind: str = PROFILE, **settings: Any
) -> Callable[..., Any]:
    """Return the decorator that adds such an argument to a command."""
    return click.argument(name, cls=NameArgument, kind=kind, **settings)
