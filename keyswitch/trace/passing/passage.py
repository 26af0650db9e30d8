"""One request on its way through: what passes is counted, and reported.

A `Passage` is the record while things happen; `Watcher` turns it into an
`Exchange` when it is over, and knows what earlier requests were.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from keyswitch.profiles import clock
from keyswitch.trace.passing.packed import unpacker
from keyswitch.trace.requests import redaction
from keyswitch.trace.requests.exchange import (
    Body,
    Credential,
    Exchange,
    Timing,
)
from keyswitch.trace.stand_ins.stand_in import Incoming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiohttp import web
    from yarl import URL

    from keyswitch.trace.passing.packed import Unpack
    from keyswitch.trace.requests.naming import Naming

ERROR_LIMIT = 1 << 16  # bytes of an error's body that are looked at
TAIL = 1 << 12  # bytes of an event that may name an error
_STREAM = "text/event-stream"
_LIMITS = ("anthropic-ratelimit-", "x-ratelimit-", "x-codex-", "retry-after")
_CODING = "content-encoding"
_TEXTS = ("text/", "json", "xml", "javascript", "form-urlencoded")


class Route:
    """Where requests of one base URL go, and whose API that is."""

    def __init__(
        self,
        name: str,
        upstream: str,
        family: str,
        besides: tuple[str, str] = ("", ""),
    ) -> None:
        self.name = name  # the last part of the address that clients get
        self.upstream = upstream.rstrip("/")
        self.family = family
        self._besides = besides

    def url(self, path: str) -> str:
        """Return where a request really goes."""
        start, upstream = self._besides
        if start and path.startswith(start):
            return upstream + path
        return self.upstream + path


class Watcher:
    """Numbers requests, names their credentials, and hands on what it saw.

    `keep`: bytes of each answer's text that are kept, `keep_requests` the
    same of requests. `tell` is called with each request when it is over.
    """

    def __init__(
        self,
        naming: Naming,
        tell: Callable[[Exchange], None],
        *,
        keep: int = 0,
        keep_requests: int = 0,
    ) -> None:
        self.naming = naming
        self.tell = tell
        self.keep = keep
        self.keep_requests = keep_requests
        self.scrubber = redaction.Scrubber()
        self.began = time.monotonic()
        self.number = 0
        self._failed: dict[tuple[str, str, str], int] = {}

    def credentials(
        self, headers: list[tuple[str, str]], url: str
    ) -> tuple[Credential, ...]:
        """Return whose credentials a request has; no body will show them."""
        for name, value in headers:
            if redaction.may_identify(name, value):
                for one in redaction.credentials_in(name, value):
                    self.scrubber.learn(one)
        return self.naming.of_request(headers, url)

    def retries(self, key: tuple[str, str, str], *, failed: bool) -> int:
        """Return how often this request failed before; count this time."""
        before = self._failed.get(key, 0)
        if failed:
            self._failed[key] = before + 1
        else:
            self._failed.pop(key, None)
        return before


class Passage:
    """What is known of a request that is under way."""

    def __init__(
        self,
        watcher: Watcher,
        request: web.BaseRequest,
        route: Route,
        path: str,
        way: str,
    ) -> None:
        watcher.number += 1
        self.watcher = watcher
        self.number = watcher.number
        self.route = route
        self.way = way
        self.method = request.method
        self.http_version = f"HTTP/{request.version[0]}.{request.version[1]}"
        self.url = route.url(path)
        # All of it, where it is needed before anything passes: a signature
        # covers it, and what stands in decides by it.
        self.body: bytes | None = None
        host = self.url.partition("://")[2].partition("/")[0].partition("?")[0]
        self.headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request.raw_headers
        ]
        if way == "base-url":  # it named this proxy
            self.headers = [
                (n, host if n.lower() == "host" else v) for n, v in self.headers
            ]
        self.failure = self.simulated = self.reason = ""
        self.status = 0
        self.answer_headers: list[tuple[str, str]] = []
        self.sent_size = self.answer_size = 0
        self._began = time.monotonic()
        self._started = clock.now()
        self._connecting: float | None = None
        self._connect: float | None = None
        self._sent: float | None = None
        self._first: float | None = None
        self._digest = hashlib.sha256()
        self._request_text = bytearray()
        self._answer_text = bytearray()
        self._event = b""  # an error inside a stream of events
        self._unpack: Unpack | None = None

    # --------------------------------------------------------- what happens

    def passes_on(self) -> None:
        """Note that the service is asked now."""
        if self.sent_size == 0:
            self._sent = self._now()

    def connects(self) -> None:
        """Note that a connection is being made."""
        self._connecting = self._now()

    def has_connected(self) -> None:
        """Note that it is there."""
        self._connect = self._now() - (self._connecting or 0)

    def sends(self, chunk: bytes) -> None:
        """Count a part of the request's body."""
        self.sent_size += len(chunk)
        self._digest.update(chunk)
        room = self.watcher.keep_requests - len(self._request_text)
        self._request_text += chunk[: max(room, 0)]

    def has_sent(self) -> None:
        """Note that the whole request has passed."""
        self._sent = self._now()

    def answered(
        self, status: int, reason: str, headers: Iterable[tuple[str, str]]
    ) -> None:
        """Take over the head of the answer."""
        self.status, self.reason = status, reason
        self.answer_headers = list(headers)
        self._first = self._now()
        self._unpack = unpacker(_header(self.answer_headers, _CODING))

    def received(self, chunk: bytes) -> None:
        """Count a part of the answer."""
        self.answer_size += len(chunk)
        limit = max(self.watcher.keep, ERROR_LIMIT * (self.status >= 400))
        room = limit - len(self._answer_text)
        is_stream = _STREAM in _header(self.answer_headers, "content-type")
        if self._unpack is None or not (room > 0 or is_stream):
            return
        text = self._unpack(chunk)
        self._answer_text += text[: max(room, 0)]
        at = text.find(b"event: error") if is_stream else -1
        if at >= 0 and not self._event:
            self._event = text[at : at + TAIL]

    def over(self) -> None:
        """Report the request, which is over, well or not."""
        self.watcher.tell(self._exchange())

    # --------------------------------------------------- what is asked of it

    @property
    def target(self) -> URL:
        """The address as aiohttp takes it, with its escapes as they are."""
        from yarl import URL  # aiohttp's own

        return URL(self.url, encoded=True)

    @property
    def is_signed(self) -> bool:
        """Tell whether a signature names this proxy's address as the host."""
        return self.way == "base-url" and any(
            name.lower() == "authorization" and redaction.is_signature(value)
            for name, value in self.headers
        )

    def header(self, name: str) -> str:
        """Return the value of a request's header, or ""."""
        return _header(self.headers, name)

    def asked(self) -> Incoming:
        """Return what a stand-in decides by."""
        return Incoming(
            self.number,
            time.monotonic() - self.watcher.began,
            self.method,
            self.url,
            tuple(self.headers),
            self.route.family,
            self.body or b"",
        )

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _exchange(self) -> Exchange:
        watcher = self.watcher
        credentials = watcher.credentials(self.headers, self.url)
        error = self._error_text()
        failed = self.status >= 400 or bool(self.failure)
        key = (self.method, self.url, self._digest.hexdigest())
        retries = watcher.retries(key, failed=failed)
        timing = Timing(self._connect, self._sent, self._first, self._now())
        return Exchange(
            number=self.number,
            started=self._started,
            method=self.method,
            url=redaction.shown_url(self.url),
            way=self.way,
            credentials=credentials,
            request_headers=redaction.shown_headers(self.headers),
            request=self._body(
                self.headers, self._request_text, self.sent_size,
                watcher.keep_requests,
            ),
            timing=timing,
            status=self.status,
            reason=self.reason,
            headers=redaction.shown_headers(self.answer_headers),
            answer=self._body(
                self.answer_headers, self._answer_text, self.answer_size,
                watcher.keep,
            ),
            http_version=self.http_version,
            retry=max(retries, self._stated_retries()),
            limits=tuple(
                (name.lower(), value)
                for name, value in self.answer_headers
                if name.lower().startswith(_LIMITS)
            ),
            failure=self.failure,
            simulated=self.simulated,
            likely=watcher.naming.likely(error, credentials) if error else None,
        )  # fmt: skip

    def _stated_retries(self) -> int:
        """Return what the SDKs of Anthropic and OpenAI say of themselves."""
        value = _header(self.headers, "x-stainless-retry-count")
        return int(value) if value.isdecimal() and len(value) < 4 else 0

    def _error_text(self) -> str:
        if self._event:
            return self._event.decode("utf-8", "replace")
        if self.status < 400:
            return ""
        kind = _header(self.answer_headers, "x-amzn-errortype")
        text = self._answer_text.decode("utf-8", "replace")
        return f"API Error: {self.status} {kind} {text}"

    def _body(
        self,
        headers: list[tuple[str, str]],
        data: bytearray,
        size: int,
        limit: int,
    ) -> Body:
        mime = _header(headers, "content-type")
        if not limit or not any(kind in mime for kind in _TEXTS):
            return Body(size, mime)
        raw = data[:limit].decode("utf-8", "replace")
        text = self.watcher.scrubber.scrub(raw)
        return Body(size, mime, text, len(data) >= limit)


def _header(headers: Iterable[tuple[str, str]], name: str) -> str:
    return next((v for n, v in headers if n.lower() == name), "")
