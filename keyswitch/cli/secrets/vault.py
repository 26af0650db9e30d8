"""vault, unlock, lock: make the encrypted vault, and what opens it."""

from __future__ import annotations

import os
from typing import Any

import click

from keyswitch import kernel_keyring
from keyswitch.cli.command import (
    HELP,
    YES,
    Group,
    Session,
    command,
    flag,
    option,
)
from keyswitch.cli.prompt import ask_secret
from keyswitch.cli.secrets.store_choice import create_vault, show_code
from keyswitch.cli.sources import (
    ask_new_passphrase,
    given_passphrase,
    new_passphrase,
    passphrase_options,
)
from keyswitch.errors import LockedError
from keyswitch.express import write_out
from keyswitch.secrets.vault import access, runtime_file
from keyswitch.secrets.vault.reading import KEY_PREFIX, Vault


def _to_change(session: Session, *, unlocked: bool = True) -> Vault:
    """Return the vault to change what opens it, which agents may not do."""
    session.refuse_agents()
    workspace = session.workspace()
    found = Vault(workspace.paths, ask=workspace.ask)
    if unlocked:
        found.open()
    return found


@click.group(
    cls=Group,
    epilog="\b\nExamples:\n  keyswitch vault init\n"
    "  keyswitch vault init --machine-key     servers, containers, CI\n"
    "  keyswitch vault passwd",
)
@HELP
def vault() -> None:
    """Manage the encrypted vault."""


@command(
    "keyswitch vault init",
    "keyswitch vault init --machine-key",
    "keyswitch vault init --passphrase-fd 3 3<passphrase-file",
    group=vault,
)
@flag(
    "--machine-key",
    help="Open it with a key file on this machine, without a passphrase. "
    "Protects copies of the vault, not this account.",
)
@passphrase_options
def init(session: Session, *, machine_key: bool, **passphrase: Any) -> None:
    """Create the vault."""
    paths = session.workspace().paths
    access.require_none(Vault(paths))
    given = given_passphrase(passphrase)
    create_vault(session, passphrase=given, machine_key=machine_key)


@command("keyswitch vault passwd", group=vault)
@passphrase_options
def passwd(session: Session, **passphrase: Any) -> None:
    """Set another passphrase. After a leak use 'vault rotate' instead."""
    _change(session, _to_change(session), passphrase)


def _change(session: Session, found: Vault, options: dict[str, Any]) -> None:
    access.change_passphrase(found, new_passphrase(session, options))
    session.say("changed the passphrase")


@command("keyswitch vault rotate", group=vault)
@passphrase_options
def rotate(session: Session, **passphrase: Any) -> None:
    """Encrypt everything under a new key; older copies do not open with it."""
    from keyswitch.switching.upkeep import vault_key

    found = _to_change(session)
    kinds = {slot["type"] for slot in found.open().header["slots"]}
    new = given_passphrase(passphrase)
    if "passphrase" in kinds and new is None:
        new = ask_new_passphrase(session)
    with vault_key.changing(session.workspace(), found):
        code = access.rotate(found, new)
    session.say("encrypted everything under a new key")
    if "keychain" in kinds:
        session.say(
            "the keychain can no longer open it; to let it again: keyswitch "
            "vault keychain"
        )
    show_code(session, code)


@command(
    "keyswitch vault recovery          make a new code",
    "keyswitch vault recovery --use    set a new passphrase with the code",
    group=vault,
)
@flag("--use", "use_code", help="Open the vault with the code.")
@passphrase_options
def recovery(session: Session, *, use_code: bool, **passphrase: Any) -> None:
    """Make a new recovery code, or open the vault with one."""
    found = _to_change(session, unlocked=False)
    if use_code:
        session.require_terminal(
            "the recovery code is needed", "run it on a terminal"
        )
        code = ask_secret("recovery code: ")
        access.open_with_recovery(found, code.reveal())
        _change(session, found, passphrase)
    else:
        access.new_recovery(found, lambda code: show_code(session, code))


@command("keyswitch vault keychain", group=vault)
def keychain(session: Session) -> None:
    """Let the system keychain open the vault too."""
    from keyswitch.switching.upkeep import vault_key

    found = _to_change(session)
    vault_key.add(session.workspace(), found)
    session.say("the keychain now opens the vault")


@command("keyswitch vault machine-key", group=vault)
def machine_key(session: Session) -> None:
    """Let this machine open the vault without a passphrase."""
    found = _to_change(session)
    access.add_machine_slot(found)
    session.say(
        f"the key is in {found.paths.machine_key_file}: it protects copies of "
        "the vault, not this account"
    )


@command("keyswitch vault accept-rollback", group=vault)
@YES
def accept_rollback(session: Session, *, yes: bool) -> None:
    """Accept a vault file that is older than the last one seen."""
    session.refuse_agents()
    session.confirm("accept the older vault?", yes=yes)
    access.accept_rollback(session.workspace().paths)
    session.say("accepted")


@command("keyswitch vault status --json", group=vault)
def status(session: Session) -> None:
    """Show how the vault can be opened. Needs no passphrase."""
    found = Vault(session.workspace().paths)
    if not found.exists():
        session.show({"exists": False}, [["no vault yet"]])
        return
    opened = found.load()
    cached = kernel_keyring.read(KEY_PREFIX + opened.vid) is not None
    ways = [
        {
            "type": slot["type"],
            **{k: v for k, v in slot.get("kdf", {}).items() if k != "salt"},
        }
        for slot in opened.header["slots"]
    ]
    session.show(
        {
            "exists": True,
            "file": found.paths.vault_file,
            "epoch": opened.header["epoch"],
            "slots": ways,
            "unlocked": cached,
        },
        [
            ("file", found.paths.vault_file),
            ("cached key", "yes" if cached else "no"),
            *(("opens by", " ".join(map(str, way.values()))) for way in ways),
        ],
    )


@command(
    "keyswitch unlock",
    "keyswitch unlock --timeout 3600",
    'eval "$(keyswitch unlock)"     without a session keyring',
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
            f"{why}, so the vault cannot stay unlocked",
            'for this shell: eval "$(keyswitch unlock)"; permanently: '
            "keyswitch vault machine-key",
        )
    vault.unlock(given_passphrase(passphrase), timeout or 0)
    if possible:
        session.say("unlocked")
    else:
        _remember_in_variable(session, vault, why, timeout)


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
            f"the passphrase is correct but cannot be cached: {why}, and "
            "XDG_RUNTIME_DIR is not a private folder; to do without a "
            "passphrase: keyswitch vault machine-key"
        )
        return
    write_out(f"export {runtime_file.VARIABLE}='{value}';\n")
    session.say("unlocked for this shell")


@command("keyswitch lock")
def lock(session: Session) -> None:
    """Lock the vault and clear cached secrets."""
    paths = session.workspace().paths
    count = kernel_keyring.drop() + runtime_file.drop(paths)
    session.show({"dropped": count}, [])
    session.say(f"cleared {count} cached entries")
