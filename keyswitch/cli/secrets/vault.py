"""vault: make the encrypted vault, and change what opens it."""

from __future__ import annotations

from typing import Any

import click

from keyswitch.cli.command import HELP, YES, Session, command, option
from keyswitch.cli.passphrase import (
    ask_new_passphrase,
    given_passphrase,
    new_passphrase,
    passphrase_options,
)
from keyswitch.cli.prompt import ask_secret
from keyswitch.cli.secrets.store_choice import create_vault, show_code
from keyswitch.errors import InputError
from keyswitch.secrets.session import kernel_keyring
from keyswitch.secrets.vault import access
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
    epilog="\b\nExamples:\n  keyswitch vault init\n"
    "  keyswitch vault init --machine-key     servers, containers, CI\n"
    "  keyswitch vault passwd"
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
@option(
    "--machine-key",
    is_flag=True,
    help="Open without a passphrase, by a key file of this machine. Protects "
    "copies of the vault, not this account.",
)
@passphrase_options
def init(session: Session, *, machine_key: bool, **passphrase: Any) -> None:
    """Make the vault."""
    paths = session.workspace().paths
    if Vault(paths).exists():
        raise InputError(
            f"there is a vault already: {paths.vault_file}",
            "'keyswitch vault passwd' changes its passphrase",
        )
    given = given_passphrase(passphrase)
    create_vault(session, passphrase=given, machine_key=machine_key)


@command("keyswitch vault passwd", group=vault)
@passphrase_options
def passwd(session: Session, **passphrase: Any) -> None:
    """Set another passphrase. After a leak use 'vault rotate' instead."""
    found = _to_change(session)
    _change(session, found, passphrase)


def _change(session: Session, found: Vault, options: dict[str, Any]) -> None:
    """Change the passphrase."""
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
    session.say("everything is encrypted under a new key")
    if "keychain" in kinds:
        session.say("the keychain no longer opens it: keyswitch vault keychain")
    show_code(session, code)


@command(
    "keyswitch vault recovery          a new code",
    "keyswitch vault recovery --use    a new passphrase by the code",
    group=vault,
)
@option("--use", "use_code", is_flag=True, help="Open with the code.")
@passphrase_options
def recovery(session: Session, *, use_code: bool, **passphrase: Any) -> None:
    """Make a new recovery code, or open the vault with one."""
    found = _to_change(session, unlocked=False)
    if use_code:
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
    session.say("the keychain opens the vault from now on")


@command("keyswitch vault machine-key", group=vault)
def machine_key(session: Session) -> None:
    """Let this machine open the vault without a passphrase."""
    found = _to_change(session)
    access.add_machine_slot(found)
    session.say(
        f"the key lies in {found.paths.machine_key_file}: it "
        "protects copies of the vault, not this account"
    )


@command("keyswitch vault accept-rollback", group=vault)
@YES
def accept_rollback(session: Session, *, yes: bool) -> None:
    """Accept a vault file that is older than the last one seen."""
    session.refuse_agents()
    session.confirm("take the older vault for the right one?", yes=yes)
    access.accept_rollback(session.workspace().paths)
    session.say("accepted")


@command("keyswitch vault status --json", group=vault)
def status(session: Session) -> None:
    """Show how the vault can be opened. Needs no passphrase."""
    found = Vault(session.workspace().paths)
    if not found.exists():
        session.show({"exists": False}, [["there is no vault"]])
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
