"""Writes a recording, entry by entry: it is whole after each of them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from keyswitch import __version__
from keyswitch.disk.atomic import unusable, write_all
from keyswitch.disk.opening import open_flags
from keyswitch.errors import InputError
from keyswitch.trace.recording.last_look import cleared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyswitch.trace.requests.exchange import Body, Exchange, Timing

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | open_flags()
_NEW |= getattr(os, "O_BINARY", 0)  # Windows: places in the file are bytes
_END = b"\n]}}\n"
CUT = "not all of it was recorded"


class Recording:
    """A new file, for its owner only, to which requests are added.

    An entry goes over the closing brackets and brings them again, in one
    write: a kill at any time leaves a whole file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = _made(path)
        creator = {"name": "keyswitch", "version": __version__}
        log = json.dumps({"version": "1.2", "creator": creator})
        start = f'{{"log": {log[:-1]}, "entries": ['.encode()
        self._end = len(start)  # where the closing brackets are
        self._is_empty = True
        self._write(start + _END, 0)

    def add(self, exchange: Exchange) -> None:
        """Add a request."""
        comma = b"\n" if self._is_empty else b",\n"
        entry = comma + json.dumps(_entry(cleared(exchange))).encode()
        try:
            self._write(entry + _END, self._end)
        except OSError as e:  # a full disk: as it was before
            os.ftruncate(self._descriptor, self._end)
            self._write(_END, self._end)
            raise unusable(self._path, e) from e
        self._end += len(entry)
        self._is_empty = False

    def close(self) -> None:
        """Add nothing more; a second time is fine."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, data: bytes, at: int) -> None:
        os.lseek(self._descriptor, at, os.SEEK_SET)
        write_all(self._descriptor, data)


def _made(path: str) -> int:
    try:
        descriptor = os.open(path, _NEW, 0o600)
    except FileExistsError:
        raise InputError(
            f"{path} already exists", "choose another name for the recording"
        ) from None
    except FileNotFoundError:
        raise InputError(
            f"the folder for {path} does not exist",
            "create it, or choose another name",
        ) from None
    except (OSError, ValueError) as e:
        if isinstance(e, ValueError):  # a NUL
            raise InputError("invalid file name", "choose another one") from e
        raise unusable(path, e) from e
    if os.name == "posix":
        os.fchmod(descriptor, 0o600)  # a umask may take what the owner needs
    return descriptor


def _entry(one: Exchange) -> dict[str, Any]:
    timings = _timings(one.timing)
    kept = (time for time in timings.values() if time >= 0)
    return {
        "startedDateTime": _date(one.started),
        "time": round(sum(kept), 3),
        "request": _request(one),
        "response": _response(one),
        "cache": {},
        "timings": timings,
        "_keyswitch": {
            **{name: getattr(one, name) for name in FACTS},
            "credentials": [c._asdict() for c in one.credentials],
            "timing": one.timing._asdict(),
            "request": {"mime": one.request.mime, "cut": one.request.cut},
            "answer": {"cut": one.answer.cut},
            "likely": one.likely and one.likely._asdict(),
        },
    }


# What HAR has no place for, or none that is exact.
FACTS = (
    "number", "started", "way", "retry", "limits", "failure", "simulated",
)  # fmt: skip


def _request(one: Exchange) -> dict[str, Any]:
    query = one.url.partition("#")[0].partition("?")[2]
    found = {
        "method": one.method,
        "url": one.url,
        "httpVersion": one.http_version,
        "cookies": [],
        "headers": _pairs(one.request_headers),
        "queryString": _pairs(parse_qsl(query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": one.request.size,
    }
    if one.request.text is not None:
        found["postData"] = _text(one.request)
    return found


def _response(one: Exchange) -> dict[str, Any]:
    content: dict[str, Any] = {"size": one.answer.size}
    content |= _text(one.answer)
    return {
        "status": one.status,
        "statusText": one.reason,
        "httpVersion": one.http_version,
        "cookies": [],
        "headers": _pairs(one.headers),
        "content": content,
        "redirectURL": next(
            (v for name, v in one.headers if name.lower() == "location"), ""
        ),
        "headersSize": -1,
        "bodySize": one.answer.size,
    }


def _text(body: Body) -> dict[str, str]:
    found = {"mimeType": body.mime}
    if body.text is not None:
        found["text"] = body.text
    if body.cut:
        found["comment"] = CUT
    return found


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(
        timespec="milliseconds"
    )


def _timings(timing: Timing) -> dict[str, float]:
    """Return milliseconds; HAR has no -1 for send, wait and receive."""
    at = timing.connect or 0.0
    found = {"blocked": -1.0, "dns": -1.0, "ssl": -1.0, "connect": -1.0}
    if timing.connect is not None:
        found["connect"] = round(timing.connect * 1000, 3)
    for name, end in (
        ("send", timing.sent),
        ("wait", timing.first_byte),
        ("receive", timing.whole),
    ):
        found[name] = 0.0
        if end is not None:
            found[name] = round(max(0.0, end - at) * 1000, 3)
            at = max(at, end)
    return found
