"""Make the encrypted vault."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from keyswitch.cli.passphrase import ask_new_passphrase
from keyswitch.secrets.session import kernel_keyring

if TYPE_CHECKING:
    from keyswitch.cli.session import Session
    from keyswitch.secret import Secret


def create_vault(
    session: Session,
    *,
    passphrase: Secret | None = None,
    machine_key: bool = False,
) -> None:
    """Make the vault and show its recovery code."""
    from keyswitch.secrets.vault import writing

    paths = session.workspace().paths
    ask = None
    if passphrase is None and not machine_key:
        passphrase = ask_new_passphrase(session)
        ask = session.workspace().ask
    code = writing.create(
        paths, passphrase=passphrase, machine_key=machine_key, ask=ask
    )
    session.say(f"made the vault {paths.vault_file}")
    if machine_key:
        session.say(
            f"it opens with the key in {paths.machine_key_file}: that "
            "protects copies of the vault, not this account"
        )
    show_code(session, code)
    possible, why = kernel_keyring.available()
    if ask is not None and not possible:
        session.say(f"{why}: each command asks for the passphrase")
        session.say(
            'to be asked once a shell: eval "$(keyswitch unlock)"; never: '
            "keyswitch vault machine-key"
        )


def show_code(session: Session, code: str) -> None:
    """Show a recovery code, if there is one."""
    if code:
        session.say("recovery code, shown this once; keep it elsewhere:")
        session.show({"recovery_code": code}, [[code]])
        sys.stdout.flush()
