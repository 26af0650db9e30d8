"""Addresses of HTTP: a text taken apart, without what may be a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.model import Frozen
from keyswitch.secret import Secret

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from keyswitch.targets.verdict import Source

LOCAL = ("localhost", "127.0.0.1", "::1")
PORTS = {"http": 80, "https": 443}


class Address(Frozen):
    """A URL. What of it can hold a secret is left out, or a `Secret`."""

    scheme: str
    host: str
    port: int
    path: str = ""  # without a slash at its end
    source: Source | None = None  # what sets it; None: the provider's own
    authorization: Secret | None = None  # what a proxy is told of who asks

    @property
    def netloc(self) -> str:
        """The host, with its port where that is not the usual one."""
        return self.host_port.removesuffix(f":{PORTS[self.scheme]}")

    @property
    def host_port(self) -> str:
        """The host, always with its port."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"{name}:{self.port}"

    @property
    def url(self) -> str:
        """The address as text."""
        return f"{self.scheme}://{self.netloc}{self.path}"

    def at(self, path: str) -> Address:
        """Return the address of a path below this one."""
        return self._replace(path=self.path + path)


def split(url: str) -> SplitResult | None:
    """Return the parts of a URL with a host; None where it is no such."""
    # Half a millisecond that most commands need not pay.
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.hostname else None


def http_url(url: str) -> SplitResult | None:
    """Return the parts of an http or https address; None: it is none."""
    parts = split(url)
    try:
        known = parts and parts.scheme in PORTS and parts.port != 0
    except ValueError:
        return None  # what stands in a port's place may be a password
    return parts if known else None


def address_of(text: str) -> Address | None:
    """Return the address that a URL names, without user and query."""
    from urllib.parse import quote

    parts = http_url(text)
    host = parts.hostname or "" if parts else ""
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except ValueError:
        host = ""
    if not parts or not host or not all("!" <= c <= "~" for c in host):
        return None
    path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~-._")
    port = parts.port or PORTS[parts.scheme]
    return Address(parts.scheme, host, port, path)


def authorization(url: str) -> Secret | None:
    """Return what a proxy is told of who asks, as its URL says."""
    from base64 import b64encode
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return Secret(f"Basic {b64encode(pair.encode()).decode()}")
