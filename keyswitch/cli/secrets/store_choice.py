"""Which secret store a command writes to, and what is asked and said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from keyswitch.cli.session import Session

STORE = click.option(
    "--store",
    type=click.Choice(["keychain", "vault"]),
    help="Default: the keychain where there is one.",
)


def choose_store_for(session: Session, wanted: str | None) -> str:
    """Return the store to write to, open where that takes a person.

    It says so where it was not asked for.
    """
    from keyswitch.changes.store_choice import NoStoreError, choose_store
    from keyswitch.cli.secrets.vault import create_vault, open_session_vault

    workspace = session.workspace()
    try:
        choice = choose_store(workspace, wanted)
    except NoStoreError as e:
        if not session.can_ask or wanted == "keychain":
            raise
        if e.absent:
            session.output.say("no keychain here: an encrypted vault takes it")
            session.output.detail(e.details)
        else:
            session.output.warn(e.message)
        session.confirm("make an encrypted vault?", yes=False)
        create_vault(session)
        return "vault"
    for line in choice.notes:
        session.output.say(line)
    if choice.details:
        session.output.detail(choice.details)
    if choice.store == "vault":
        # Before anything is locked: others must not wait for a passphrase.
        open_session_vault(session).open()
    return choice.store
