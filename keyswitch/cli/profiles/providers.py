"""providers: what there is to make profiles of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode

if TYPE_CHECKING:
    from keyswitch.providers.schema import Provider


@click.command(epilog="\b\nExample:\n  keyswitch providers bedrock")
@click.argument("name", required=False)
@global_options
@click.pass_obj
def providers(session: Session, name: str | None) -> int:
    """List the providers and fields."""
    catalogue = session.workspace().catalogue
    ids = [name] if name else catalogue.ids()
    found = [catalogue.get(provider_id) for provider_id in ids]
    if session.output.json:
        session.output.document({"providers": [_document(p) for p in found]})
    elif name:
        session.output.table(
            (
                f.name,
                "secret" if f.secret else "field",
                "required" if f.required else "optional",
                " ".join(f.env),
                f.title,
            )
            for f in found[0].fields
        )
        if found[0].help_url:
            session.output.say(f"get one: {found[0].help_url}")
    else:
        session.output.table((p.id, p.title) for p in found)
    return ExitCode.OK


def _document(provider: Provider) -> dict[str, Any]:
    return {
        "id": provider.id,
        "title": provider.title,
        "bill": provider.bill or None,
        "fields": [
            {
                "name": f.name,
                "secret": f.secret,
                "required": f.required,
                "env": list(f.env),
            }
            for f in provider.fields
        ],
    }
