"""The CONNECT proxy of `--intercept`, on 127.0.0.1 with a password of this run.

A connection to a host that takes credentials ends here, in TLS with this
run's certificate of that host, and its requests are passed on one by one.
Each other connection is a tunnel: its bytes go through untouched, by the
person's own proxy where there is one.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import socket
import ssl
from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from keyswitch.errors import KeyswitchError
from keyswitch.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyswitch.trace.intercepting.authority import Authority

    ProxyFor = Callable[[str], tuple[str, Mapping[str, str]] | None]

HOST = "127.0.0.1"
USER = "keyswitch"
HEAD_LIMIT = 16 << 10  # bytes of a request to connect
HEAD_WAIT = 10.0  # seconds until it is whole
CONNECT_WAIT = 30.0
_CHUNK = 1 << 16
_TLS_HELLO = b"\x16"  # the first byte of a client that begins TLS
# In a hello: its list of protocols is HTTP/2 alone, as clients of gRPC begin.
_HTTP_2_ONLY = b"\x00\x10\x00\x05\x00\x03\x02h2"
_CONNECT = re.compile(
    r"CONNECT (\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5}) HTTP/1\.[01]", re.ASCII
)
# What a client says that does not trust this run's certificate.
_DISTRUST = ("UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN")

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _RefusedError(Exception):
    """Why a request to connect is not followed: an answer in HTTP."""


class Onward(Frozen):
    """How connections go on from here."""

    # The protocol that passes the requests for a host and port on.
    serve: Callable[[str, int], asyncio.Protocol]
    proxy_for: ProxyFor  # the person's own proxy for an address
    context: ssl.SSLContext  # how that proxy is trusted
    is_own: Callable[[asyncio.BaseTransport], bool]  # this user's process


class Intercept:
    """One run's CONNECT proxy.

    `covers` tells which hosts are looked into, `note` tells a person what is
    not seen.
    """

    def __init__(
        self,
        token: str,
        authority: Authority,
        covers: Callable[[str], bool],
        onward: Onward,
        note: Callable[[str], None],
    ) -> None:
        self.token = token
        self.authority = authority
        self.covers = covers
        self.onward = onward
        self.note = note
        self.refused = 0  # connections of somebody else
        self.tunnels: set[str] = set()  # hosts that passed through untouched
        self._distrusted: set[str] = set()
        self._said: set[str] = set()
        self._connections: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server

    async def start(self) -> str:
        """Listen; return the address that the command gets as its proxy."""
        self._listener = await asyncio.start_server(
            self._accept, HOST, 0, limit=HEAD_LIMIT
        )
        port = self._listener.sockets[0].getsockname()[1]
        return f"http://{USER}:{self.token}@{HOST}:{port}"

    async def stop(self) -> None:
        """Listen no more, and cut what is still connected."""
        self._listener.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            await self._follow(reader, writer)
        except _RefusedError as refusal:
            with suppress(OSError):
                writer.write(f"HTTP/1.1 {refusal}\r\n".encode("latin-1"))
                writer.write(b"Content-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
        except (OSError, EOFError):
            writer.transport.abort()
        finally:
            writer.close()

    async def _follow(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await _head(reader)
        host, port = self._asked(head, writer)
        if not self.covers(host) or host in self._distrusted:
            outer = await self._outward(host, port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await _join((reader, writer), outer, b"")
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        first = await reader.read(_CHUNK)
        if first.startswith(_TLS_HELLO) and _HTTP_2_ONLY not in first:
            await self._look_into(host, port, (reader, writer), first)
        elif first:
            try:
                outer = await self._outward(host, port)
            except _RefusedError as e:
                raise ConnectionError from e  # it is connected already
            await _join((reader, writer), outer, first)

    def _asked(
        self, head: list[str], writer: asyncio.StreamWriter
    ) -> tuple[str, int]:
        """Return where to connect to, if it is the command that asks."""
        given = [
            line.partition(":")[2].strip()
            for line in head[1:]
            if line.lower().startswith("proxy-authorization:")
        ]
        pair = b64encode(f"{USER}:{self.token}".encode()).decode()
        known = len(given) == 1 and hmac.compare_digest(
            given[0].encode("latin-1"), f"Basic {pair}".encode()
        )
        if not known or not self.onward.is_own(writer.transport):
            self.refused += 1
            raise _RefusedError(
                "407 Proxy Authentication Required\r\n"
                'Proxy-Authenticate: Basic realm="keyswitch trace"'
            )
        match = _CONNECT.match(head[0])
        if match is None or int(match[2]) > 0xFFFF:
            raise _RefusedError("501 Only CONNECT HOST:PORT Is Known Here")
        return match[1].strip("[]").lower(), int(match[2])

    async def _look_into(
        self, host: str, port: int, client: _Streams, first: bytes
    ) -> None:
        """End a connection's TLS here, and serve its requests."""
        context = await asyncio.to_thread(self.authority.context, host)
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        serving = asyncio.create_task(
            loop.connect_accepted_socket(
                lambda: self.onward.serve(host, port), ours, ssl=context
            )
        )
        try:
            inner = await asyncio.open_connection(sock=theirs)
            await _join(client, inner, first)
        finally:
            try:
                await serving
            except (OSError, ssl.SSLError) as error:
                self._not_trusted(host, str(error))

    def _not_trusted(self, host: str, error: str) -> None:
        reason = error.upper().replace(" ", "_")
        if any(word in reason for word in _DISTRUST):
            self._distrusted.add(host)
            self._note_once(
                f"a program does not trust trace's certificate for {host}: its "
                "next connections there pass through untouched and are not "
                "shown"
            )

    def _note_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self.note(text)

    async def _outward(self, host: str, port: int) -> _Streams:
        """Connect to a host, by the person's own proxy where there is one."""
        shown = f"[{host}]" if ":" in host else host
        self.tunnels.add(host)
        try:
            async with asyncio.timeout(CONNECT_WAIT):
                found = self.onward.proxy_for(f"https://{shown}:{port}")
                if found is None:
                    return await asyncio.open_connection(host, port)
                return await self._through(f"{shown}:{port}", *found)
        except (OSError, EOFError, ValueError, KeyswitchError) as e:
            self._note_once(f"cannot reach {host}: {e or type(e).__name__}")
            raise _RefusedError("502 Bad Gateway") from e

    async def _through(
        self, place: str, proxy: str, headers: Mapping[str, str]
    ) -> _Streams:
        """Ask the person's own proxy to connect to a place."""
        parts = urlsplit(proxy)
        secure = parts.scheme == "https"
        reader, writer = await asyncio.open_connection(
            parts.hostname,
            parts.port or (443 if secure else 80),
            ssl=self.onward.context if secure else None,
            limit=HEAD_LIMIT,
        )
        lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        head = await _head(reader)
        status = head[0].split(" ")[1:2]
        if not status or not status[0].startswith("2"):
            writer.close()
            said = head[0].partition(" ")[2] or "502 Bad Gateway"
            self._note_once(f"the upstream proxy refuses {place}: {said}")
            raise _RefusedError(said)
        return reader, writer


async def _head(reader: asyncio.StreamReader) -> list[str]:
    """Return the lines of a request or an answer until the empty one."""
    try:
        async with asyncio.timeout(HEAD_WAIT):
            data = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as e:
        raise _RefusedError("431 Request Header Fields Too Large") from e
    except TimeoutError as e:
        raise _RefusedError("408 Request Timeout") from e
    return data.decode("latin-1").split("\r\n")


async def _join(client: _Streams, service: _Streams, first: bytes) -> None:
    """Pass bytes both ways until both ends have closed.

    One end may close before the other: what comes after still passes.
    """
    service[1].write(first)
    ways = [
        asyncio.create_task(_pass(client[0], service[1])),
        asyncio.create_task(_pass(service[0], client[1])),
    ]
    try:
        await asyncio.gather(*ways)
    except OSError:  # cut: both ends see that
        for _, writer in (client, service):
            writer.transport.abort()
    finally:
        for way in ways:
            way.cancel()
        service[1].close()


async def _pass(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    else:
        writer.close()
