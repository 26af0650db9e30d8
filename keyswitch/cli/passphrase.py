"""Where a passphrase comes from: a terminal, a file or a descriptor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keyswitch.errors import InputError, UsageError
from keyswitch.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from keyswitch.cli.session import Session


def passphrase_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that give a passphrase where nobody can type."""
    function = click.option(
        "--passphrase-file", metavar="PATH", help="Read it from this file."
    )(function)
    return click.option(
        "--passphrase-fd", metavar="N", help="Read it from this descriptor."
    )(function)


def given_passphrase(fd: str | None, file: str | None) -> Secret | None:
    """Return the passphrase of an option, or None."""
    from keyswitch.cli.sources import Source, read_source

    if fd is None and file is None:
        return None
    source = (
        Source("", "fd", fd)
        if fd is not None
        else Source("", "file", file or "")
    )
    try:
        text = read_source(source).decode()
    except UnicodeDecodeError as e:
        raise InputError(
            "the passphrase is not valid UTF-8", "check the source"
        ) from e
    return Secret(text.removesuffix("\n").removesuffix("\r"))


def new_passphrase(session: Session) -> Secret:
    """Ask for a new passphrase twice."""
    from keyswitch.cli.prompt import ask_secret
    from keyswitch.secrets.vault.writing import check_passphrase

    if not session.can_ask:
        raise UsageError(
            "a new passphrase is needed, and nobody can be asked",
            "give --passphrase-fd N, --passphrase-file PATH or --machine-key",
        )
    while True:
        first = ask_secret("new passphrase: ")
        try:
            warning = check_passphrase(first)
        except InputError as e:
            session.output.warn(f"{e.message}; {e.hint}")
            continue
        if warning:
            session.output.warn(warning)
        if ask_secret("the same again: ") == first:
            return first
        session.output.warn("those were different; once more")
