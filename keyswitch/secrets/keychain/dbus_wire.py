"""Just enough of D-Bus to ask the Secret Service for an item.

Own code against the rule, for one measured reason: importing jeepney takes
17 ms, twice a bare interpreter, and reading a keychain in a shell's start file
may cost four in all. Whatever is not the plain case (another transport, a big
endian peer, an unknown type) raises, and the keyring library does the work.
See dbus.freedesktop.org/doc/dbus-specification.html.
"""

from __future__ import annotations

import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_MESSAGE = 64 * 1024 * 1024  # bytes; the specification allows 128 MiB
_CALL, _RETURN, _ERROR = 1, 2, 3
_REPLY_SERIAL = 5  # header field
_MAX_VARIANTS = 8  # the specification allows 64; the Secret Service needs 1
_ALIGN = {"y": 1, "g": 1, "v": 1, "(": 8, "{": 8}  # everything else: 4


class WireError(Exception):
    """Something that this client does not do, or a peer that misbehaves."""


class Connection:
    """A connection to the session bus."""

    def __init__(self) -> None:
        # `socket` wraps this built-in and imports selectors and enum.
        import _socket

        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        self._socket.connect(_address())
        self._serial = 0
        self._buffer = b""
        uid = str(os.getuid()).encode().hex()
        self._send(f"\0AUTH EXTERNAL {uid}\r\n".encode())
        while b"\r\n" not in self._buffer:
            self._receive()
        if not self._buffer.startswith(b"OK "):
            raise WireError("not let in")
        self._buffer = b""
        self._send(b"BEGIN\r\n")
        bus = "org.freedesktop.DBus"
        self.call(bus, "/org/freedesktop/DBus", bus, "Hello", "", ())

    def call(  # noqa: PLR0913
        self,
        destination: str,
        path: str,
        interface: str,
        member: str,
        signature: str,
        body: tuple[Any, ...],
    ) -> list[Any]:
        """Call a method and return what it answers."""
        self._serial += 1
        content = Writer()
        content.many(signature, body)
        header = Writer()
        fields = [
            (1, "o", path),
            (2, "s", interface),
            (3, "s", member),
            (6, "s", destination),
        ]
        if signature:
            fields.append((8, "g", signature))
        header.many(
            "yyyyuua(yv)",
            (
                ord("l"),
                _CALL,
                0,
                1,
                len(content.data),
                self._serial,
                [(code, (sig, value)) for code, sig, value in fields],
            ),
        )
        header.pad(8)
        self._send(header.data + content.data)
        while True:
            kind, serial, reply = self._message()
            if serial == self._serial and kind == _RETURN:
                return reply
            if serial == self._serial and kind == _ERROR:
                raise WireError("the service answered with an error")

    def _message(self) -> tuple[int, int, list[Any]]:
        start = self._take(16)
        if start[:1] != b"l":
            raise WireError("not little endian")
        body_size, fields_size = struct.unpack("<4xI4xI", start)
        padded = (fields_size + 7) & ~7
        if body_size + padded > MAX_MESSAGE:
            raise WireError("too large")
        rest = self._take(padded + body_size)
        reader = Reader(start + rest[:padded])
        reader.at = 12
        (found,) = reader.many("a(yv)")
        fields = dict(found)
        body = Reader(rest[padded:]).many(fields.get(8, ""))
        return start[1], fields.get(_REPLY_SERIAL, 0), body

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def _receive(self) -> None:
        part = self._socket.recv(1 << 16)
        if not part:
            raise WireError("the bus hung up")
        self._buffer += part

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._receive()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken


def _address() -> bytes:
    """Return the session bus's socket; a leading NUL marks an abstract one."""
    text = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if not text:
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        if not os.path.isabs(runtime):  # its specification: to be ignored
            raise WireError("no session bus")
        return os.fsencode(f"{runtime}/bus")
    for address in text.split(";"):
        transport, _, options = address.partition(":")
        if transport != "unix" or "%" in options:
            continue
        for option in options.split(","):
            key, _, value = option.partition("=")
            if key == "path":
                return os.fsencode(value)
            if key == "abstract":
                return b"\0" + os.fsencode(value)
    raise WireError("another transport")


