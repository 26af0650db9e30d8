"""Bytes to and from the network, every wait with an end, in TLS or not.

A TLS stream lies over any other one, since a proxy can be spoken to in TLS
and be passed through in TLS again.
"""

from __future__ import annotations

import io
import ssl
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import datetime as dt
    import socket
    from collections.abc import Callable


_CHUNK = 16384

_T = TypeVar("_T")


class Deadline:
    """When a call has to be over, and each stage of it."""

    def __init__(self, whole: float, stage: float | None = None) -> None:
        self._whole = time.monotonic() + whole
        self._stage = stage
        self._until = self._whole

    def begin(self) -> None:
        """Start the clock of the next stage."""
        if self._stage is not None:
            self._until = min(self._whole, time.monotonic() + self._stage)

    def left(self) -> float:
        """Return the seconds that are left; raise TimeoutError if none."""
        seconds = self._until - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def within(self, work: Callable[[], _T]) -> _T:
        """Return what `work` returns, or raise TimeoutError.

        For what has no deadline of its own: asking for a name's addresses.
        """
        done: list[_T] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                done.append(work())
            except BaseException as error:  # noqa: BLE001 - raised below
                errors.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(self.left())
        if errors:
            raise errors[0]
        if not done:
            raise TimeoutError
        return done[0]


class Stream(io.RawIOBase):
    """A socket whose every wait ends at the deadline.

    It has what http.client uses of a socket.
    """

    def __init__(self, found: socket.socket, deadline: Deadline) -> None:
        self._socket = found
        self._deadline = deadline

    def recv(self, size: int) -> bytes:
        """Return what came, at most `size` bytes; b"" at the end."""
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv(size)

    def sendall(self, data: bytes) -> None:
        """Send everything."""
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return a file to read from."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer with what came."""
        data = self.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Do nothing: http.client closes a file, and more is to be read."""


class TlsStream(Stream):
    """TLS inside another stream; the handshake is made at once."""

    def __init__(
        self, outer: Stream, context: ssl.SSLContext, host: str
    ) -> None:
        self._outer = outer
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=host
        )
        try:
            self._answered(self.tls.do_handshake)
        finally:
            self._flush()  # also the alert that tells the server why not

    def recv(self, size: int) -> bytes:
        """Return what came, at most `size` bytes; b"" at the end."""
        try:
            return self._answered(lambda: self.tls.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def sendall(self, data: bytes) -> None:
        """Send everything."""
        while data:
            data = data[self.tls.write(data) :]
            self._flush()

    def _answered(self, work: Callable[[], _T]) -> _T:
        """Return what `work` returns once the server sent what it needs."""
        while True:
            try:
                return work()
            except ssl.SSLWantReadError:
                self._flush()
                data = self._outer.recv(_CHUNK)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            self._outer.sendall(data)


def usual() -> ssl.SSLContext:
    """Return a context that trusts what this machine's programs trust.

    The launcher leaves `site` out. Packages that add a company's authorities
    to every program of an environment do so in its `.pth` files.
    """
    if "site" not in sys.modules:
        import site

        site.main()
    context = ssl.create_default_context()
    # Newer Pythons refuse authorities of companies that other programs take.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def trusting(authorities: str) -> ssl.SSLContext:
    """Return a context that trusts these certificates (PEM) and no others."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authorities)
    return context


def blind() -> ssl.SSLContext:
    """Return a context to look at a certificate with; nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server's certificate says about itself."""

    issuer: str
    names: tuple[str, ...]
    begins: dt.datetime
    ends: dt.datetime


def read_certificate(data: bytes) -> Certificate | None:
    """Return what a certificate says, or None if it cannot be read."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        found = x509.load_der_x509_certificate(data)
        issuer = [
            str(attribute.value)
            for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
            for attribute in found.issuer.get_attributes_for_oid(oid)
        ]
        names = [
            name
            for extension in found.extensions
            if isinstance(extension.value, x509.SubjectAlternativeName)
            for name in extension.value.get_values_for_type(x509.DNSName)
        ]
        return Certificate(
            ", ".join(dict.fromkeys(issuer)),
            tuple(names),
            found.not_valid_before_utc,
            found.not_valid_after_utc,
        )
    except (ValueError, x509.DuplicateExtension):
        return None
