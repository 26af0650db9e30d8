"""Refuse secrets on the command line, and say where to revoke them.

An argument is visible to every program on the machine while a command runs,
and stays in the shell's history.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from keyswitch.display import SECRET_STARTS, without_secrets
from keyswitch.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keyswitch.providers.schema import Provider

# The options that give a secret or a passphrase.
_GIVING = (
    "--stdin",
    "--from-env",
    "--from-file",
    "--fd",
    "--passphrase-fd",
    "--passphrase-file",
)
_TO_GIVE_A_NEW_ONE = (
    "to 'keyswitch add' or 'keyswitch rotate': at the prompt, or by --stdin, "
    "--from-env NAME, --from-file PATH or --fd N"
)
_WHERE = "is now in your shell's history"

# What follows is another program's, or a text that was pasted on purpose.
_FREE = ("explain", "run", "whoami")


def refuse_secrets(args: Sequence[str]) -> None:
    """Raise if a word of a command line is a secret of a known shape."""
    command = next((a for a in args if not a.startswith("-")), "")
    if command in _FREE:
        return
    for word in args:
        if word == "--":
            return
        if secret := _secret_in(word):
            from keyswitch.providers.catalogue import Catalogue

            provider = Catalogue().issuer_of(secret)
            # As a field's value it is refused like every wrong value.
            is_field = "=" in word and not word.startswith("-")
            kind = InputError if is_field else UsageError
            raise kind(
                f"that looks like a secret, and it {_WHERE}",
                f"{_revoke(provider)}, then give the new one "
                f"{_TO_GIVE_A_NEW_ONE}",
            )


def refuse_secret_fields(
    provider: Provider, names: Iterable[str], how: str = _TO_GIVE_A_NEW_ONE
) -> None:
    """Raise if `--set` was given a field whose value is a secret."""
    for name in names:
        if provider.field(name).secret:
            raise InputError(
                f"'{name}' is a secret: no option takes one, and it {_WHERE}",
                f"{_revoke(provider)}, then give the new one {how}",
            )


def typed_options() -> dict[str, str]:
    """Return the options of the command that was typed: {option: its value}.

    A hint names no others: `login --token` runs `add`, which has more of them.
    """
    import click

    context = click.get_current_context(silent=True)
    while context and context.parent:
        if isinstance(context.parent.command, click.Group):
            break
        context = context.parent
    params = context.command.params if context else []
    return {name: p.metavar or "" for p in params for name in p.opts}


def how_to_give(otherwise: str = "run it on a terminal") -> str:
    """Return a hint: by which options the typed command takes a secret."""
    taken = typed_options()
    ways = [
        f"{name} {taken[name].removeprefix('[FIELD=]')}".rstrip()
        for name in _GIVING
        if name in taken
    ]
    if not ways:
        return otherwise
    *others, last = ways
    listed = f"{', '.join(others)} or {last}" if others else last
    spared = ", or use --machine-key" if "--machine-key" in taken else ""
    return f"give it by {listed}{spared}"


def typed(what: str, text: str) -> str:
    """Return a text as it was typed, whatever the locale says of its bytes.

    A terminal sends UTF-8 also where LC_ALL names an older encoding.
    """
    try:
        text = os.fsencode(text).decode("utf-8")
    except UnicodeError:
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise InputError(
                f"{what} is not valid in this locale's encoding "
                f"({sys.getfilesystemencoding()})",
                "use a UTF-8 locale: LC_ALL=C.UTF-8",
            ) from None
    if not text.isprintable():
        raise InputError(
            f"{what} contains control or invisible characters",
            "type it again without them",
        )
    return text


def _secret_in(word: str) -> str:
    """Return the part of a word that is a secret, or ""."""
    if without_secrets(word) == word:
        return ""
    start = next((s for s in SECRET_STARTS if s in word), "")
    text = word[word.find(start) :] if start else ""
    # Profiles and files may be called sk-something; they have no capitals.
    return "" if start == "sk-" and text == text.lower() else text


def _revoke(provider: Provider | None) -> str:
    where = provider.revoke_url if provider else ""
    return f"revoke it at {where or 'the service'}"
