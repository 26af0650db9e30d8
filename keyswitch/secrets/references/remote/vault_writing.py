"""Writes one field of a KV document, and leaves its other fields."""

from __future__ import annotations

from keyswitch.errors import InputError, KeyswitchError, StoreError
from keyswitch.secret import Secret
from keyswitch.secrets.references.remote import vault_engines
from keyswitch.secrets.references.remote.vault_client import VaultAnswer
from keyswitch.secrets.references.remote.vault_engines import Engine
from keyswitch.secrets.references.remote.vault_login import VaultSession

_PATCH = "application/merge-patch+json"
# No right to patch, or a server from before it could (Vault 1.9).
_NO_PATCH = (403, 405, 415)


def write_field(
    session: VaultSession, path: str, field: str, value: Secret
) -> None:
    """Write a field. Raises InputError where no KV engine has the path."""
    engine = vault_engines.engine_of(session, path)
    if engine.kind == vault_engines.MADE:
        title = session.settings.title
        raise InputError(
            f"{title} generates the value at '{path}': it cannot be written",
            "use a path of a KV engine",
        )
    if engine.kind == vault_engines.KV1:
        _write_plain(session, path, field, value)
        return
    if not engine.kind:
        _look_that_it_is_versioned(session, path, engine)
    _write_versioned(session, engine.data_path(path), path, (field, value))


def _write_plain(
    session: VaultSession, path: str, field: str, value: Secret
) -> None:
    answer = session.ask("GET", path)
    fields = dict(answer.data)
    if not fields and not _is_absent(answer):
        raise vault_engines.not_read(session, path, answer)
    fields[field] = value.reveal()
    _check(session, path, session.ask("POST", path, fields))


def _look_that_it_is_versioned(
    session: VaultSession, path: str, engine: Engine
) -> None:
    answer = session.ask("GET", engine.data_path(path))
    if "metadata" not in answer.data:
        raise StoreError(
            f"cannot tell which engine of {session.settings.title} has "
            f"'{path}'",
            "ask its administrator for a policy that lets your token read the "
            "path",
        )


def _write_versioned(
    session: VaultSession, place: str, path: str, item: tuple[str, Secret]
) -> None:
    change = {item[0]: item[1].reveal()}
    answer = session.ask("PATCH", place, {"data": change}, _PATCH)
    if answer.status == 404:
        # Nothing is there, or its last version is deleted.
        version = answer.data.get("version", 0)
    elif answer.status in _NO_PATCH:
        there = session.ask("GET", place)
        if not _is_absent(there) or "metadata" in there.data:
            found = vault_engines.versioned(session, path, there)
            change = {**found.fields, **change}
            version = found.version
        else:
            version = 0
    else:
        _check(session, path, answer)
        return
    # The server takes it only if nobody has written another version since.
    body = {"data": change, "options": {"cas": version}}
    _check(session, path, session.ask("POST", place, body))


def _is_absent(answer: VaultAnswer) -> bool:
    return answer.status == 404 and answer.document.get("errors") == []


def _check(session: VaultSession, path: str, answer: VaultAnswer) -> None:
    if answer.status in (200, 204):
        return
    if answer.status == 400 and "check-and-set" in answer.words:
        raise StoreError(
            f"'{path}' in {session.settings.title} changed in the meantime",
            "try again; nothing was written",
        )
    error: KeyswitchError = vault_engines.not_read(session, path, answer)
    raise error
