"""Choose the secret store that a command writes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keyswitch.changes.store_choice import NoStoreError, choose_store
from keyswitch.cli.secrets.new_vault import create_vault
from keyswitch.secrets.vault.reading import Vault

if TYPE_CHECKING:
    from keyswitch.cli.session import Session

STORE = click.option(
    "--store",
    type=click.Choice(["keychain", "vault"]),
    help="Default: the keychain where there is one.",
)


def choose_store_for(session: Session, wanted: str | None) -> str:
    """Return the store to write to, and say why it is not the one asked for.

    A vault that needs a passphrase is unlocked.
    """
    workspace = session.workspace()
    try:
        choice = choose_store(workspace, wanted)
    except NoStoreError as e:
        if not session.can_ask or wanted == "keychain":
            raise
        if e.absent:
            session.say("no keychain here: an encrypted vault takes it")
            session.detail(e.details)
        else:
            session.warn(e.message)
        session.confirm("make an encrypted vault?")
        create_vault(session)
        return "vault"
    for line in choice.notes:
        session.say(line)
    if choice.details:
        session.detail(choice.details)
    if choice.store == "vault":
        # Before anything is locked: others must not wait for a passphrase.
        Vault(workspace.paths, ask=workspace.ask).open()
    return choice.store
