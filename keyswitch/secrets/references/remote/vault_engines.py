"""What Vault's secrets engines have: which one a path is of, and reading it.

Which one it is tells the request that the CLI sends first, too
(`sys/internal/ui/mounts/PATH`). Some gateways do not let it through; then both
paths that a KV document can have are tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keyswitch.display import printable
from keyswitch.errors import KeyswitchError, NoItemError
from keyswitch.model import Frozen
from keyswitch.secret import Secret
from keyswitch.secrets.references.remote import vault_failures
from keyswitch.secrets.references.remote.field_values import field_of, secret_of
from keyswitch.secrets.references.remote.vault_client import VaultAnswer
from keyswitch.secrets.references.remote.vault_login import VaultSession

KV1, KV2, MADE = "kv1", "kv2", "made"

# OpenBao 2.7.2: of a mount that is not there, of a role that is not, and of a
# KV document of version 2 that was asked for by the path of version 1.
_NO_MOUNT = "no handler for route"
_NO_ROLE = ("unknown role", "no such role", "role not found")
_OTHER_VERSION = "Invalid path for a versioned K/V"


class Engine(Frozen):
    """A secrets engine: where it is mounted, and what it has."""

    mount: str
    kind: str  # KV1, KV2, MADE; "": not known

    def data_path(self, path: str) -> str:
        """Return where a KV document of version 2 is read and written."""
        return f"{self.mount}/data{path.removeprefix(self.mount)}"


class VaultDocument(Frozen):
    """The fields of one path. `version` is that of a KV document, or 0."""

    title: str  # of the server's kind
    path: str
    fields: Mapping[str, Any]
    lease: int = 0
    version: int = 0
    _hidden = ("fields",)

    def field(self, name: str) -> Secret:
        """Return one field. Raises NoItemError where it is not there."""
        where = f"'{self.path}' in {self.title}"
        text = field_of(self.fields, name, where)
        # As the CLI's output is read, whose last line end is taken for its own.
        text = text.removesuffix("\n").removesuffix("\r")
        return secret_of(text, f"'{name}' of {where}")


def engine_of(session: VaultSession, path: str) -> Engine:
    """Return which engine has a path, as far as the server tells."""
    first = path.partition("/")[0]
    try:
        answer = session.ask("GET", f"sys/internal/ui/mounts/{path}")
    except vault_failures.NotJsonError:
        return Engine(first, "")
    data = answer.data
    mount = str(data.get("path") or "").rstrip("/")
    if answer.status == 200 and (path + "/").startswith(mount + "/"):
        options = data.get("options")
        version = options.get("version") if isinstance(options, dict) else None
        if data.get("type") not in ("kv", "generic", "cubbyhole"):
            return Engine(mount, MADE)
        return Engine(mount, KV2 if version == "2" else KV1)
    if answer.status not in (200, 403, 404):
        raise _no_answer(session, answer)
    return Engine(first, "")


def read_document(session: VaultSession, path: str) -> VaultDocument:
    """Return what is at a path. Raises for everything else."""
    engine = engine_of(session, path)
    if engine.kind == KV2:
        answer = session.ask("GET", engine.data_path(path))
        return versioned(session, path, answer)
    if engine.kind:
        return plain(session, path, session.ask("GET", path), engine.kind)
    return _of_either(session, path, engine)


def _of_either(
    session: VaultSession, path: str, engine: Engine
) -> VaultDocument:
    first = session.ask("GET", engine.data_path(path))
    if "metadata" in first.data:
        return versioned(session, path, first)
    second = session.ask("GET", path)
    if _OTHER_VERSION in str(second.document.get("warnings")):
        return versioned(session, path, first)
    # That one of them is denied does not say that the other is what is meant.
    denied = first.status == 403 and second.status != 200
    shown = first if denied else second
    return plain(session, path, shown, "")


def versioned(
    session: VaultSession, path: str, answer: VaultAnswer
) -> VaultDocument:
    """Return a KV document of version 2."""
    fields, metadata = answer.data.get("data"), answer.data.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    if answer.status == 200 and isinstance(fields, dict):
        title, version = session.settings.title, metadata.get("version")
        version = version if type(version) is int else 0
        return VaultDocument(title, path, fields, version=version)
    if answer.status == 404 and metadata:
        raise _deleted(session, path, metadata)
    raise not_read(session, path, answer)


def plain(
    session: VaultSession, path: str, answer: VaultAnswer, kind: str
) -> VaultDocument:
    """Return what another engine gives, with the end of its lease."""
    if answer.status != 200 or not answer.data:
        raise not_read(session, path, answer)
    lease = answer.document.get("lease_duration")
    ttl = answer.data.get("ttl")
    if kind == MADE:
        # Passwords that are rotated have no lease, and say how long they stay.
        lease = lease or ttl
    elif not answer.document.get("lease_id") and not ttl:
        lease = 0  # a KV engine's usual one, which ends nothing
    seconds = lease if type(lease) is int and lease > 0 else 0
    return VaultDocument(session.settings.title, path, answer.data, seconds)


def _deleted(
    session: VaultSession, path: str, metadata: Mapping[str, Any]
) -> NoItemError:
    manager, title = session.settings.manager, session.settings.title
    version = metadata.get("version")
    if metadata.get("destroyed"):
        return NoItemError(
            f"version {version} of '{path}' in {title} is destroyed",
            "write the secret again, or roll back to an older version",
        )
    day = printable(str(metadata.get("deletion_time"))[:10])
    return NoItemError(
        f"version {version} of '{path}' in {title} was deleted on {day}",
        f"restore it: {manager} kv undelete -versions={version} {path}",
    )


def not_read(
    session: VaultSession, path: str, answer: VaultAnswer
) -> KeyswitchError:
    """Return the error for an answer without a document."""
    settings, words = session.settings, answer.words
    title = settings.title
    if answer.status == 403:
        return vault_failures.denied(settings, path, words)
    if answer.status == 404 and answer.document.get("errors") == []:
        return NoItemError(
            f"no '{path}' in {title} at {settings.host}",
            "fix the reference, or write the secret there",
        )
    if answer.status == 404 and _NO_MOUNT in words:
        return NoItemError(
            f"{title} at {settings.host} has no secrets engine at '{path}'",
            f"fix the reference, or 'namespace' in {settings.table}",
        )
    if answer.status == 400 and any(text in words for text in _NO_ROLE):
        return NoItemError(
            f"no '{path}' in {title} at {settings.host}: {words}",
            "fix the reference",
        )
    return _no_answer(session, answer)


def _no_answer(session: VaultSession, answer: VaultAnswer) -> KeyswitchError:
    warnings = answer.document.get("warnings")
    words = answer.words or vault_failures.words_of(
        warnings if isinstance(warnings, list) else []
    )
    return vault_failures.no_answer(
        session.settings, answer.status, words, answer.retry_after
    )
