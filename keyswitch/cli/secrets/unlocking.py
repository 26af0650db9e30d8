"""lock and unlock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from keyswitch.cli.passphrase import given_passphrase, passphrase_options
from keyswitch.cli.secrets.vault import open_session_vault
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode, LockedError

if TYPE_CHECKING:
    from keyswitch.secrets.vault.reading import Vault


@click.command(
    epilog="\b\nExamples:\n  keyswitch unlock\n"
    "  keyswitch unlock --timeout 3600\n"
    '  eval "$(keyswitch unlock)"     where there is no session keyring'
)
@click.option(
    "--timeout",
    type=click.IntRange(1, 86_400),
    metavar="SECONDS",
    help="How long; default: cache_timeout of config.toml, or 900.",
)
@passphrase_options
@global_options
@click.pass_obj
def unlock(
    session: Session,
    *,
    timeout: int | None,
    passphrase_fd: str | None,
    passphrase_file: str | None,
) -> int:
    """Unlock the vault for this session."""
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.cli.prompt import ask_secret
    from keyswitch.secrets.session import kernel_keyring as cache
    from keyswitch.secrets.vault.key_slots import WrongKeyError
    from keyswitch.secrets.vault.reading import TRIES

    refuse_agents(session.workspace())
    found = open_session_vault(session)
    possible, why = cache.available()
    if not possible and os.isatty(1):
        # Asked for now, the passphrase would be asked for again at once.
        raise LockedError(
            f"{why}, so nothing would stay unlocked",
            'for this shell: eval "$(keyswitch unlock)"; for good: keyswitch '
            "vault machine-key",
        )
    given = given_passphrase(passphrase_fd, passphrase_file)
    tries = 1 if given is not None else TRIES
    if given is None and not session.can_ask:
        raise LockedError(
            "the vault is locked, and nobody can be asked",
            "give --passphrase-fd N or --passphrase-file PATH",
        )
    for left in range(tries, 0, -1):
        passphrase = given or ask_secret("passphrase of the vault: ")
        try:
            found.unlock_with(passphrase, timeout or 0)
            break
        except WrongKeyError as e:
            if left == 1:
                raise
            session.output.warn(e.message)
    if possible:
        session.output.say("unlocked")
        return ExitCode.OK
    return _by_variable(session, found, why, timeout)


def _by_variable(
    session: Session, found: Vault, why: str, timeout: int | None
) -> int:
    """Keep the key in the runtime directory, wrapped for this shell alone."""
    from keyswitch.express import write_out
    from keyswitch.secrets.session import runtime_file

    workspace = session.workspace()
    value = runtime_file.write(
        workspace.paths,
        found.open().vid,
        found.open().data_key,
        timeout or workspace.settings.cache_timeout,
    )
    if not value:
        session.output.warn(
            f"the passphrase is right, but cannot be remembered: {why}, and "
            "XDG_RUNTIME_DIR is not a private folder; for good: keyswitch "
            "vault machine-key"
        )
        return ExitCode.OK
    write_out(f"export {runtime_file.VARIABLE}='{value}';\n")
    session.output.say("unlocked for this shell")
    return ExitCode.OK


@click.command(epilog="\b\nExample:\n  keyswitch lock")
@global_options
@click.pass_obj
def lock(session: Session) -> int:
    """Forget every unlocked key and value."""
    from keyswitch.secrets.session import kernel_keyring as cache
    from keyswitch.secrets.session import runtime_file

    paths = session.workspace().paths
    count = cache.drop_all() + runtime_file.drop(paths)
    if session.output.json:
        session.output.document({"dropped": count})
    session.output.say(f"forgot {count} cached entries")
    return ExitCode.OK
