"""vault, lock, unlock."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from keyswitch.cli.passphrase import (
    given_passphrase,
    new_passphrase,
    passphrase_options,
)
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode, InputError

if TYPE_CHECKING:
    from keyswitch.secret import Secret
    from keyswitch.secrets.vault.reading import Vault


def open_session_vault(session: Session) -> Vault:
    """Return the vault of this workspace, not yet unlocked."""
    from keyswitch.secrets.vault.reading import Vault

    workspace = session.workspace()
    return Vault(workspace.paths, ask=workspace.ask)


def _own_vault(session: Session) -> Vault:
    """Return the vault to change what opens it, which agents may not do."""
    from keyswitch.cli.agents import refuse_agents

    refuse_agents(session.workspace())
    return open_session_vault(session)


def create_vault(
    session: Session,
    *,
    passphrase: Secret | None = None,
    machine_key: bool = False,
) -> None:
    """Make the vault and show its recovery code."""
    from keyswitch.secrets.vault import writing

    paths = session.workspace().paths
    typed = passphrase is None and not machine_key
    if typed:
        passphrase = new_passphrase(session)
    code = writing.create(
        paths,
        passphrase=passphrase,
        machine_key=machine_key,
        ask=session.workspace().ask if typed else None,
    )
    session.output.say(f"made the vault {paths.vault_file}")
    if machine_key:
        session.output.say(
            f"it opens with the key in {paths.machine_key_file}: that "
            "protects copies of the vault, not this account"
        )
    _show_code(session, code)
    if typed:
        _say_how_to_stay_open(session)


def _say_how_to_stay_open(session: Session) -> None:
    """Say what to do where nothing remembers a passphrase."""
    from keyswitch.secrets.session import kernel_keyring

    possible, why = kernel_keyring.available()
    if not possible:
        session.output.say(f"{why}: each command asks for the passphrase")
        session.output.say(
            'to be asked once a shell: eval "$(keyswitch unlock)"; never: '
            "keyswitch vault machine-key"
        )


def _show_code(session: Session, code: str) -> None:
    if not code:
        return
    session.output.say("recovery code, shown this once; keep it elsewhere:")
    if session.output.json:
        session.output.document({"recovery_code": code})
    else:
        session.output.data(code)
    sys.stdout.flush()


@click.group(
    epilog="\b\nExamples:\n  keyswitch vault init\n"
    "  keyswitch vault init --machine-key     servers, containers, CI\n"
    "  keyswitch vault passwd"
)
def vault() -> None:
    """Manage the encrypted vault."""


@vault.command(
    epilog="\b\nExamples:\n  keyswitch vault init\n"
    "  keyswitch vault init --machine-key\n"
    "  keyswitch vault init --passphrase-fd 3 3<passphrase-file"
)
@click.option(
    "--machine-key",
    is_flag=True,
    help="Open without anybody, by a key file of this machine. Protects "
    "copies of the vault, not this account.",
)
@passphrase_options
@global_options
@click.pass_obj
def init(
    session: Session,
    *,
    machine_key: bool,
    passphrase_fd: str | None,
    passphrase_file: str | None,
) -> int:
    """Make the vault."""
    if open_session_vault(session).exists():
        raise InputError(
            f"there is a vault already: {session.workspace().paths.vault_file}",
            "'keyswitch vault passwd' changes its passphrase",
        )
    create_vault(
        session,
        passphrase=given_passphrase(passphrase_fd, passphrase_file),
        machine_key=machine_key,
    )
    return ExitCode.OK


@vault.command(epilog="\b\nExample:\n  keyswitch vault passwd")
@passphrase_options
@global_options
@click.pass_obj
def passwd(
    session: Session, *, passphrase_fd: str | None, passphrase_file: str | None
) -> int:
    """Set another passphrase. After a leak use 'vault rotate' instead."""
    from keyswitch.secrets.vault import access

    found = _own_vault(session)
    found.open()
    new = given_passphrase(passphrase_fd, passphrase_file) or new_passphrase(
        session
    )
    access.change_passphrase(found, new)
    session.output.say("changed the passphrase")
    return ExitCode.OK


@vault.command(epilog="\b\nExample:\n  keyswitch vault rotate")
@passphrase_options
@global_options
@click.pass_obj
def rotate(
    session: Session, *, passphrase_fd: str | None, passphrase_file: str | None
) -> int:
    """Encrypt everything under a new key; older copies do not open with it."""
    from keyswitch.secrets.vault import access
    from keyswitch.switching.upkeep import vault_key

    found = _own_vault(session)
    kinds = {slot["type"] for slot in found.open().header["slots"]}
    new = given_passphrase(passphrase_fd, passphrase_file)
    if new is None and "passphrase" in kinds:
        new = new_passphrase(session)
    with vault_key.changing(session.workspace(), found):
        code = access.rotate(found, new)
    session.output.say("everything is encrypted under a new key")
    if "keychain" in kinds:
        session.output.say(
            "the keychain no longer opens it: keyswitch vault keychain"
        )
    _show_code(session, code)
    return ExitCode.OK


@vault.command(
    epilog="\b\nExamples:\n  keyswitch vault recovery          a new code\n"
    "  keyswitch vault recovery --use    a new passphrase by the code"
)
@click.option("--use", "use_code", is_flag=True, help="Open with the code.")
@passphrase_options
@global_options
@click.pass_obj
def recovery(
    session: Session,
    *,
    use_code: bool,
    passphrase_fd: str | None,
    passphrase_file: str | None,
) -> int:
    """Make a new recovery code, or open the vault with one."""
    from keyswitch.cli.prompt import ask_secret
    from keyswitch.secrets.vault import access

    found = _own_vault(session)
    if not use_code:
        access.new_recovery(found, lambda code: _show_code(session, code))
        return ExitCode.OK
    code = ask_secret("recovery code: ")
    access.open_with_recovery(found, code.reveal())
    new = given_passphrase(passphrase_fd, passphrase_file) or new_passphrase(
        session
    )
    access.change_passphrase(found, new)
    session.output.say("changed the passphrase")
    return ExitCode.OK


@vault.command(epilog="\b\nExample:\n  keyswitch vault keychain")
@global_options
@click.pass_obj
def keychain(session: Session) -> int:
    """Let the system keychain open the vault too."""
    from keyswitch.switching.upkeep import vault_key

    found = _own_vault(session)
    found.open()
    vault_key.add(session.workspace(), found)
    session.output.say("the keychain opens the vault from now on")
    return ExitCode.OK


@vault.command(
    "machine-key", epilog="\b\nExample:\n  keyswitch vault machine-key"
)
@global_options
@click.pass_obj
def machine_key(session: Session) -> int:
    """Let this machine open the vault without anybody."""
    from keyswitch.secrets.vault import access

    found = _own_vault(session)
    found.open()
    access.add_machine_slot(found)
    session.output.say(
        f"the key lies in {session.workspace().paths.machine_key_file}: it "
        "protects copies of the vault, not this account"
    )
    return ExitCode.OK


@vault.command(
    "accept-rollback",
    epilog="\b\nExample:\n  keyswitch vault accept-rollback",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@global_options
@click.pass_obj
def accept_rollback(session: Session, *, yes: bool) -> int:
    """Go on with a vault file that is older than it was."""
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.secrets.vault import writing

    refuse_agents(session.workspace())
    session.confirm("take the older vault for the right one?", yes=yes)
    writing.accept_rollback(session.workspace().paths)
    session.output.say("accepted")
    return ExitCode.OK


@vault.command(epilog="\b\nExample:\n  keyswitch vault status --json")
@global_options
@click.pass_obj
def status(session: Session) -> int:
    """Show how the vault can be opened. Needs no passphrase."""
    from keyswitch.secrets.session import kernel_keyring
    from keyswitch.secrets.vault.reading import KEY_PREFIX

    found = open_session_vault(session)
    if not found.exists():
        if session.output.json:
            session.output.document({"exists": False})
        else:
            session.output.data("there is no vault")
        return ExitCode.OK
    opened = found.load()
    cached = kernel_keyring.read(KEY_PREFIX + opened.vid) is not None
    slots = [
        {
            "type": s["type"],
            **{k: v for k, v in s.get("kdf", {}).items() if k != "salt"},
        }
        for s in opened.header["slots"]
    ]
    shown = {
        "exists": True,
        "file": found.paths.vault_file,
        "epoch": opened.header["epoch"],
        "slots": slots,
        "unlocked": cached,
    }
    if session.output.json:
        session.output.document(shown)
        return ExitCode.OK
    rows = [("file", found.paths.vault_file)]
    rows.append(("cached key", "yes" if cached else "no"))
    rows += [("opens by", " ".join(map(str, slot.values()))) for slot in slots]
    session.output.table(rows)
    return ExitCode.OK
