"""The errors of each service, as it really sends them.

They are data, in `answers/*.toml`, a file for each family of services:

    hosts       its hosts, as patterns, for requests whose family is not known
    calls       a pattern of the paths that get errors; without it all
    headers     of all its answers
    id, mime    how its request ids begin; its content type if it is not JSON
    ["429"]     an error: status, further headers, and `body` or `events`
    ["429 login"]    the same for a Claude login's token, `bearer` for any token

`events` is what an event of a stream says, `event` its name; with `exception`
it is one of AWS's streams. Who asked for no stream gets the error 529 instead.
Places to fill in: $id, $uuid, and times.
"""

from __future__ import annotations

import binascii
import http
import json
import os
import re
import secrets
import struct
import time
import tomllib
import uuid
from functools import cache
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from keyswitch.profiles import clock
from keyswitch.trace.stand_ins.stand_in import Canned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.trace.stand_ins.stand_in import Incoming

_FOLDER = os.path.join(os.path.dirname(__file__), "answers")
_SHARED = "shared"
_IMITATED = "openai"  # by a service that has no file
_ANY = ".*"
_STREAM = re.compile(rb'(?<!\\)"stream"\s*:\s*true')
_LOGIN = "sk-ant-oat"  # how the tokens of Claude logins begin
_HOUR = 3600
_REASONS = {529: "Overloaded"}  # of statuses that no standard knows
_ID = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@cache
def _files() -> Mapping[str, Mapping[str, Any]]:
    found = {}
    for name in sorted(os.listdir(_FOLDER)):
        with open(os.path.join(_FOLDER, name), "rb") as file:
            found[name.removesuffix(".toml")] = tomllib.load(file)
    return found


def kinds() -> set[str]:
    """Return the names of all errors."""
    return {
        key.split()[0]
        for file in _files().values()
        for key, value in file.items()
        if isinstance(value, dict) and "status" in value
    }


def family_of(asked: Incoming) -> str:
    """Return whose API a request is for; "" for one that is no API's call."""
    files = _files()
    try:
        address = urlsplit(asked.url)
        host = address.hostname or ""
    except ValueError:
        return ""
    family = asked.family
    if family not in files:
        of_hosts = (
            name
            for name, file in files.items()
            if any(re.fullmatch(h, host) for h in file.get("hosts", ()))
        )
        family = next(of_hosts, _IMITATED if family else "")
    if not family or not re.search(
        files[family].get("calls", _ANY), address.path
    ):
        return ""
    return family


def error_of(kind: str, family: str, asked: Incoming) -> Canned:
    """Return a service's error of a kind, for this request."""
    given = {name.lower(): value for name, value in asked.headers}
    if family == "aws" and "json" in given.get("content-type", ""):
        family = "bedrock"
    file, shared = _files()[family], _files()[_SHARED]
    names = [f"{kind} {one}" for one in _tokens(given)] + [kind]
    entry = next((file[n] for n in names if n in file), shared.get(kind))
    if entry is None or ("events" in entry and not _wants_stream(asked)):
        entry = file["529"]
    words = _words(file.get("id", "req_"))
    own = entry is not shared.get(kind)
    headers = {
        "content-type": _mime(entry, file if own else {}),
        **(file.get("headers", {}) if own else {}),
        **entry.get("headers", {}),
    }
    body = Template(_body(entry)).safe_substitute(words).encode()
    if "exception" in entry:
        body = _aws_exception(entry["exception"], body)
    status = entry["status"]
    return Canned(
        status,
        _REASONS.get(status) or http.HTTPStatus(status).phrase,
        tuple(
            (name, Template(value).safe_substitute(words))
            for name, value in headers.items()
        ),
        body,
        kind,
    )


def _tokens(headers: Mapping[str, str]) -> list[str]:
    """Return what a request's bearer token is, the narrower name first.

    None beside a key: Claude Code sends what a helper prints as both.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or "x-api-key" in headers:
        return []
    return ["login"] * token.startswith(_LOGIN) + ["bearer"]


def _wants_stream(asked: Incoming) -> bool:
    """Tell whether a request's path or body asks for a stream."""
    packed = any(n.lower() == "content-encoding" for n, _ in asked.headers)
    path = asked.url.partition("?")[0].lower()
    return packed or "stream" in path or bool(_STREAM.search(asked.body))


def _mime(entry: Mapping[str, Any], file: Mapping[str, Any]) -> str:
    if "exception" in entry:
        return "application/vnd.amazon.eventstream"
    if "events" in entry:
        return "text/event-stream; charset=utf-8"
    mime = entry.get("mime") or file.get("mime") or "application/json"
    return str(mime)


def _body(entry: Mapping[str, Any]) -> str:
    if "events" not in entry or "exception" in entry:
        return str(entry.get("body") or entry["events"])
    says = entry["events"]
    name = entry.get("event", json.loads(says).get("type"))
    return (f"event: {name}\n" if name else "") + f"data: {says}\n\n"


def _words(prefix: str) -> dict[str, str]:
    now = int(clock.now())
    soon = time.gmtime(now + 5)
    return {
        "id": prefix + "".join(secrets.choice(_ID) for _ in range(20)),
        "uuid": str(uuid.uuid4()),
        "soon": time.strftime("%Y-%m-%dT%H:%M:%SZ", soon),
        "in_an_hour": str(now + _HOUR),
        "in_days": str(now + 72 * _HOUR),
    }


def _aws_exception(kind: str, payload: bytes) -> bytes:
    """Return a message of AWS's event streams that says what went wrong.

    https://smithy.io/2.0/aws/amazon-eventstream.html
    """
    headers = b"".join(
        struct.pack(">B", len(name)) + name
        + struct.pack(">BH", 7, len(value)) + value
        for name, value in (
            (b":exception-type", kind.encode()),
            (b":content-type", b"application/json"),
            (b":message-type", b"exception"),
        )
    )  # fmt: skip
    total = 16 + len(headers) + len(payload)
    frame = struct.pack(">II", total, len(headers))
    frame += struct.pack(">I", binascii.crc32(frame)) + headers + payload
    return frame + struct.pack(">I", binascii.crc32(frame))
