"""One HTTP request in stages, each with a deadline: name to answer.

No redirect is followed, since it could carry a credential to another host.
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass, field
from http.client import BadStatusLine, HTTPException, HTTPResponse
from typing import TYPE_CHECKING, TypeVar

from keyswitch import __version__
from keyswitch.diagnosis.online import tls
from keyswitch.diagnosis.online.endpoints import proxy_for
from keyswitch.diagnosis.online.streams import (
    Reader,
    SocketStream,
    TlsStream,
    within,
)
from keyswitch.errors import InputError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from keyswitch.diagnosis.online.endpoints import Address
    from keyswitch.diagnosis.online.streams import Deadline, Stream
    from keyswitch.diagnosis.resolver.scene import Scene

    Found = tuple[socket.AddressFamily, tuple[object, ...]]

BODY_LIMIT = 64 * 1024  # bytes of an answer that are read

_HEAD_LIMIT = 64 * 1024

_T = TypeVar("_T")


class Failed(Exception):  # noqa: N818 - it says which stage, and why
    """A stage did not succeed: its name and the error."""

    def __init__(
        self, stage: str, error: Exception, connection: Connection
    ) -> None:
        super().__init__(stage)
        self.stage = stage
        self.error = error
        self.connection = connection


class ProxyRefusalError(OSError):
    """A proxy does not let a connection through."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service answered. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    milliseconds: int = 0


class Connection:
    """The way to an address, one stage after the other."""

    def __init__(
        self,
        scene: Scene,
        address: Address,
        deadline: Deadline,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.scene = scene
        self.address = address
        self.deadline = deadline
        self.proxy = proxy_for(scene, address)
        self.first = self.proxy.address if self.proxy else address
        self.seconds = 0.0  # that the last stage took
        self._context = context
        self._found: list[Found] = []
        self._socket: socket.socket | None = None
        self._stream: Stream | None = None

    @property
    def stages(self) -> list[tuple[str, str, Callable[[], str]]]:
        """Name, target and work of everything that precedes a request."""
        found: list[tuple[str, str, Callable[[], str]]] = [
            ("dns", self.first.host, self._resolve),
            ("tcp", self.first.host_port, self._connect),
        ]
        encrypted = self.address.scheme == "https"
        if self.proxy and (encrypted or self.first.scheme == "https"):
            found.append(("proxy", self.first.netloc, self._tunnel))
        if encrypted:
            found.append(("tls", self.address.host, self._encrypt))
        return found

    def run(self, stage: str, work: Callable[[], _T]) -> _T:
        """Do one stage; raise Failed with its name if it does not succeed."""
        self.deadline.begin()
        began = time.monotonic()
        try:
            return work()
        except (OSError, HTTPException, ValueError) as error:
            raise Failed(stage, error, self) from error
        finally:
            self.seconds = time.monotonic() - began

    def open(self) -> None:
        """Do all stages that precede a request."""
        for name, _, work in self.stages:
            self.run(name, work)

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()

    def certificate(self) -> tls.Certificate | None:
        """Return the certificate of the stream, checked or not."""
        if isinstance(self._stream, TlsStream):
            return tls.read_certificate(self._stream.certificate())
        return None

    # --------------------------------------------------------------- stages

    def _resolve(self) -> str:
        host, port = self.first.host, self.first.port
        rows = within(
            self.deadline.left(),
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM),
        )
        self._found = [(row[0], row[4]) for row in rows]
        shown = dict.fromkeys(str(place[0]) for _, place in self._found)
        return ", ".join(list(shown)[:3])

    def _connect(self) -> str:
        errors: list[OSError] = []
        for number, (family, place) in enumerate(self._found):
            found = socket.socket(family, socket.SOCK_STREAM)
            # One address that does not answer leaves time for the others.
            share = self.deadline.left() / (len(self._found) - number)
            found.settimeout(share)
            try:
                found.connect(place)
            except OSError as error:
                found.close()
                errors.append(error)
                continue
            self._socket = found
            self._stream = SocketStream(found, self.deadline)
            return str(place[0])
        # A missing route, mostly of IPv6, tells the least.
        errors.sort(key=_says_little)
        raise errors[0] if errors else OSError("no address")

    def _tunnel(self) -> str:
        stream = self._open_stream()
        if self.first.scheme == "https":
            stream = TlsStream(stream, self._trusted(), self.first.host)
        self._stream = stream
        if self.address.scheme != "https":
            return "TLS to the proxy"
        target = self.address.host_port
        self._send([f"CONNECT {target} HTTP/1.1", f"Host: {target}"], {})
        status = _status(_head(stream))
        if status // 100 != 2:
            raise ProxyRefusalError(status)
        return f"lets {target} through"

    def _encrypt(self) -> str:
        stream = TlsStream(
            self._open_stream(), self._trusted(), self.address.host
        )
        self._stream = stream
        return stream.version

    def ask(
        self,
        method: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        query: str = "",
    ) -> Reply:
        """Send one request and return the answer."""
        target = (self.address.path or "/") + query
        through = self.proxy is not None and self.address.scheme == "http"
        if through:
            target = f"http://{self.address.netloc}{target}"
        self._send(
            [f"{method} {target} HTTP/1.1", f"Host: {self.address.netloc}"],
            {
                "Accept": "*/*",
                "Accept-Encoding": "identity",
                "Connection": "close",
                "User-Agent": f"keyswitch/{__version__}",
                **({"Content-Length": str(len(body))} if body else {}),
                **(headers or {}),
            },
            body,
            to_proxy=through,
        )
        reader = Reader(self._open_stream())
        response = HTTPResponse(reader, method=method)  # type: ignore[arg-type]
        response.begin()
        found = {n.lower(): v for n, v in response.getheaders()}
        return Reply(response.status, found, response.read(BODY_LIMIT))

    def _send(
        self,
        lines: list[str],
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        to_proxy: bool = True,
    ) -> None:
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if to_proxy and self.proxy and self.proxy.authorization:
            word = self.proxy.authorization.reveal()
            lines.append(f"Proxy-Authorization: {word}")
        head = "\r\n".join([*lines, "", ""])
        self._open_stream().sendall(head.encode("latin-1") + body)

    def _open_stream(self) -> Stream:
        if self._stream is None:
            raise ConnectionError("not connected")
        return self._stream

    def _trusted(self) -> ssl.SSLContext:
        return self._context or tls.trust(self.scene)


