"""providers: what a profile can be of, and the fields of each."""

from __future__ import annotations

from typing import Any

import click

from keyswitch.cli.command import Session, command
from keyswitch.cli.session import attributes
from keyswitch.cli.style import NAME, WHOLE, Styled
from keyswitch.providers.schema import Provider
from keyswitch.providers.shapes import Field


@command("keyswitch providers bedrock")
@click.argument("name", required=False)
def providers(session: Session, name: str | None) -> None:
    """List the providers."""
    catalogue = session.workspace().catalogue
    ids = [name] if name else catalogue.ids()
    found = [catalogue.get(provider_id) for provider_id in ids]
    document = {"providers": [_document(provider) for provider in found]}
    if not name:
        session.show(
            document,
            [(Styled(p.id, NAME), p.title) for p in found],
            ("NAME", "SERVICE"),
        )
        return
    [provider] = found
    rows = [
        (
            Styled(field.name, WHOLE),
            "secret" if field.secret else "field",
            _needed(field),
            Styled(" ".join(field.env), WHOLE),
            field.title,
        )
        for field in provider.fields
    ]
    headers = ("FIELD", "KIND", "NEEDED", "VARIABLE", "WHAT IT IS")
    session.show(document, rows, headers)
    if provider.groups and not session.json:
        session.say(f"{provider.id} needs {provider.alternatives()}")
    if provider.help_url and not session.json:
        session.say(f"get one: {provider.help_url}")


def _document(provider: Provider) -> dict[str, Any]:
    return {
        **attributes(provider, "id", "title", or_null=("bill",)),
        "fields": [
            attributes(
                field,
                *("name", "secret", "required", "env"),
                or_null=("group",),
            )
            for field in provider.fields
        ],
        "one_of": {
            group: [field.name for field in provider.required(group)]
            for group in provider.groups
        },
    }


def _needed(field: Field) -> str:
    """Say whether a field is needed; of alternatives, one is."""
    if not field.group:
        return "required" if field.required else "optional"
    word = "one of" if field.required else "optional"
    return f"{word}: {field.group}"
