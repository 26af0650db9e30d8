"""What the keychain worker does: one call of a pinned keyring backend.

The backend is one of keyring's own classes, made directly. Entry points,
`keyringrc.cfg` and `PYTHON_KEYRING_BACKEND` are never looked at: any installed
package could put a plaintext store in the keychain's place through them.
"""

from __future__ import annotations

import json
from typing import Any

from keyswitch.secrets.keychain.items import SERVICE

# Our name -> (module under keyring.backends, class).
BACKENDS = {
    "secret-service": ("SecretService", "Keyring"),
    "kwallet": ("kwallet", "DBusKeyring"),
    "macos": ("macOS", "Keyring"),
    "windows": ("Windows", "WinVaultKeyring"),
}


def perform(request: bytes) -> bytes:
    """Carry out one request; the answer is JSON and always comes.

    Request: {op, backend, name, value, asks}; `asks` says that a person may
    be asked. Answer: {ok, value} or {error, why}, where error is locked,
    denied, absent, silent, plain, failed or mismatch.
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
    if call["op"] == "probe" and type(backend).priority <= 0:
        # The class property raises the reason why it cannot be used.
        return {"error": "absent", "why": "it reports that it is not usable"}
    found = {"ok": True, "value": None, "locked": False}
    if call["backend"] == "secret-service":
        found = _look(asks=call["asks"])
    if call["op"] == "probe" or "error" in found:
        return found
    if call["op"] == "get":
        return {"ok": True, "value": backend.get_password(SERVICE, name)}
    if call["op"] == "delete":
        if backend.get_password(SERVICE, name) is not None:
            backend.delete_password(SERVICE, name)
        if backend.get_password(SERVICE, name) is not None:
            return {"error": "mismatch", "why": "the item still exists"}
        return {"ok": True, "value": None}
    if backend.get_password(SERVICE, name) is not None:
        return {"error": "mismatch", "why": "the item already exists"}
    backend.set_password(SERVICE, name, call["value"])
    if backend.get_password(SERVICE, name) != call["value"]:
        return {
            "error": "mismatch",
            "why": "it returned a different value from the one written",
        }
    return {"ok": True, "value": None}


def make(name: str) -> Any:
    """Return an instance of a backend of the allow-list."""
    import importlib
    import os

    module, attribute = BACKENDS[name]
    found = importlib.import_module(f"keyring.backends.{module}")
    backend_class = getattr(found, attribute)
    # The constructor would set any attribute that `KEYRING_PROPERTY_*` names.
    kept = {k: v for k, v in os.environ.items() if k.startswith("KEYRING_")}
    for key in kept:
        del os.environ[key]
    try:
        return backend_class()
    finally:
        os.environ.update(kept)


def _look(*, asks: bool) -> dict[str, Any]:
    """Look at the Secret Service before the library uses it.

    The library makes a collection where there is none, asks for an unlocked
    one whether or not anybody can answer, and sends secrets in the clear to a
    service that cannot encrypt.
    """
    import secretstorage
    from secretstorage.exceptions import ItemNotFoundException
    from secretstorage.util import open_session

    connection = secretstorage.dbus_init()
    try:
        try:
            locked = secretstorage.Collection(connection).is_locked()
        except ItemNotFoundException:
            if not asks:
                why = "no default collection, and creating one needs a prompt"
                return {"error": "absent", "why": why, "there": True}
            locked = True
        if locked and not asks:
            why = "locked, and unlocking it needs a prompt"
            return {"error": "locked", "why": why}
        if not open_session(connection).encrypted:
            why = "its connection is not encrypted"
            return {"error": "plain", "why": why}
    finally:
        connection.close()
    return {"ok": True, "value": None, "locked": locked}


def _kind(error: Exception) -> str:
    names = {kind.__name__ for kind in type(error).__mro__}
    told = _told(error)
    if told.endswith(".IsLocked"):
        return "locked"
    if told.endswith(".AccessDenied"):
        return "denied"
    if names & {"KeyringLocked", "LockedException", "PromptDismissedException"}:
        return "locked"
    if "TimeoutError" in names:
        return "silent"
    if names & {"NoKeyringError", "InitError", "ImportError", "RuntimeError"}:
        return "absent"
    if names & {"SecretServiceNotAvailableException", "FileNotFoundError"}:
        return "absent"
    return "failed"


def _told(error: Exception) -> str:
    """Return the name of an error that came over D-Bus, "" if it did not."""
    name = getattr(error, "name", "")
    return name if isinstance(name, str) and name.startswith("org.") else ""


def _why(error: Exception) -> str:
    """Return one short line about an error; never with a value in it.

    What a service says beside the name of an error could hold anything.
    """
    kind = type(error).__name__
    if isinstance(error, UnicodeError):
        return f"{kind}: it returned something other than text"
    text = _told(error) or (str(error).splitlines() or [""])[0]
    return f"{kind}: {text}"[:200] if text else kind
