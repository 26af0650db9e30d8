"""What `add` asks on a terminal before it asks for the secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.cli.prompt import ask_line, choose_one
from keyswitch.cli.sources import Source, is_meant
from keyswitch.errors import InputError, UsageError
from keyswitch.profiles import profile_files
from keyswitch.profiles.names import check_name
from keyswitch.providers.shapes import check_plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.cli.session import Session
    from keyswitch.providers.schema import Provider
    from keyswitch.providers.shapes import Field


def provider_of(session: Session, name: str | None, given: str | None) -> str:
    """Return the provider that was named, or ask for one."""
    if name is None and not session.can_ask:
        raise UsageError(
            "missing argument 'NAME'", "see 'keyswitch add --help'"
        )
    if given:
        return given
    ids = session.workspace().catalogue.ids()
    session.require_terminal(
        "the provider is missing", f"--provider {'|'.join(ids)}"
    )
    from keyswitch.cli.profiles import choices, picker

    providers = choices.providers(session.workspace())
    return picker.choose("provider", providers, session.environ)


def ask_name(session: Session, provider_id: str) -> str:
    """Ask what the profile shall be called; propose a name that is free."""
    from keyswitch.switching.editing.profile_changes import refuse_existing

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


def complete(
    session: Session,
    provider: Provider,
    name: str | None,
    fields: dict[str, str],
    sources: list[Source],
) -> tuple[str, dict[str, str], list[Field]]:
    """Return name, plain fields and the secrets that go with them."""
    if not session.can_ask:
        for field_name, value in fields.items():
            is_meant(session, provider.field(field_name), value, fields)
        return name or "", fields, provider.wanted_secrets(fields)
    named = {source.field: "" for source in sources if source.field}
    unnamed = any(not source.field for source in sources)
    name = name or ask_name(session, provider.id)
    group = _ask_alternative(provider, {**fields, **named}, unnamed=unnamed)
    wanted = provider.wanted_secrets(fields, group)
    if wanted and provider.help_url and not sources:
        session.say(f"get one: {provider.help_url}")
    group = group or provider.group_of({f.name: "" for f in wanted})
    plain = [
        f
        for f in provider.fields
        if f.required and not f.secret and f.group in ("", group)
    ]
    fields = dict(fields)
    for field in plain:
        if field.name not in fields:
            fields[field.name] = _ask_field(session, field, fields)
    return name, fields, wanted


def _ask_alternative(
    provider: Provider, given: Mapping[str, object], *, unnamed: bool
) -> str:
    """Return which of the provider's alternatives to use.

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
        return ""  # the alternative that needs only a secret
    return choose_one(
        "which of these",
        {g: " and ".join(f.title for f in n) for g, n in needed.items()},
    )


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