def call(
    connection: Connection,
    method: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    query: str = "",
) -> Reply:
    """Do all stages and one request; hang up. Raises Failed."""
    for name, value in headers.items():
        if not _fits(value):
            raise InputError(
                f"it has a character that cannot stand in {name.lower()}",
                "give it again, without the character",
            )
    began = time.monotonic()
    try:
        connection.open()
        reply = connection.run(
            "http", lambda: connection.ask(method, headers, body, query)
        )
    finally:
        connection.close()
    taken = round((time.monotonic() - began) * 1000)
    return Reply(reply.status, reply.headers, reply.body, taken)


def _says_little(error: OSError) -> bool:
    import errno

    return error.errno in (errno.ENETUNREACH, errno.EADDRNOTAVAIL)


def _head(stream: Stream) -> bytes:
    """Return an answer's head and nothing that comes after it."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        piece = stream.recv(1)
        if not piece:
            raise ConnectionResetError("closed")
        data += piece
        if len(data) > _HEAD_LIMIT:
            raise BadStatusLine("too long")
    return data


def _status(head: bytes) -> int:
    found = re.match(rb"HTTP/1\.[01] (\d{3})\b", head)
    if found is None:
        raise BadStatusLine("not HTTP")
    return int(found[1])


def _fits(value: str) -> bool:
    return all(
        " " <= c <= "~" or c == "\t" or "\x80" <= c <= "\xff" for c in value
    )
