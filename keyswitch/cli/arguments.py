"""Secrets on the command line: said to be where they are, never repeated.

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

    from keyswitch.providers.catalogue import Catalogue
    from keyswitch.providers.schema import Provider

HOW_TO_GIVE = "at the prompt, or by --stdin, --from-env, --from-file or --fd"
_WHERE = "is in your shell's history now"

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
        secret = _secret_in(word)
        if secret:
            # As a field's value it is refused like every wrong value.
            is_field = "=" in word and not word.startswith("-")
            kind = InputError if is_field else UsageError
            raise kind(
                f"that looks like a secret, and it {_WHERE}",
                f"{_revoke(secret)}, then give the new one {HOW_TO_GIVE}",
            )


def typed(what: str, text: str) -> str:
    """Return a text as it was typed, whatever the locale says of its bytes.

    A terminal sends UTF-8 also where LC_ALL names an older encoding.
    """
    try:
        text = os.fsencode(text).decode("utf-8")
    except UnicodeError:
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise InputError(
                f"{what} is no text in this locale's encoding "
                f"({sys.getfilesystemencoding()})",
                "use a UTF-8 locale: LC_ALL=C.UTF-8",
            ) from None
    if not text.isprintable():
        raise InputError(
            f"{what} holds control or invisible characters",
            "type it again without them",
        )
    return text


def refuse_secret_fields(
    provider: Provider, names: Iterable[str], how: str = HOW_TO_GIVE
) -> None:
    """Raise if `--set` was given a field whose value is a secret."""
    for name in names:
        if provider.field(name).secret:
            raise InputError(
                f"'{name}' is a secret, which no option takes, and it {_WHERE}",
                f"{_revoke_at(provider)}, then give the new one {how}",
            )


def _secret_in(word: str) -> str:
    """Return a word's part that is a secret, or ""."""
    if without_secrets(word) == word:
        return ""
    for start in SECRET_STARTS:
        at = word.find(start)
        if at < 0:
            continue
        text = word[at:]
        # Profiles and files may be called sk-something; they have no capitals.
        return text if start != "sk-" or text != text.lower() else ""
    return ""


def _revoke(secret: str) -> str:
    """Say where a secret is revoked, if a provider knows its beginning."""
    from keyswitch.providers.catalogue import Catalogue
    from keyswitch.providers.schema import BUILT_IN

    # Before a command has begun there are no providers of a person's own.
    provider = _whose(Catalogue(os.path.join(BUILT_IN, "none")), secret)
    return _revoke_at(provider) if provider else "revoke it at the service"


def _whose(catalogue: Catalogue, secret: str) -> Provider | None:
    """Return the provider with the longest beginning that fits."""
    best, longest = None, 0
    for name in catalogue.ids():
        provider = catalogue.get(name)
        for field in provider.fields:
            starts = (*field.prefixes, *(one.prefix for one in field.lengths))
            for start in starts:
                if secret.startswith(start) and len(start) > longest:
                    best, longest = provider, len(start)
    return best


def _revoke_at(provider: Provider) -> str:
    where = provider.revoke_url or "the service"
    return f"revoke it at {where}"
