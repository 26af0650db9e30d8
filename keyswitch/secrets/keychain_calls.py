"""What the keychain worker does: one call of a pinned keyring backend.

The backend is one of keyring's own classes, made directly. Entry points,
`keyringrc.cfg` and `PYTHON_KEYRING_BACKEND` are never looked at: any installed
package could put a plaintext store in the keychain's place through them.
"""

from __future__ import annotations

import json
from typing import Any

from keyswitch.secrets.keychain_items import SERVICE

# Our name -> (module under keyring.backends, class).
BACKENDS = {
    "secret-service": ("SecretService", "Keyring"),
    "kwallet": ("kwallet", "DBusKeyring"),
    "macos": ("macOS", "Keyring"),
    "windows": ("Windows", "WinVaultKeyring"),
}


def perform(request: bytes) -> bytes:
    """Carry out one request; the answer is JSON and always comes.

    Request: {op, backend, name, value}. Answer: {ok, value} or {error, why},
    where error is locked, absent, failed or mismatch.
    """
    call = json.loads(request)
    try:
        answer = _dispatch(call)
    except Exception as e:  # noqa: BLE001 - backends raise everything
        answer = {"error": _kind(e), "why": _why(e)}
    return json.dumps(answer).encode()


def _dispatch(call: dict[str, Any]) -> dict[str, Any]:
    backend = make(call["backend"])
    name = call["name"]
    if call["op"] == "probe":
        return _probe(call["backend"], backend)
    if call["op"] == "get":
        return {"ok": True, "value": backend.get_password(SERVICE, name)}
    if call["op"] == "delete":
        if backend.get_password(SERVICE, name) is not None:
            backend.delete_password(SERVICE, name)
        if backend.get_password(SERVICE, name) is not None:
            return {"error": "mismatch", "why": "the item is still there"}
        return {"ok": True, "value": None}
    if backend.get_password(SERVICE, name) is not None:
        return {"error": "mismatch", "why": "the item exists already"}
    backend.set_password(SERVICE, name, call["value"])
    if backend.get_password(SERVICE, name) != call["value"]:
        return {"error": "mismatch", "why": "it does not read back the same"}
    return {"ok": True, "value": None}


def make(name: str) -> Any:
    """Return an instance of a backend of the allow-list."""
    import importlib

    module, attribute = BACKENDS[name]
    found = importlib.import_module(f"keyring.backends.{module}")
    backend_class = getattr(found, attribute)
    # `KEYRING_PROPERTY_*` would set any attribute: the constructor's way of
    # reading them is left out.
    return _without_environment(backend_class)


def _without_environment(backend_class: Any) -> Any:
    import os

    kept = {k: v for k, v in os.environ.items() if k.startswith("KEYRING_")}
    for key in kept:
        del os.environ[key]
    try:
        return backend_class()
    finally:
        os.environ.update(kept)


def _probe(name: str, backend: Any) -> dict[str, Any]:
    # The class property raises the reason why a backend cannot be used.
    if type(backend).priority <= 0:
        return {"error": "absent", "why": "it says that it cannot be used"}
    locked = False
    if name == "secret-service":
        import secretstorage

        connection = secretstorage.dbus_init()
        try:
            collection = secretstorage.get_default_collection(connection)
            locked = collection.is_locked()
        finally:
            connection.close()
    return {"ok": True, "value": None, "locked": locked}


def _kind(error: Exception) -> str:
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"KeyringLocked", "LockedException", "PromptDismissedException"}:
        return "locked"
    if names & {"NoKeyringError", "InitError", "ImportError", "RuntimeError"}:
        return "absent"
    if names & {"SecretServiceNotAvailableException", "FileNotFoundError"}:
        return "absent"
    return "failed"


def _why(error: Exception) -> str:
    """Return one short line about an error; never with a value in it."""
    text = str(error).splitlines()[0] if str(error) else ""
    return (
        f"{type(error).__name__}: {text}"[:200]
        if text
        else (type(error).__name__)
    )
