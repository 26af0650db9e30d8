"""How services are asked: nothing is added, followed or kept. Needs aiohttp."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp

from keyswitch.errors import KeyswitchError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from keyswitch.trace.passing.passage import Passage

    Answering = AbstractAsyncContextManager[aiohttp.ClientResponse]

CONNECT_WAIT = 30.0  # seconds for a connection to a service
HEAD_LIMIT = 1 << 20  # bytes of a header, and of an address

# Of one connection only, not of the request.
HOP_BY_HOP = frozenset(
    (
        "connection", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    )
)  # fmt: skip


class Outward:
    """How services are reached: whom TLS trusts, and the proxy on the way.

    `sign` returns a request's headers, signed anew where that is needed.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        proxy_for: Callable[[str], tuple[str, Mapping[str, str]] | None],
        sign: Callable[[str, str, Passage], list[tuple[str, str]]],
    ) -> None:
        self.context = context
        self.proxy_for = proxy_for
        self.sign = sign
        self._session: aiohttp.ClientSession

    def open(self) -> None:
        """Get ready; an event loop has to run."""
        self._session = _session(self.context)

    async def close(self) -> None:
        """Hang up everywhere."""
        await self._session.close()

    async def ask(
        self, passage: Passage, body: bytes | AsyncIterator[bytes] | None
    ) -> Answering:
        """Pass a request on; the answer's head is awaited by the caller."""
        found = self.proxy_for(passage.url)
        proxy, theirs = found or (None, None)
        headers = passage.headers
        if passage.is_signed:
            headers = await asyncio.to_thread(
                self.sign, passage.method, passage.url, passage
            )
        passage.passes_on()
        return self._session.request(
            passage.method,
            passage.target,
            headers=_outgoing(headers),
            data=body,
            allow_redirects=False,
            proxy=proxy,
            proxy_headers=theirs,
            trace_request_ctx=passage,
        )


def _outgoing(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in headers
        if name.lower() not in HOP_BY_HOP and name.lower() != "expect"
    ]


def why_none(error: Exception) -> str:
    """Return why a service gave no answer."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"the service's certificate is not trusted: {error.os_error}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the service closed the connection"
    if isinstance(error, KeyswitchError):  # such as a proxy of another kind
        return f"{error.message}; {error.hint}"
    if isinstance(error, (aiohttp.ClientError, OSError, ValueError)):
        return str(error) or type(error).__name__
    return f"this is a bug in keyswitch: {type(error).__name__}"


def _session(context: ssl.SSLContext) -> aiohttp.ClientSession:
    """Return what asks services: it adds, follows and keeps nothing."""
    config = aiohttp.TraceConfig()

    async def begin(_: object, context: object, __: object) -> None:
        context.trace_request_ctx.connects()  # type: ignore[attr-defined]

    async def end(_: object, context: object, __: object) -> None:
        context.trace_request_ctx.has_connected()  # type: ignore[attr-defined]

    config.on_connection_create_start.append(begin)
    config.on_connection_create_end.append(end)
    return aiohttp.ClientSession(
        auto_decompress=False,
        connector=aiohttp.TCPConnector(limit=0, ssl=context),
        cookie_jar=aiohttp.DummyCookieJar(),
        max_field_size=HEAD_LIMIT,
        max_line_size=HEAD_LIMIT,
        read_bufsize=1 << 18,
        requote_redirect_url=False,
        skip_auto_headers=(
            "Accept",
            "Accept-Encoding",
            "Content-Type",
            "User-Agent",
        ),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_WAIT),
        trace_configs=[config],
    )
