"""Requests as lines: for a person, and as JSON for programs."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.trace.requests.exchange import (
        Credential,
        Exchange,
        Likely,
        Timing,
    )

HEAD = "time  status  request  account  first byte/whole  sent/received"
_INDENT = " " * 9  # below the time
_LONGEST_PATH = 48  # characters
_NOBODY = "no credential"
_UNITS = ("B", "kB", "MB", "GB")


class PersonLines:
    """Writes lines for a person; what is as before is not said again."""

    def __init__(self) -> None:
        self._shown: tuple[Credential, ...] | None = None
        self._explained: Likely | None = None

    def of(self, exchange: Exchange) -> Iterator[str]:
        """Yield the lines of one request."""
        if self._shown is None:
            yield HEAD
            self._shown = ()
        yield _first(exchange)
        if exchange.credentials != self._shown:
            self._shown = exchange.credentials
            for one in exchange.credentials:
                identity = f" ({one.identity})" if one.identity else ""
                said = f"{one.header} {one.masked}{identity}: {one.whose}"
                yield _INDENT + said
        if exchange.failure:
            yield f"{_INDENT}{exchange.failure}"
        if exchange.likely is not None and exchange.likely != self._explained:
            yield f"{_INDENT}cause: {exchange.likely.title}"
            for step in exchange.likely.fix[:1]:
                yield f"{_INDENT}to do: {step}"
        self._explained = exchange.likely
        if exchange.status == 429:
            for name, value in exchange.limits:
                yield f"{_INDENT}{name}: {value}"


def _first(exchange: Exchange) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(exchange.started))
    path = exchange.path.partition("?")[0]  # JSON and recordings have all
    if len(path) > _LONGEST_PATH:
        path = f"{path[: _LONGEST_PATH - 1]}…"
    sizes = exchange.request.size, exchange.answer.size
    parts = [
        f"{clock} {exchange.status or '---'}",
        f"{exchange.method} {exchange.host}{path}",
        accounts_of(exchange),
        _times(exchange.timing),
        "/".join(map(size, sizes)),
    ]
    if exchange.retry:
        parts.append(f"retry {exchange.retry}")
    if exchange.simulated:
        parts.append(f"simulated {exchange.simulated}")
    return "  ".join(parts)


def accounts_of(exchange: Exchange) -> str:
    """Return whose credentials a request carries, in few words."""
    names = [c.profile or c.whose for c in exchange.credentials]
    return " + ".join(dict.fromkeys(names)) or _NOBODY


def summary(totals: Totals) -> str:
    """Return a run in one line."""
    if not totals.count:
        return (
            "no request seen: the command sent none, or only to hosts that no "
            "base URL covers (see --intercept)"
        )
    requests = "1 request" if totals.count == 1 else f"{totals.count} requests"
    parts = [requests]
    if totals.errors:
        parts.append(errors_of(totals))
    parts.append(f"{size(totals.sent)} sent, {size(totals.received)} received")
    if totals.accounts:
        shown = (f"{name} {count}" for name, count in totals.accounts.items())
        parts.append(f"accounts: {', '.join(shown)}")
    return "; ".join(parts)


def errors_of(totals: Totals) -> str:
    """Return how many requests failed; "": none."""
    return f"{totals.errors} with an error" if totals.errors else ""


class Totals:
    """What all requests of a run come to."""

    def __init__(self) -> None:
        self.count = self.errors = self.sent = self.received = 0
        self.accounts: dict[str, int] = {}

    def add(self, exchange: Exchange) -> None:
        """Count one request."""
        self.count += 1
        self.errors += exchange.status >= 400 or bool(exchange.failure)
        self.sent += exchange.request.size
        self.received += exchange.answer.size
        name = accounts_of(exchange)
        self.accounts[name] = self.accounts.get(name, 0) + 1


def size(count: int) -> str:
    """Return a number of bytes in a unit that suits it."""
    value = float(count)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            digits = 0 if unit == "B" or value >= 10 else 1
            return f"{value:.{digits}f} {unit}"
        value /= 1000
    raise AssertionError  # the last unit takes every number


def _times(timing: Timing) -> str:
    """Return when the answer began and ended: "8/314 ms", "-/2.0 s"."""
    ends = timing.first_byte, timing.whole
    if (timing.whole or 0) >= 1:
        return _pair([f"{t:.1f}" for t in ends if t is not None], "s")
    shown = [f"{t * 1000:.0f}" for t in ends if t is not None]
    return _pair(shown, "ms")


def _pair(shown: list[str], unit: str) -> str:
    return f"{'/'.join(['-'] * (2 - len(shown)) + shown)} {unit}"


def document(exchange: Exchange) -> dict[str, Any]:
    """Return one request for `--json`; times in milliseconds, null: never."""
    timing, likely = exchange.timing, exchange.likely
    started = datetime.fromtimestamp(exchange.started, UTC)
    return {
        "version": 1,
        "number": exchange.number,
        "time": started.isoformat(timespec="milliseconds"),
        "method": exchange.method,
        "host": exchange.host,
        "path": exchange.path,
        "way": exchange.way,
        "status": exchange.status or None,
        "connect_ms": _milliseconds(timing.connect),
        "first_byte_ms": _milliseconds(timing.first_byte),
        "whole_ms": _milliseconds(timing.whole),
        "sent_bytes": exchange.request.size,
        "received_bytes": exchange.answer.size,
        "credentials": [
            {
                "header": one.header,
                "masked": one.masked,
                "profile": one.profile or None,
                "whose": one.whose,
                "identity": one.identity or None,
            }
            for one in exchange.credentials
        ],
        "retry": exchange.retry,
        "rate_limits": dict(exchange.limits),
        "failure": exchange.failure or None,
        "simulated": exchange.simulated or None,
        "cause": likely
        and {
            "id": likely.id,
            "title": likely.title,
            "fix": list(likely.fix),
        },
    }


def json_line(exchange: Exchange) -> str:
    """Return the same as one line of text."""
    return json.dumps(document(exchange))


def _milliseconds(value: float | None) -> float | None:
    return None if value is None else round(value * 1000, 1)