def split(signature: str) -> list[str]:
    """Split a signature into its complete types."""
    types, at = [], 0
    while at < len(signature):
        end = _end(signature, at)
        types.append(signature[at:end])
        at = end
    return types


def _end(signature: str, at: int) -> int:
    first = signature[at : at + 1]
    if first == "a":
        return _end(signature, at + 1)
    if first in ("(", "{"):
        close = ")" if first == "(" else "}"
        at += 1
        if signature[at : at + 1] == close:
            # Its values have no size, so an array of them would never end.
            raise WireError("a struct without a member")
        while signature[at : at + 1] != close:
            at = _end(signature, at)
        return at + 1
    if first not in ("y", "u", "s", "o", "g", "v"):
        raise WireError("a type that this client does not know")
    return at + 1


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise WireError("a text that is not UTF-8") from None


class Writer:
    """Marshals values, little endian."""

    def __init__(self) -> None:
        self.data = b""

    def pad(self, size: int) -> None:
        """Align the next value."""
        self.data += b"\0" * (-len(self.data) % size)

    def many(self, signature: str, values: tuple[Any, ...]) -> None:
        """Append one value for each complete type."""
        for kind, value in zip(split(signature), values, strict=True):
            self._one(kind, value)

    def _one(self, kind: str, value: Any) -> None:
        self.pad(_ALIGN.get(kind[0], 4))
        if kind == "y":
            self.data += bytes([value])
        elif kind == "u":
            self.data += struct.pack("<I", value)
        elif kind in ("s", "o"):
            text = value.encode()
            self.data += struct.pack("<I", len(text)) + text + b"\0"
        elif kind == "g":
            self.data += bytes([len(value)]) + value.encode() + b"\0"
        elif kind == "v":
            self._one("g", value[0])
            self._one(*value)
        elif kind[0] == "a":
            self._array(kind[1:], value)
        else:
            self.many(kind[1:-1], value)

    def _array(self, kind: str, values: Any) -> None:
        # The length leaves out the padding before the first element.
        at = len(self.data)
        self.data += b"\0\0\0\0"
        self.pad(_ALIGN.get(kind[0], 4))
        start = len(self.data)
        if kind == "y":
            self.data += bytes(values)
        else:
            for value in values:
                self._one(kind, value)
        size = struct.pack("<I", len(self.data) - start)
        self.data = self.data[:at] + size + self.data[at + 4 :]


class Reader:
    """Unmarshals values, little endian."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self._variants = 0  # one inside the other

    def many(self, signature: str) -> list[Any]:
        """Return one value for each complete type."""
        return [self._one(kind) for kind in split(signature)]

    def _bytes(self, size: int) -> bytes:
        part = self.data[self.at : self.at + size]
        if len(part) != size:
            raise WireError("a message is cut off")
        self.at += size
        return part

    def _one(self, kind: str) -> Any:
        align = _ALIGN.get(kind[0], 4)
        self.at += -self.at % align
        if kind == "y":
            return self._bytes(1)[0]
        if kind == "u":
            return struct.unpack("<I", self._bytes(4))[0]
        if kind in ("s", "o"):
            text = self._bytes(self._one("u"))
            self._bytes(1)
            return _text(text)
        if kind == "g":
            text = self._bytes(self._bytes(1)[0])
            self._bytes(1)
            return _text(text)
        if kind == "v":
            return self._variant()
        if kind[0] == "a":
            return self._array(kind[1:])
        return tuple(self.many(kind[1:-1]))

    def _variant(self) -> Any:
        inner = split(self._one("g"))
        self._variants += 1
        if len(inner) != 1 or self._variants > _MAX_VARIANTS:
            raise WireError("a variant of no single type, or too deep")
        value = self._one(inner[0])
        self._variants -= 1
        return value

    def _array(self, kind: str) -> Any:
        size = self._one("u")
        self.at += -self.at % _ALIGN.get(kind[0], 4)
        if kind == "y":
            return self._bytes(size)
        end = self.at + size
        values = []
        while self.at < end:
            values.append(self._one(kind))
        return values
