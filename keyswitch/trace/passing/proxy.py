"""The loopback reverse proxy: passes requests on, and reports each of them.

It listens on 127.0.0.1 and answers only requests whose path begins with the
random token of this run, whose Host is its own address (a page in a browser
cannot have both), and that come from a process of this user. Headers and
bodies pass as they are, each part as soon as it comes. Needs aiohttp.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aiohttp import web

from keyswitch.trace.passing import peer
from keyswitch.trace.passing.outward import HEAD_LIMIT, HOP_BY_HOP, why_none
from keyswitch.trace.passing.passage import Passage, Route
from keyswitch.trace.stand_ins.stand_in import Canned, Disturbance

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from keyswitch.trace.passing.outward import Outward
    from keyswitch.trace.passing.passage import Watcher
    from keyswitch.trace.stand_ins.stand_in import StandIn

HOST = "127.0.0.1"
# What aiohttp adds where a service sent none.
_ADDED = ("Date", "Server", "Content-Type")


class _Relayed(web.StreamResponse):
    """An answer without headers that the service did not send."""

    async def _prepare_headers(self) -> None:
        given = {name for name in _ADDED if name in self.headers}
        await super()._prepare_headers()
        for name in _ADDED:
            if name not in given:
                self.headers.popall(name, None)


class Proxy:
    """One run's proxy. `watcher` is told of each request when it is over."""

    def __init__(
        self,
        token: str,
        outward: Outward,
        watcher: Watcher,
        stand_in: StandIn | None = None,
    ) -> None:
        self.token = token
        self.outward = outward
        self.watcher = watcher
        self.stand_in = stand_in
        self.routes: dict[str, Route] = {}
        self.port = 0
        self.refused = 0  # requests of somebody else
        self._peers: WeakKeyDictionary[asyncio.BaseTransport, bool]
        self._peers = WeakKeyDictionary()
        self._server: web.Server
        self._listener: asyncio.Server

    async def start(self) -> None:
        """Listen, on a port that the system chooses."""
        self.outward.open()
        self._server = self.protocols(self._own_address)
        self.watcher.began = time.monotonic()
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._server, HOST, 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more; requests that are under way are cut."""
        self._listener.close()
        await self._server.shutdown(0.1)
        await self.outward.close()

    def add(self, route: Route) -> str:
        """Return the address that clients use in place of a service's."""
        self.routes[route.name] = route
        return f"http://{HOST}:{self.port}/{self.token}/{route.name}"

    @staticmethod
    def protocols(
        handler: Callable[[web.BaseRequest], object],
    ) -> web.Server:
        """Return what makes the protocol of each connection."""
        return web.Server(
            handler,  # type: ignore[arg-type]
            handler_cancellation=True,
            access_log=None,
            auto_decompress=False,
            max_line_size=HEAD_LIMIT,
            max_field_size=HEAD_LIMIT,
        )

    def intercepted(self, host: str, port: int) -> asyncio.Protocol:
        """Return a protocol that passes a host's requests on to that host."""
        place = host if port == 443 else f"{host}:{port}"
        route = Route("", f"https://{place}", "")

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            path = request.raw_path
            return await self._pass_on(request, route, path, "intercepted")

        return self.protocols(handle)()

    async def _own_address(
        self, request: web.BaseRequest
    ) -> web.StreamResponse:
        token, slash, rest = request.raw_path[1:].partition("/")
        name, _, _ = rest.partition("/")
        name, mark, query = name.partition("?")
        route = self.routes.get(name)
        transport = request.transport
        allowed = (
            hmac.compare_digest(token.encode(), self.token.encode())
            and bool(slash)
            and request.headers.getall("Host", []) == [f"{HOST}:{self.port}"]
            and transport is not None
            and self._is_own(transport)
        )
        if not allowed or route is None:
            self.refused += 1
            return web.Response(status=404)
        path = rest[len(name) :] if not mark else f"?{query}"
        return await self._pass_on(request, route, path, "base-url")

    def _is_own(self, transport: asyncio.BaseTransport) -> bool:
        """Tell whether a connection is this user's; looked up once each."""
        if transport not in self._peers:
            self._peers[transport] = peer.is_own(transport)
        return self._peers[transport]

    async def _pass_on(
        self, request: web.BaseRequest, route: Route, path: str, way: str
    ) -> web.StreamResponse:
        passage = Passage(self.watcher, request, route, path, way)
        try:
            if "upgrade" in request.headers.get("Connection", "").lower():
                return await self._refuse_upgrade(request, passage)
            stand_in = self.stand_in
            if stand_in is not None or passage.is_signed:
                parts = [part async for part in self._body(request, passage)]
                passage.body = b"".join(parts)
            effect = stand_in.answer(passage.asked()) if stand_in else None
            if isinstance(effect, Canned):
                return await self._answer(request, passage, effect)
            return await self._exchange(request, passage, effect)
        except asyncio.CancelledError:
            passage.failure = (
                passage.failure or "the client closed the connection"
            )
            raise
        except Exception as error:  # noqa: BLE001 - others go on
            # As if there were no proxy: the client sees a broken connection.
            passage.failure = passage.failure or why_none(error)
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=502)
        finally:
            passage.over()

    async def _refuse_upgrade(
        self, request: web.BaseRequest, passage: Passage
    ) -> web.StreamResponse:
        """Refuse a websocket, so that the client falls back to requests."""
        canned = Canned(
            426,
            "Upgrade Required",
            (("Content-Length", "0"),),
            b"",
            "no websockets",
        )
        return await self._answer(request, passage, canned)

    async def _answer(
        self, request: web.BaseRequest, passage: Passage, canned: Canned
    ) -> web.StreamResponse:
        """Answer in the service's place."""
        if passage.body is None:
            async for _ in self._body(request, passage):
                pass
        passage.simulated = canned.label
        response = _Relayed(status=canned.status, reason=canned.reason)
        for name, value in canned.headers:
            response.headers.add(name, value)
        response.headers["Content-Length"] = str(len(canned.body))
        passage.answered(canned.status, canned.reason, canned.headers)
        await response.prepare(request)
        passage.received(canned.body)
        if request.method != "HEAD":
            await response.write(canned.body)
        await response.write_eof()
        return response

    async def _exchange(
        self,
        request: web.BaseRequest,
        passage: Passage,
        effect: Disturbance | None,
    ) -> web.StreamResponse:
        """Ask the service, and pass its answer on as it comes."""
        body: bytes | AsyncIterator[bytes] | None = passage.body or None
        if passage.body is None and request.body_exists:
            body = self._body(request, passage)
        elif request.headers.get("Content-Length") == "0":
            body = b""  # or aiohttp would leave that header out
        async with await self.outward.ask(passage, body) as answer:
            headers = [
                (n.decode("latin-1"), v.decode("latin-1"))
                for n, v in answer.raw_headers
            ]
            reason = answer.reason or ""
            passage.answered(answer.status, reason, headers)
            if effect is not None:
                passage.simulated = effect.label
                await asyncio.sleep(effect.wait)
            response = _Relayed(status=answer.status, reason=reason)
            for name, value in headers:
                if name.lower() not in HOP_BY_HOP:
                    response.headers.add(name, value)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                passage.received(chunk)
                await _write(response, chunk, effect, passage)
            await response.write_eof()
            return response

    async def _body(
        self, request: web.BaseRequest, passage: Passage
    ) -> AsyncIterator[bytes]:
        waits = request.headers.get("Expect", "").lower() == "100-continue"
        if waits and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async for chunk in request.content.iter_any():
            passage.sends(chunk)
            yield chunk
        passage.has_sent()


async def _write(
    response: web.StreamResponse,
    chunk: bytes,
    effect: Disturbance | None,
    passage: Passage,
) -> None:
    """Pass a part of an answer on, or what of it comes before a cut."""
    if effect is None or not 0 <= effect.cut_after <= passage.answer_size:
        await response.write(chunk)
        return
    before = passage.answer_size - len(chunk)
    await response.write(chunk[: max(effect.cut_after - before, 0)])
    raise ConnectionResetError("cut, as simulated")
