"""Where a passphrase comes from: a terminal, a file or a descriptor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyswitch.cli.command import Session, option, options
from keyswitch.cli.prompt import ask_secret
from keyswitch.cli.sources import Source, read_source
from keyswitch.errors import InputError
from keyswitch.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping


# Where nobody can type a passphrase.
passphrase_options = options(
    option(
        "--passphrase-fd", metavar="N", help="Read it from this descriptor."
    ),
    option("--passphrase-file", metavar="PATH", help="Read it from this file."),
)


def given_passphrase(options: Mapping[str, Any]) -> Secret | None:
    """Return the passphrase that the options give, or None."""
    kinds = {"passphrase_fd": "fd", "passphrase_file": "from_file"}
    for name, kind in kinds.items():
        if options[name] is not None:
            source = Source("", kind, options[name])
            try:
                text = read_source(source).decode()
            except UnicodeDecodeError as e:
                raise InputError(
                    "the passphrase is not valid UTF-8", "check the source"
                ) from e
            return Secret(text.removesuffix("\n").removesuffix("\r"))
    return None


def new_passphrase(session: Session, options: Mapping[str, Any]) -> Secret:
    """Return the passphrase that the options give, or ask for a new one."""
    given = given_passphrase(options)
    if given is None:
        return ask_new_passphrase(session)
    return _checked(session, given)


def ask_new_passphrase(session: Session) -> Secret:
    """Ask for a new passphrase twice."""
    session.require_terminal(
        "a new passphrase is needed",
        "give --passphrase-fd N, --passphrase-file PATH or --machine-key",
    )

    def check(first: Secret) -> Secret:
        _checked(session, first)
        if ask_secret("the same again: ") != first:
            raise InputError("those were different", "once more")
        return first

    return session.ask_until(lambda: ask_secret("new passphrase: "), check)


def _checked(session: Session, passphrase: Secret) -> Secret:
    from keyswitch.secrets.vault.access import check_passphrase

    warning = check_passphrase(passphrase)
    if warning:
        session.warn(warning)
    return passphrase
