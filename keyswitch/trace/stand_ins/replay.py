"""Answers from a recording, in the services' place.

A request gets what was answered to its method, path and query, in the order
of the recording; at the end the last answer again. Another host is fine:
a recording is replayed wherever a client's address leads.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from keyswitch.trace.requests import redaction
from keyswitch.trace.stand_ins.stand_in import Canned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyswitch.trace.requests.exchange import Exchange
    from keyswitch.trace.stand_ins.stand_in import Incoming

_LABEL = "replay"
# Of the connection and the coding that were recorded: the recording holds
# text. A masked cookie is worth nothing.
_DROPPED = frozenset(
    (
        "connection", "content-encoding", "content-length", "keep-alive",
        "proxy-connection", "set-cookie", "trailer", "transfer-encoding",
        "upgrade",
    )
)  # fmt: skip
_FIRST, _LAST = 200, 599  # statuses that end a request


class Replay:
    """Knows what was answered, and how far each kind of request has come."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._of_address: dict[tuple[str, str], list[Exchange]] = {}
        self._of_path: dict[tuple[str, str], list[Exchange]] = {}
        self._given: dict[tuple[str, str], int] = {}
        for one in exchanges:
            if _FIRST <= one.status <= _LAST:
                self._of_address.setdefault((one.method, one.url), []).append(
                    one
                )
                self._of_path.setdefault((one.method, one.path), []).append(one)

    def answer(self, asked: Incoming) -> Canned:
        """Return the next recorded answer, or an error that says why not."""
        url = redaction.shown_url(asked.url)  # as it was recorded
        key = (asked.method, url)
        path = _path(url)
        found = self._of_address.get(key) or self._of_path.get(
            (asked.method, path)
        )
        if not found:
            return _refusal(
                f"the recording has no answer for {asked.method} {path}"
            )
        number = self._given.get(key, 0)
        self._given[key] = number + 1
        return _canned(found[min(number, len(found) - 1)])


def _canned(one: Exchange) -> Canned:
    body = one.answer
    if body.cut or (body.size and body.text is None):
        return _refusal(
            f"the recording does not contain the whole answer to {one.method} "
            f"{one.path}"
        )
    return Canned(
        one.status,
        one.reason if one.reason.isprintable() else "",
        tuple(
            (name, value)
            for name, value in one.headers
            if name.lower() not in _DROPPED and _is_sendable(name, value)
        ),
        (body.text or "").encode("utf-8", "replace"),
        _LABEL,
    )


def _is_sendable(name: str, value: str) -> bool:
    """Tell whether a header is one: anybody can write a recording."""
    return (
        name.isascii()
        and name.replace("-", "").replace("_", "").isalnum()
        and value.isprintable()
    )


def _refusal(message: str) -> Canned:
    """Return an answer that any client shows, and that none asks for again."""
    message = f"keyswitch trace --replay: {message}"
    error = {"type": "not_recorded", "message": message}
    document = {"type": "error", "error": error, "message": message}
    headers = (
        ("content-type", "application/json"),
        ("x-should-retry", "false"),
    )
    return Canned(
        502, "Bad Gateway", headers, json.dumps(document).encode(), _LABEL
    )


def _path(url: str) -> str:
    rest = url.partition("://")[2]
    slash = rest.find("/")
    return rest[slash:] if slash >= 0 else "/"
