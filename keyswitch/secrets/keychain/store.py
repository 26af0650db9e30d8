"""The system keychain as a secret store.

Items are written once under a new opaque name, read back and compared, and
never overwritten: some keychains delete before they add, some ask. Every call
has a deadline. What went wrong comes out as one of a few typed errors.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from typing import Any

from keyswitch.errors import LockedError, StoreError
from keyswitch.model import Frozen
from keyswitch.profiles.paths import Paths
from keyswitch.secret import Secret
from keyswitch.secrets.keychain import worker
from keyswitch.secrets.keychain.items import (
    SHORT,
    bound,
    decode,
    default_deadline,
    is_silent,
    item_name,
    not_ours,
    not_there,
    note_silence,
    silent,
)

# Windows keeps at most 2,560 bytes of UTF-16 in one item.
CHUNK = 1000  # characters
_CHUNKED = "chunks:"
_DIGITS = 4  # of the number of parts; no secret needs so many

_TITLES = {
    "secret-service": "Secret Service",
    "kwallet": "KWallet",
    "macos": "macOS keychain",
    "windows": "Windows credential vault",
}


class Availability(Frozen):
    """Whether a keychain can be used, and what was found on the way."""

    ok: bool
    backend: str = ""
    locked: bool = False
    absent: bool = False  # there is none at all
    tried: tuple[tuple[str, str], ...] = ()  # (title, why not)

    @property
    def title(self) -> str:
        """The name by which people know the backend."""
        return _TITLES.get(self.backend, self.backend)


def candidates() -> tuple[str, ...]:
    """Return this system's backends of the allow-list, best first."""
    if sys.platform == "darwin":
        return ("macos",)
    if sys.platform == "win32":
        return ("windows",)
    return ("secret-service", "kwallet")


class KeychainStore:
    """The keychain of this login session."""

    def __init__(
        self, *, backend: str = "", deadline: float | None = None
    ) -> None:
        self._backend = backend
        self.deadline = deadline or default_deadline()

    def probe(self) -> Availability:
        """Find out what there is, without asking anybody anything.

        The next one is looked at only where there is none of the one before:
        one that is locked or does not answer is not passed over.
        """
        tried: list[tuple[str, str]] = []
        is_there = False
        for name in (self._backend,) if self._backend else candidates():
            answer = self._call("probe", name, SHORT)
            if answer.get("ok"):
                return Availability(
                    ok=True,
                    backend=name,
                    locked=bool(answer.get("locked")),
                    tried=tuple(tried),
                )
            tried.append((_TITLES[name], _reason(answer)))
            if answer.get("error") != "absent":
                locked = answer.get("error") == "locked"
                return Availability(ok=False, locked=locked, tried=tuple(tried))
            is_there = is_there or bool(answer.get("there"))
        return Availability(ok=False, absent=not is_there, tried=tuple(tried))

    def get(self, item: str, generation: int) -> Secret:
        """Return a value."""
        name = item_name(item, generation)
        text = self._read(name)
        if text.startswith(_CHUNKED):
            parts = [self._read(part) for part in part_names(name, text)]
            text = joined(text, parts)
        return Secret(decode(text, name))

    def put(self, item: str, generation: int, value: Secret) -> None:
        """Write a new item, read it back and compare."""
        name = item_name(item, generation)
        for part, text in encode(name, value.reveal(), self.require()):
            self._checked("put", part, text)

    def delete(self, item: str, generation: int) -> None:
        """Remove an item; one that is gone already is fine."""
        name = item_name(item, generation)
        names = [name]
        if self.require() == "windows":
            text = self._checked("get", name) or ""
            names = [*part_names(name, text), name]
        for part in names:
            self._checked("delete", part)

    def _read(self, name: str) -> str:
        text = self._checked("get", name)
        if text is None:
            raise not_there()
        return str(text)

    def require(self) -> str:
        """Return the backend, or raise where the keychain cannot be used now.

        The first one that can be used stays it.
        """
        if not self._backend:
            found = self.probe()
            if not found.ok:
                raise _unavailable(found)
            self._backend = found.backend
        return self._backend

    def _checked(self, op: str, name: str, value: str = "") -> Any:
        """Return the value of an answer, or raise what went wrong."""
        backend = self.require()
        answer = self._call(op, backend, self.deadline, name, value)
        if not answer.get("ok"):
            raise _error(_TITLES[backend], answer, self.deadline)
        return answer.get("value")

    def _call(
        self,
        op: str,
        backend: str,
        deadline: float,
        name: str = "",
        value: str = "",
    ) -> dict[str, Any]:
        """Return the answer of a worker, see `calls.perform`."""
        if is_silent():
            return {"error": "silent", "why": "it did not answer earlier"}
        call = {"op": op, "backend": backend, "name": name, "value": value}
        asks = self.deadline > SHORT
        request = json.dumps({**call, "asks": asks}).encode()
        try:
            if sys.platform == "linux":
                from keyswitch.secrets.keychain.calls import perform

                answer = worker.start(perform, request, deadline)()
            else:
                answer = worker.in_interpreter(request, deadline)
        except worker.DeadlineError:
            note_silence()
            return {"error": "silent", "why": f"no answer in {deadline:g} s"}
        except worker.DiedError:
            return {
                "error": "failed",
                "why": "the call ended without an answer",
            }
        found: dict[str, Any] = json.loads(answer)
        if found.get("error") == "silent":
            note_silence()
        return found


