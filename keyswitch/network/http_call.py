"""One HTTP request in stages, each with a deadline: name to answer.

No redirect is followed, since it could carry a credential to another host.
"""

from __future__ import annotations

import errno
import socket
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING, TypeVar

from keyswitch import __version__
from keyswitch.network.address import Address
from keyswitch.network.streams import (
    Certificate,
    Deadline,
    Stream,
    TlsStream,
    read_certificate,
)
from keyswitch.progress import Progress

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    Stages = list[tuple[str, str, Callable[[], str]]]

BODY_LIMIT = 64 * 1024  # bytes of an answer that are read

_SAYS_LITTLE = (errno.ENETUNREACH, errno.EADDRNOTAVAIL)  # mostly of IPv6

_T = TypeVar("_T")


class Failed(Exception):  # noqa: N818 - it says which stage, and why
    """A stage did not succeed: its name and the error."""

    def __init__(self, stage: str, error: Exception) -> None:
        super().__init__(stage)
        self.stage = stage
        self.error = error


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


class Connection:
    """The way to an address, one stage after the other.

    `trust` makes the context of TLS, once there is need of one.
    """

    def __init__(
        self,
        address: Address,
        deadline: Deadline,
        trust: Callable[[], ssl.SSLContext],
        proxy: Address | None = None,
    ) -> None:
        self.address = address
        self.deadline = deadline
        self.proxy = proxy
        self.first = proxy or address
        self.milliseconds = 0  # that the last stage took
        self._trust = trust
        self._found: list[tuple[socket.AddressFamily, tuple[object, ...]]] = []
        self._socket: socket.socket | None = None
        self._stream: Stream  # once it is connected

    @property
    def stages(self) -> Stages:
        """Name, target and work of everything that precedes a request."""
        found: Stages = [
            ("dns", self.first.host, self._resolve),
            ("tcp", self.first.host_port, self._connect),
        ]
        encrypted = self.address.scheme == "https"
        if self.proxy and (encrypted or self.first.scheme == "https"):
            found.append(("proxy", self.first.netloc, self._tunnel))
        if encrypted:
            host = self.address.host
            found.append(("tls", host, lambda: self._wrap(host)))
        return found

    def run(self, stage: str, work: Callable[[], _T]) -> _T:
        """Do one stage; raise Failed with its name if it does not succeed."""
        self.deadline.begin()
        began = time.monotonic()
        host = self.address.host_port
        try:
            with Progress(f"waiting for {host} ({stage.upper()})"):
                return work()
        except (OSError, HTTPException, ValueError) as error:
            raise Failed(stage, error) from error
        finally:
            self.milliseconds = round((time.monotonic() - began) * 1000)

    def open(self) -> None:
        """Do all stages that precede a request."""
        for name, _, work in self.stages:
            self.run(name, work)

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()

    def certificate(self) -> Certificate | None:
        """Return the certificate of the stream, checked or not."""
        if not isinstance(self._stream, TlsStream):
            return None
        data = self._stream.tls.getpeercert(binary_form=True)
        return read_certificate(data or b"")

    # --------------------------------------------------------------- stages

    def _resolve(self) -> str:
        host, port = self.first.host, self.first.port
        rows = self.deadline.within(
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
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
            self._stream = Stream(found, self.deadline)
            return str(place[0])
        errors.sort(key=lambda error: error.errno in _SAYS_LITTLE)
        raise errors[0] if errors else OSError("no address")

    def _tunnel(self) -> str:
        if self.first.scheme == "https":
            self._wrap(self.first.host)
        if self.address.scheme != "https":
            return "TLS to the proxy"
        target = self.address.host_port
        response = self._response("CONNECT", target, {"Host": target})
        if response.status // 100 != 2:
            raise ProxyRefusalError(response.status)
        return f"connects to {target}"

    def _wrap(self, host: str) -> str:
        self._stream = stream = TlsStream(self._stream, self._trust(), host)
        return stream.tls.version() or "TLS"

    def ask(
        self,
        method: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        query: str = "",
        limit: int = BODY_LIMIT,
    ) -> Reply:
        """Send one request and return the answer, cut after `limit` bytes."""
        target = (self.address.path or "/") + query
        if self.proxy is not None and self.address.scheme == "http":
            target = f"http://{self.address.netloc}{target}"
        sent = {
            "Host": self.address.netloc,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": f"keyswitch/{__version__}",
            **(headers or {}),
        }
        response = self._response(method, target, sent, body)
        found = {n.lower(): v for n, v in response.getheaders()}
        return Reply(response.status, found, response.read(limit))

    def _response(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes = b"",
    ) -> HTTPResponse:
        authorization = self.proxy and self.proxy.authorization
        if authorization and (method == "CONNECT" or "://" in target):
            headers["Proxy-Authorization"] = authorization.reveal()
        http = HTTPConnection(self.address.host, self.address.port)
        http.sock = self._stream
        http.request(method, target, body or None, headers)
        # Not getresponse, which would close the stream before it is read.
        response = HTTPResponse(self._stream, method=method)  # type: ignore[arg-type]
        response.begin()
        return response
