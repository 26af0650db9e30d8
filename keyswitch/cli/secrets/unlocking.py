"""unlock and lock the vault."""

from __future__ import annotations

import os
from typing import Any

import click

from keyswitch.cli.command import Session, command, option
from keyswitch.cli.passphrase import given_passphrase, passphrase_options
from keyswitch.cli.prompt import ask_secret
from keyswitch.errors import LockedError
from keyswitch.express import write_out
from keyswitch.secrets.session import kernel_keyring, runtime_file
from keyswitch.secrets.vault.key_slots import WrongKeyError
from keyswitch.secrets.vault.reading import TRIES, Vault


@command(
    "keyswitch unlock",
    "keyswitch unlock --timeout 3600",
    'eval "$(keyswitch unlock)"     where there is no session keyring',
)
@option(
    "--timeout",
    type=click.IntRange(1, 86_400),
    metavar="SECONDS",
    help="How long; default: cache_timeout of config.toml, or 900.",
)
@passphrase_options
def unlock(session: Session, *, timeout: int | None, **passphrase: Any) -> None:
    """Unlock the vault for this session."""
    session.refuse_agents()
    workspace = session.workspace()
    vault = Vault(workspace.paths, ask=workspace.ask)
    possible, why = kernel_keyring.available()
    if not possible and os.isatty(1):
        # The next command would ask for the passphrase again.
        raise LockedError(
            f"{why}, so nothing would stay unlocked",
            'for this shell: eval "$(keyswitch unlock)"; for good: keyswitch '
            "vault machine-key",
        )
    given = given_passphrase(passphrase)
    if given is not None:
        vault.unlock_with(given, timeout or 0)
    else:
        _ask(session, vault, timeout or 0)
    if possible:
        session.say("unlocked")
    else:
        _remember_in_variable(session, vault, why, timeout)


def _ask(session: Session, vault: Vault, timeout: int) -> None:
    """Ask for the passphrase, a few times where it is wrong."""
    if not session.can_ask:
        raise LockedError(
            "the vault is locked, and nobody can be asked",
            "give --passphrase-fd N or --passphrase-file PATH",
        )
    for left in reversed(range(TRIES)):
        try:
            vault.unlock_with(ask_secret("passphrase of the vault: "), timeout)
        except WrongKeyError as e:
            if not left:
                raise
            session.warn(e.message)
        else:
            return


def _remember_in_variable(
    session: Session, vault: Vault, why: str, timeout: int | None
) -> None:
    """Keep the key in the runtime directory, wrapped for this shell alone."""
    workspace = session.workspace()
    value = runtime_file.write(
        workspace.paths,
        vault.open().vid,
        vault.open().data_key,
        timeout or workspace.settings.cache_timeout,
    )
    if not value:
        session.warn(
            f"the passphrase is right, but cannot be remembered: {why}, and "
            "XDG_RUNTIME_DIR is not a private folder; for good: keyswitch "
            "vault machine-key"
        )
        return
    write_out(f"export {runtime_file.VARIABLE}='{value}';\n")
    session.say("unlocked for this shell")


@command("keyswitch lock")
def lock(session: Session) -> None:
    """Forget every unlocked key and value."""
    paths = session.workspace().paths
    count = kernel_keyring.drop_all() + runtime_file.drop(paths)
    session.show({"dropped": count}, [])
    session.say(f"forgot {count} cached entries")
