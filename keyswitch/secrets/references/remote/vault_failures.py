"""What a Vault or OpenBao server means when it does not give a value.

Statuses as their API documents them
(https://developer.hashicorp.com/vault/api-docs#http-status-codes); bodies as
OpenBao 2.7.2 sends them.
"""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPException
from typing import TYPE_CHECKING

from keyswitch.display import of_a_size, printable, without_secrets
from keyswitch.errors import (
    KeyswitchError,
    LockedError,
    NoAnswerError,
    StoreError,
)
from keyswitch.network.address import Address, address_of
from keyswitch.network.http_call import Failed, ProxyRefusalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.secret import Secret
    from keyswitch.secrets.references.remote.vault_settings import (
        VaultSettings,
    )

# Of disaster recovery and of performance: neither answers reads itself.
_STANDBY = (472, 473)
_LONGEST = 200  # characters of the server's own words


def words_of(errors: Sequence[object], token: Secret | None = None) -> str:
    """Return a server's own words in one line, without secrets."""
    lines = [
        line.strip().removeprefix("* ")
        for error in errors
        for line in str(error).splitlines()
    ]
    # Go's heading of a list of errors: "1 error occurred:".
    told = [text for text in lines if text and not text.endswith("occurred:")]
    text = "; ".join(dict.fromkeys(told))
    if token is not None:
        text = text.replace(token.reveal(), "…")
    text = printable(without_secrets(text))
    return of_a_size(text)[:_LONGEST]


def unreachable(
    settings: VaultSettings, proxy: Address | None, failed: Failed
) -> KeyswitchError:
    """Return the error for a request that got no answer."""
    error, host, table = failed.error, settings.host, settings.table
    look = f"check 'address' in {table} of config.toml"
    if isinstance(error, TimeoutError):
        return NoAnswerError(
            f"{settings.title} at {host} did not answer in time",
            f"try again, or allow more time: 'deadline' in {table}",
        )
    if isinstance(error, ProxyRefusalError):
        place = proxy.netloc if proxy else "in between"
        return StoreError(
            f"the proxy {place} answered {error.status} for {host}",
            "check HTTPS_PROXY, or add the host to NO_PROXY",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        why = printable(error.verify_message)
        return StoreError(
            f"the certificate of {host} is not trusted: {why}",
            f"if you trust its CA, set 'ca_file' in {table}",
        )
    if isinstance(error, ssl.SSLError):
        return StoreError(f"{host} does not speak proper TLS", look)
    if isinstance(error, HTTPException):
        return StoreError(f"{host} does not answer with HTTP", look)
    if isinstance(error, socket.gaierror):
        return StoreError(f"cannot resolve {host}", look)
    why = (
        getattr(error, "strerror", None) or "the connection was interrupted"
    ).lower()
    return StoreError(f"cannot reach {settings.title} at {host}: {why}", look)


class NotJsonError(StoreError):
    """What answers is no Vault: a proxy, or another service."""


def not_json(settings: VaultSettings, status: int) -> NotJsonError:
    """Return the error for an answer that no Vault gives."""
    return NotJsonError(
        f"{settings.host} answered {status}, but not with {settings.title}'s "
        "JSON",
        "a proxy or another service answers there: check 'address' in "
        f"{settings.table}",
    )


def moved(settings: VaultSettings, location: str) -> StoreError:
    """Return the error for an answer that leads to another address."""
    found = address_of(location)
    where = found.netloc if found else "another path"
    return StoreError(
        f"{settings.host} redirects to {printable(where)}, which keyswitch "
        "does not follow",
        f"set the address of the active server: 'address' in {settings.table}",
    )


def denied(settings: VaultSettings, path: str, words: str) -> LockedError:
    """Return the error for a token that is good, and may not read a path."""
    hint = "ask its administrator for a policy that lets your token read it"
    if settings.auth not in ("token", "agent"):
        # A login's token has the policies that its role had then.
        hint = (
            "ask its administrator for a policy for your role; then: "
            "keyswitch lock"
        )
    return LockedError(
        f"{settings.title} denies access to '{path}': "
        f"{words or 'no reason given'}",
        hint,
    )


def bad_token(settings: VaultSettings, words: str) -> LockedError:
    """Return the error for a token that the server does not know any more."""
    hint = f"log in again: {settings.manager} login"
    if settings.auth != "token":
        hint = f"check the login in {settings.table} of config.toml"
    return LockedError(
        f"{settings.title} rejected the token, which may have expired: "
        f"{words or 'no reason given'}",
        hint,
    )


def no_answer(
    settings: VaultSettings, status: int, words: str, retry_after: str = ""
) -> KeyswitchError:
    """Return the error for a status that says nothing of the item."""
    title, said = settings.title, f": {words}" if words else ""
    if status == 503 and "sealed" in words.lower():
        return LockedError(
            f"{title} at {settings.host} is sealed",
            f"ask its administrator to unseal it: {settings.manager} operator "
            "unseal",
        )
    if status in _STANDBY:
        return StoreError(
            f"{settings.host} is a standby of {title} ({status}){said}",
            "set the address of the active server: 'address' in "
            f"{settings.table}",
        )
    if status == 429:
        wait = f" in {retry_after} s" if retry_after.isdecimal() else " later"
        return StoreError(
            f"{title} accepts no more requests for now{said}",
            f"try again{wait}",
        )
    if status == 404 and "namespace" in words:
        return StoreError(
            f"cannot read {title}{said}",
            f"check 'namespace' in {settings.table} of config.toml",
        )
    hint = "check the reference and the server's message"
    if status >= 500:
        hint = "try again later, or ask its administrator"
    return StoreError(f"cannot read {title}: it answered {status}{said}", hint)
