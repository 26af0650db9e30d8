"""Just enough of D-Bus to ask the Secret Service for an item.

Own code against the rule, for one measured reason: with jeepney a read from a
real gnome-keyring takes 6 to 8 ms more, nearly a bare interpreter, and reading
a keychain in a shell's start file may cost four in all, of which it takes three
and a half (docs/project/decisions.md). Whatever is not the plain case (another
transport, a big endian peer, an unknown type) raises, and the keyring library
does the work.
See dbus.freedesktop.org/doc/dbus-specification.html.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_MESSAGE = 64 * 1024 * 1024  # bytes; the specification allows 128 MiB
_CALL, _RETURN, _ERROR = 1, 2, 3
_REPLY_SERIAL, _SIGNATURE = 5, 8  # header fields
_MAX_VARIANTS = 8  # the specification allows 64; the Secret Service needs 1
_ALIGN = {"y": 1, "g": 1, "v": 1, "(": 8, "{": 8}  # everything else: 4


class WireError(Exception):
    """Something that this client does not do, or a peer that misbehaves."""


class BusConnection:
    """A connection to the session bus."""

    def __init__(self) -> None:
        # `socket` wraps this built-in and imports selectors and enum.
        import _socket

        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        self._socket.connect(_address())
        self._serial = 0
        self._buffer = b""
        uid = str(os.getuid()).encode().hex()
        self._socket.sendall(f"\0AUTH EXTERNAL {uid}\r\n".encode())
        while b"\r\n" not in self._buffer:
            self._receive()
        if not self._buffer.startswith(b"OK "):
            raise WireError("access denied")
        self._buffer = b""
        self._socket.sendall(b"BEGIN\r\n")
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
        content = append(b"", f"({signature})", body)
        fields = [
            (1, ("o", path)),
            (2, ("s", interface)),
            (3, ("s", member)),
            (6, ("s", destination)),
        ]
        if signature:
            fields.append((_SIGNATURE, ("g", signature)))
        size = len(content)
        start = (ord("l"), _CALL, 0, 1, size, self._serial, fields)
        header = append(b"", "(yyyyuua(yv))", start)
        header += b"\0" * (-len(header) % 8)
        self._socket.sendall(header + content)
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
        body_size = int.from_bytes(start[4:8], "little")
        fields_size = int.from_bytes(start[12:], "little")
        padded = (fields_size + 7) & ~7
        if body_size + padded > MAX_MESSAGE:
            raise WireError("too large")
        rest = self._take(padded + body_size)
        reader = Reader(start + rest[:padded])
        reader.at = 12
        (found,) = reader.many("a(yv)")
        fields = dict(found)
        body = Reader(rest[padded:]).many(fields.get(_SIGNATURE, ""))
        return start[1], fields.get(_REPLY_SERIAL, 0), body

    def _receive(self) -> None:
        part = self._socket.recv(1 << 16)
        if not part:
            raise WireError("the bus closed the connection")
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
    raise WireError("unsupported transport")


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
        raise WireError("an unknown type")
    return at + 1


def append(data: bytes, kind: str, value: Any) -> bytes:
    """Return a message's bytes with one value more, little endian."""
    data += b"\0" * (-len(data) % _ALIGN.get(kind[0], 4))
    if kind == "y":
        return data + bytes([value])
    if kind == "u":
        return data + _number(value)
    if kind in ("s", "o", "g"):
        text: bytes = value.encode()
        size = bytes([len(text)]) if kind == "g" else _number(len(text))
        return data + size + text + b"\0"
    if kind == "v":
        return append(append(data, "g", value[0]), *value)
    if kind[0] == "a":
        return _append_array(data, kind[1:], value)
    for part, one in zip(split(kind[1:-1]), value, strict=True):
        data = append(data, part, one)
    return data


def _append_array(data: bytes, kind: str, values: Any) -> bytes:
    # The length leaves out the padding before the first element.
    start = len(data) + 4
    whole = data + bytes(4 + -start % _ALIGN.get(kind[0], 4))
    first = len(whole)
    if kind == "y":
        whole += values
    else:
        for value in values:
            whole = append(whole, kind, value)
    return data + _number(len(whole) - first) + whole[start:]


def _number(value: int) -> bytes:
    return value.to_bytes(4, "little")


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
            raise WireError("a truncated message")
        self.at += size
        return part

    def _text(self, size: int) -> str:
        """Return a text of this size; a NUL follows it."""
        try:
            return self._bytes(size + 1)[:-1].decode()
        except UnicodeDecodeError:
            raise WireError("text that is not UTF-8") from None

    def _one(self, kind: str) -> Any:
        self.at += -self.at % _ALIGN.get(kind[0], 4)
        if kind == "y":
            return self._bytes(1)[0]
        if kind == "u":
            return int.from_bytes(self._bytes(4), "little")
        if kind in ("s", "o"):
            return self._text(self._one("u"))
        if kind == "g":
            return self._text(self._bytes(1)[0])
        if kind == "v":
            return self._variant()
        if kind[0] == "a":
            return self._array(kind[1:])
        return tuple(self.many(kind[1:-1]))

    def _variant(self) -> Any:
        inner = split(self._one("g"))
        self._variants += 1
        if len(inner) != 1 or self._variants > _MAX_VARIANTS:
            raise WireError(
                "a variant without a single type, or nested too deeply"
            )
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
