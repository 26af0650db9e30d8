"""providers: what a profile can be of, and the fields of each."""

from __future__ import annotations

import click

from keyswitch.cli.command import Session, command
from keyswitch.cli.session import attributes


@command("keyswitch providers bedrock")
@click.argument("name", required=False)
def providers(session: Session, name: str | None) -> None:
    """List the providers."""
    catalogue = session.workspace().catalogue
    ids = [name] if name else catalogue.ids()
    found = [catalogue.get(provider_id) for provider_id in ids]
    document = {
        "providers": [
            {
                **attributes(provider, "id", "title", or_null=("bill",)),
                "fields": [
                    attributes(field, "name", "secret", "required", "env")
                    for field in provider.fields
                ],
            }
            for provider in found
        ]
    }
    if not name:
        session.show(
            document, [(p.id, p.title) for p in found], ("NAME", "SERVICE")
        )
        return
    [provider] = found
    rows = [
        (
            field.name,
            "secret" if field.secret else "field",
            "required" if field.required else "optional",
            " ".join(field.env),
            field.title,
        )
        for field in provider.fields
    ]
    headers = ("FIELD", "KIND", "NEEDED", "VARIABLE", "WHAT IT IS")
    session.show(document, rows, headers)
    if provider.help_url and not session.json:
        session.say(f"get one: {provider.help_url}")
