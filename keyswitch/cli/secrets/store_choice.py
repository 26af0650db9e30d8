"""Choose the secret store that a command writes to, and make the vault."""

from __future__ import annotations

import click

from keyswitch import experimental, kernel_keyring
from keyswitch.changes.store_choice import (
    USE_VAULT,
    NoStoreError,
    choose_store,
)
from keyswitch.cli.arguments import typed_options
from keyswitch.cli.command import option
from keyswitch.cli.session import Session
from keyswitch.cli.sources import ask_new_passphrase
from keyswitch.errors import KeyswitchError
from keyswitch.outcome import so_far
from keyswitch.secret import Secret
from keyswitch.secrets.vault.reading import Vault

STORE = option(
    "--store",
    type=click.Choice(["keychain", "vault"]),
    help="Default: the keychain if there is one.",
)


def choose_store_for(session: Session, wanted: str | None) -> str:
    """Return the store to write to, and say why it is not the one asked for.

    A vault that needs a passphrase is unlocked.
    """
    workspace = session.workspace()
    try:
        choice = choose_store(workspace, wanted)
    except NoStoreError as e:
        if e.hint == USE_VAULT and "--to" in typed_options():  # of `migrate`
            e.hint = "use the vault: --to vault"
        if not session.can_ask or wanted == "keychain":
            raise
        if e.absent:
            session.say(
                "no keychain here; the secret goes to an encrypted vault"
            )
            session.detail(e.details)
        else:
            session.warn(e.message)
        session.confirm("create an encrypted vault?")
        with so_far.aside("the new vault"):
            create_vault(session)
        return "vault"
    session.say(*choice.notes)
    if choice.details:
        session.detail(choice.details)
    experimental.say_once(choice.backend, workspace.environ)
    if choice.store == "vault":
        # Before anything is locked: others must not wait for a passphrase.
        Vault(workspace.paths, ask=workspace.ask).open()
    return choice.store


def create_vault(
    session: Session,
    *,
    passphrase: Secret | None = None,
    machine_key: bool = False,
) -> None:
    """Make the vault and show its recovery code."""
    from keyswitch.secrets.vault import access

    paths = session.workspace().paths
    ask = None
    if passphrase is None and not machine_key:
        passphrase = ask_new_passphrase(session)
        ask = session.workspace().ask
    code = access.create(
        paths, passphrase=passphrase, machine_key=machine_key, ask=ask
    )
    session.say(f"created the vault {paths.vault_file}")
    if machine_key:
        session.say(
            f"the key in {paths.machine_key_file} opens it: that protects "
            "copies of the vault, not this account"
        )
    show_code(session, code)
    possible, why = kernel_keyring.available()
    if ask is not None and not possible:
        session.say(f"{why}: each command asks for the passphrase")
        session.say(
            'to be asked once per shell: eval "$(keyswitch unlock)"; to never '
            "be asked: keyswitch vault machine-key"
        )


def show_code(session: Session, code: str) -> None:
    """Show a recovery code, if there is one."""
    if code:
        session.say("recovery code, shown only once; keep it somewhere else:")
        session.show({"recovery_code": code}, [[code]])
        if not session.has_reader():
            raise KeyswitchError(
                "nobody read the recovery code",
                "make another one: keyswitch vault recovery",
            )
