"""Reads recordings: those of keyswitch, and HAR files of other programs.

Anybody may have written such a file: each value has the type that it should
have, or the file is refused. What other programs recorded is redacted.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from keyswitch.disk.atomic import read_regular
from keyswitch.display import of_a_size
from keyswitch.errors import FileStateError, InputError
from keyswitch.trace.recording.har_writing import CUT
from keyswitch.trace.recording.json_values import ShapeError, Values
from keyswitch.trace.recording.last_look import cleared
from keyswitch.trace.requests import redaction
from keyswitch.trace.requests.exchange import (
    Body,
    Credential,
    Exchange,
    Likely,
    Timing,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 512 << 20  # bytes of a recording that is read
_LAST = 2e11  # seconds since 1970: the year 8307
_UNKNOWN = "not checked"  # whose a credential is
_HINT = "give a HAR file from --record or from a browser's export"
_BEFORE_SENT = ("blocked", "dns", "connect", "send")  # "ssl" is in "connect"


def read(path: str) -> list[Exchange]:
    """Return the requests of a recording, redacted."""
    try:
        return list(_exchanges(_document(path)))
    except ShapeError as e:
        raise InputError(f"{path} is not a recording: {e}", _HINT) from None


def _document(path: str) -> Any:
    try:
        data = read_regular(path, _LARGEST)
    except (FileStateError, ValueError) as e:
        if isinstance(e, ValueError):  # a NUL
            raise InputError("invalid file name", _HINT) from e
        raise InputError(e.message, e.hint) from e
    if data is None:
        raise InputError(f"no such file: {path}", _HINT)
    try:
        # HAR files may begin with a byte order mark.
        return json.loads(data.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError) as e:
        raise InputError(f"{path} is not a recording: not JSON", _HINT) from e


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _exchanges(document: Any) -> Iterator[Exchange]:
    entries = Values(document, "").inner("log", needed=True).items("entries")
    found = [(one, _exchange(one, n)) for n, one in enumerate(entries, 1)]
    scrubber = redaction.Scrubber()
    for _, one in found:  # all first: an answer may hold what is sent later
        _learn(one, scrubber)
    for entry, one in found:
        if entry.has("_keyswitch"):
            yield cleared(_own(one, entry))
        else:
            yield cleared(_redacted(one, scrubber))


def _exchange(entry: Values, number: int) -> Exchange:
    """Return what HAR says about a request, as it stands there."""
    request = entry.inner("request", needed=True)
    answer = entry.inner("response")
    content = answer.inner("content")
    return Exchange(
        number=number,
        started=_seconds(entry),
        method=request.text("method") or "GET",
        url=request.text("url"),
        way="",
        credentials=(),
        request_headers=request.pairs("headers"),
        request=_body(request.inner("postData"), request, "bodySize"),
        timing=_timing(entry.inner("timings")),
        status=answer.whole("status"),
        reason=answer.text("statusText"),
        headers=answer.pairs("headers"),
        answer=_body(content, content, "size"),
        http_version=request.text("httpVersion") or "HTTP/1.1",
    )


def _body(content: Values, sizes: Values, size: str) -> Body:
    text: str | None = content.text("text") if content.has("text") else None
    if text is not None and content.text("encoding") == "base64":
        try:
            text = base64.b64decode(text, validate=True).decode()
        except (binascii.Error, ValueError):
            text = None
    length = max(sizes.whole(size), 0)
    return Body(
        length,
        content.text("mimeType"),
        text,
        content.text("comment") == CUT,
    )


def _own(found: Exchange, entry: Values) -> Exchange:
    """Return a request with what keyswitch noted about it."""
    facts = entry.inner("_keyswitch")
    timing = facts.inner("timing")
    likely = facts.inner("likely")
    noted = facts.inner("request")
    return found._replace(
        number=facts.whole("number"),
        started=_started(facts),
        way=facts.text("way"),
        credentials=tuple(
            Credential(*(one.text(name) for name in Credential._fields))
            for one in facts.items("credentials")
        ),
        request=found.request._replace(
            mime=noted.text("mime"), cut=noted.flag("cut")
        ),
        answer=found.answer._replace(cut=facts.inner("answer").flag("cut")),
        timing=Timing(*(timing.number(name) for name in Timing._fields)),
        retry=facts.whole("retry"),
        limits=facts.couples("limits"),
        failure=facts.text("failure"),
        simulated=facts.text("simulated"),
        likely=Likely(
            likely.text("id"), likely.text("title"), likely.words("fix")
        )
        if facts.has("likely")
        else None,
    )


def _learn(found: Exchange, scrubber: redaction.Scrubber) -> None:
    """Remember the credentials of a request that nobody has masked yet."""
    for name, value in (*found.request_headers, *found.headers):
        if redaction.may_identify(name, value):
            kind = "cookie" if name.lower() == "set-cookie" else name
            for secret in redaction.credentials_in(kind, value):
                scrubber.learn(secret)
    for _, value in redaction.parameters_in(found.url):
        scrubber.learn(value)


def _redacted(found: Exchange, scrubber: redaction.Scrubber) -> Exchange:
    """Return a request of another program's recording without credentials."""
    credentials = tuple(
        Credential(name.lower(), redaction.shown(name, value), whose=_UNKNOWN)
        for name, value in found.request_headers
        if redaction.is_credential_header(name, value)
    )

    def scrubbed(body: Body) -> Body:
        text = body.text
        return body._replace(text=scrubber.scrub(text) if text else text)

    return found._replace(
        url=scrubber.scrub(redaction.shown_url(found.url)),
        credentials=credentials,
        request_headers=redaction.shown_headers(found.request_headers),
        headers=redaction.shown_headers(found.headers),
        request=scrubbed(found.request),
        answer=scrubbed(found.answer),
    )


def _seconds(entry: Values) -> float:
    text = entry.text("startedDateTime")
    if not text:
        return 0.0
    try:
        date = datetime.fromisoformat(text)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        return date.timestamp()
    except (ValueError, OverflowError):
        shown = of_a_size(text[:40])
        raise ShapeError(f"{entry.place}startedDateTime: {shown!r}") from None


def _started(facts: Values) -> float:
    seconds = facts.number("started") or 0.0
    if not 0 <= seconds < _LAST:
        raise ShapeError(f"{facts.place}started is not a time")
    return seconds


def _timing(timings: Values) -> Timing:
    def part(name: str) -> float | None:
        value = timings.number(name)
        return None if value is None or value < 0 else value / 1000

    known = [part(name) for name in _BEFORE_SENT]
    wait, receive = part("wait"), part("receive")
    sent = math.fsum(time for time in known if time is not None)
    first = None if wait is None else sent + wait
    whole = None if first is None or receive is None else first + receive
    return Timing(part("connect"), sent, first, whole)
