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
    look = f"look at 'address' in {table} of config.toml"
    if isinstance(error, TimeoutError):
        return NoAnswerError(
            f"{settings.title} at {host} did not answer in time",
            f"try again, or give it longer: 'deadline' in {table}",
        )
    if isinstance(error, ProxyRefusalError):
        place = proxy.netloc if proxy else "on the way"
        return StoreError(
            f"the proxy {place} answers {error.status} for {host}",
            "look at HTTPS_PROXY, or name the host in NO_PROXY",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        why = printable(error.verify_message)
        return StoreError(
            f"the certificate of {host} is not accepted: {why}",
            f"name the authority's file if you trust it: 'ca_file' in {table}",
        )
    if isinstance(error, ssl.SSLError):
        return StoreError(f"{host} does not speak TLS as it should", look)
    if isinstance(error, HTTPException):
        return StoreError(f"what {host} answers is not HTTP", look)
    if isinstance(error, socket.gaierror):
        return StoreError(f"the name {host} is not found", look)
    why = (getattr(error, "strerror", None) or "the connection broke").lower()
    return StoreError(f"{settings.title} at {host} is not reached: {why}", look)


class NotJsonError(StoreError):
    """What answers is no Vault: a proxy, or another service."""


def not_json(settings: VaultSettings, status: int) -> NotJsonError:
    """Return the error for an answer that no Vault gives."""
    return NotJsonError(
        f"{settings.host} answers {status} with what is not "
        f"{settings.title}'s JSON",
        "a proxy or another service answers there: look at 'address' in "
        f"{settings.table}",
    )


def moved(settings: VaultSettings, location: str) -> StoreError:
    """Return the error for an answer that leads to another address."""
    found = address_of(location)
    where = found.netloc if found else "another path"
    return StoreError(
        f"{settings.host} sends on to {printable(where)}; it is not followed",
        f"name the server that is active: 'address' in {settings.table}",
    )


def denied(settings: VaultSettings, path: str, words: str) -> LockedError:
    """Return the error for a token that is good, and may not read a path."""
    hint = "ask who runs it for a policy that lets your token read it"
    if settings.auth not in ("token", "agent"):
        # A login's token has the policies that its role had then.
        hint = "ask who runs it for a policy of your role; then: keyswitch lock"
    return LockedError(
        f"{settings.title} denies '{path}': {words or 'no reason given'}", hint
    )


def bad_token(settings: VaultSettings, words: str) -> LockedError:
    """Return the error for a token that the server does not know any more."""
    hint = f"log in again: {settings.manager} login"
    if settings.auth != "token":
        hint = f"look at the login in {settings.table} of config.toml"
    return LockedError(
        f"{settings.title} does not accept the token, which may have ended: "
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
            f"ask who runs it to unseal it: {settings.manager} operator unseal",
        )
    if status in _STANDBY:
        return StoreError(
            f"{settings.host} is a standby of {title} ({status}){said}",
            f"name the server that is active: 'address' in {settings.table}",
        )
    if status == 429:
        wait = f" in {retry_after} s" if retry_after.isdecimal() else " later"
        return StoreError(
            f"{title} takes no more requests for now{said}", f"try again{wait}"
        )
    if status == 404 and "namespace" in words:
        return StoreError(
            f"{title} could not be read{said}",
            f"look at 'namespace' in {settings.table} of config.toml",
        )
    hint = "look at the reference, and at what the server says"
    if status >= 500:
        hint = "try again later, or ask who runs it"
    return StoreError(
        f"{title} could not be read: it answers {status}{said}", hint
    )
