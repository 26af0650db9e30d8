"""What `add` asks on a terminal before it asks for the secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.cli.prompt import ask_line, choose_one
from keyswitch.cli.sources import is_meant
from keyswitch.errors import InputError
from keyswitch.profiles import profile_files
from keyswitch.profiles.names import check_name
from keyswitch.providers.shapes import check_plain
from keyswitch.switching.editing.profile_changes import refuse_existing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keyswitch.cli.session import Session
    from keyswitch.providers.field import Field
    from keyswitch.providers.schema import Provider


def ask_provider(session: Session) -> str:
    """Let a person choose what the profile is for."""
    from keyswitch.cli.profiles import choices, picker

    workspace = session.workspace()
    if picker.can_draw(session.environ):
        return picker.choose(choices.providers(workspace))
    catalogue = workspace.catalogue
    providers = [catalogue.get(name) for name in catalogue.ids()]
    return choose_one(
        "provider",
        {p.id: f"{p.title:27}  {p.setup}".rstrip() for p in providers},
    )


def ask_name(session: Session, provider_id: str) -> str:
    """Ask what the profile shall be called; propose a name that is free."""
    workspace = session.workspace()
    taken = set(profile_files.scan(workspace.paths))
    proposed, number = provider_id, 1
    while proposed in taken:
        number += 1
        proposed = f"{provider_id}-{number}"

    def check(name: str) -> str:
        check_name(name)
        refuse_existing(workspace, name)
        return name

    question = "name of the profile"
    return session.ask_until(lambda: ask_line(question, proposed), check)


def ask_alternative(
    provider: Provider, given: Mapping[str, object], *, unnamed: bool
) -> str:
    """Return which of the provider's alternatives the profile is.

    `given` are the fields that the command line names; `unnamed`: it has a
    secret as well that it gives no name to.
    """
    if not provider.groups:
        return ""
    if any(provider.field(name).group for name in given):
        return provider.group_of(given)
    needed = {
        group: [f for f in provider.fields if f.required and f.group == group]
        for group in provider.groups
    }
    if unnamed and any(all(f.secret for f in n) for n in needed.values()):
        return ""  # the one that a secret alone makes
    return choose_one(
        "which of these",
        {g: " and ".join(f.title for f in n) for g, n in needed.items()},
    )


def ask_fields(
    session: Session, wanted: Iterable[Field], fields: Mapping[str, str]
) -> dict[str, str]:
    """Return the plain fields with those added that have to be there."""
    answers = dict(fields)
    for field in wanted:
        if field.name not in answers:
            answers[field.name] = _ask_field(session, field, answers)
    return answers


def _ask_field(
    session: Session, field: Field, fields: Mapping[str, str]
) -> str:
    title = field.title or field.name
    question = f"{title} ({field.help})" if field.help else title

    def check(value: str) -> str | None:
        if not value:
            raise InputError(f"the {title} is needed", "Ctrl-C leaves")
        check_plain(field, value)
        return value if is_meant(session, field, value, fields) else None

    return session.ask_until(lambda: ask_line(question), check)
