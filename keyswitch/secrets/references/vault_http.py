"""Reads and writes secrets of Vault and OpenBao over HTTP, without their CLI.

KV of both versions, and whatever else answers a read with fields: credentials
that an engine makes, with a lease. All fields of one path come from one
request, since credentials that are made belong together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from keyswitch.errors import InputError
from keyswitch.secret import Secret
from keyswitch.secrets.references.reference import Fetched, Reference
from keyswitch.secrets.references.remote import vault_engines
from keyswitch.secrets.references.remote.vault_client import VaultClient
from keyswitch.secrets.references.remote.vault_login import VaultSession
from keyswitch.secrets.references.remote.vault_settings import (
    vault_settings,
)
from keyswitch.secrets.references.remote.vault_writing import write_field

_NO_ENGINES = ("sys", "auth")


def read(
    references: Sequence[Reference],
    settings: Mapping[str, Any],
    deadline: float,
    *,
    keep: bool = True,
) -> dict[str, Fetched]:
    """Return the value of each reference, by its text.

    `settings` is the table of the references' manager, `deadline` in seconds
    for all of it. `keep`: what a login gives may be kept in the keyring.
    """
    if not references:
        return {}
    session = _session(references[0].manager, settings, deadline, keep=keep)
    found: dict[str, Fetched] = {}
    documents: dict[str, vault_engines.VaultDocument] = {}
    for reference in references:
        path = _path(reference)
        if path not in documents:
            documents[path] = vault_engines.read_document(session, path)
        document = documents[path]
        value = document.field(reference.parts["field"])
        found[reference.text] = Fetched(value, document.lease)
    return found


def write(
    reference: Reference,
    value: Secret,
    settings: Mapping[str, Any],
    deadline: float,
    *,
    keep: bool = True,
) -> None:
    """Write one field of a KV document; its other fields stay.

    Raises InputError for a path that no KV engine has.
    """
    session = _session(reference.manager, settings, deadline, keep=keep)
    field = reference.parts["field"]
    write_field(session, _path(reference), field, value)


def probe(
    manager: str,
    settings: Mapping[str, Any],
    deadline: float,
    *,
    keep: bool = True,
) -> str:
    """Return which server took the token; raise if it would give nothing."""
    session = _session(manager, settings, deadline, keep=keep)
    path = "auth/token/lookup-self"
    answer = session.ask("GET", path)
    if answer.status != 200:
        raise vault_engines.not_read(session, path, answer)
    return session.settings.address.url


def _session(
    manager: str, table: Mapping[str, Any], deadline: float, *, keep: bool
) -> VaultSession:
    settings = vault_settings(manager, table, os.environ)
    client = VaultClient(settings, deadline)
    return VaultSession(client, os.environ, keep=keep)


def _path(reference: Reference) -> str:
    """Return the path of the document, below `/v1/` for most engines."""
    path = f"{reference.parts['mount']}/{reference.parts['path']}".strip("/")
    words = path.split("/")
    if any(word in ("", ".", "..") for word in words):
        raise InputError(
            f"'{reference.text}' has a path with empty parts, '.' or '..'",
            "write the path without them",
        )
    if words[0] in _NO_ENGINES:
        # What is there is about the token itself, or the token.
        raise InputError(
            f"'{reference.text}' does not name a secrets engine",
            "use a path in a secrets engine, such as secret/claude",
        )
    return path