def _reason(answer: dict[str, Any]) -> str:
    why = str(answer.get("why", "")) or str(answer.get("error"))
    return why.partition(": ")[2] or why


def _error(
    title: str, answer: dict[str, Any], deadline: float
) -> StoreError | LockedError:
    """Return the typed error of a failed call."""
    kind = answer.get("error")
    if kind == "locked":
        return LockedError(
            f"the keychain is locked ({title})",
            "unlock it on your desktop; without a desktop, use the vault: "
            "keyswitch vault init",
        )
    if kind == "denied":
        return LockedError(
            f"the keychain ({title}) denied access",
            "allow it there, or use the vault: keyswitch vault init",
        )
    if kind == "silent":
        return silent(title, deadline)
    if kind == "absent":
        return StoreError(
            f"no usable keychain ({title}: {_reason(answer)})",
            "use the encrypted vault: keyswitch vault init",
        )
    return StoreError(
        f"the keychain ({title}) failed: {_reason(answer)}",
        "try again; if that does not help, use the vault: keyswitch vault init",
    )


def _unavailable(found: Availability) -> StoreError | LockedError:
    tried = "; ".join(f"{title}: {why}" for title, why in found.tried)
    if found.locked:
        return LockedError(
            f"the keychain is locked ({tried})",
            "unlock it on your desktop",
        )
    return StoreError(
        f"no usable keychain ({tried})",
        "use the encrypted vault: keyswitch vault init",
    )


# --- what is written -------------------------------------------------------


def encode(name: str, value: str, backend: str) -> list[tuple[str, str]]:
    """Return the items for a value, the main one last.

    Base64 keeps every keychain from interpreting a value. Where an item's
    size is limited, the main one lists the parts and a digest of the whole.
    """
    text = bound(base64.urlsafe_b64encode(value.encode()).decode(), name)
    if backend != "windows" or len(text) <= CHUNK:
        return [(name, text)]
    parts = [text[i : i + CHUNK] for i in range(0, len(text), CHUNK)]
    digest = hashlib.sha256(text.encode()).hexdigest()
    named = [(f"{name}#{n}", part) for n, part in enumerate(parts)]
    return [*named, (name, f"{_CHUNKED}{len(parts)}:{digest}")]


def part_names(name: str, text: str) -> list[str]:
    """Return the names of a main item's parts."""
    if not text.startswith(_CHUNKED):
        return []
    count = text.split(":")[1]
    known = count.isascii() and count.isdigit() and len(count) <= _DIGITS
    return [f"{name}#{n}" for n in range(int(count) if known else 0)]


def joined(main: str, parts: list[str]) -> str:
    """Return the whole text of a value that was split."""
    text = "".join(parts)
    if hashlib.sha256(text.encode()).hexdigest() != main.rpartition(":")[2]:
        raise not_ours()
    return text


def open_keychain(paths: Paths, deadline: float | None = None) -> KeychainStore:
    """Return the keychain with the person's settings."""
    from keyswitch.profiles.settings import load

    settings = load(paths)
    return KeychainStore(
        backend=settings.keychain_backend,
        deadline=deadline or settings.keychain_deadline or None,
    )
