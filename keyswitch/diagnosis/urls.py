"""Addresses: what host they name, and what may be shown of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from urllib.parse import SplitResult

LOCAL = ("localhost", "127.0.0.1", "::1")
ANTHROPIC_DOMAINS = ("anthropic.com", "claude.ai", "claude.com")


def _split(url: str) -> SplitResult | None:
    """Return the parts of a URL with a host; None where it is no such."""
    # Half a millisecond that most commands need not pay.
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.hostname else None


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, "" if it has none."""
    parts = _split(url)
    return (parts and parts.hostname) or ""


def http_url(url: str) -> SplitResult | None:
    """Return the parts of an http or https address; None: it is none."""
    parts = _split(url)
    try:
        known = parts and parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return None  # what stands in a port's place may be a password
    return parts if known else None


def shown(url: str) -> str:
    """Return what may be shown of a URL: no user, password, query or token."""
    import re

    parts = http_url(url)
    if parts is None:
        return "what is no address"
    place = parts.netloc.rpartition("@")[2]
    path = re.sub(r"[\w.~%+-]{24,}", "…", parts.path.rstrip("/"))
    return f"{parts.scheme}://{place}{path}"


def is_anthropic(url: str) -> bool:
    """Tell whether a URL is one of Anthropic's own hosts."""
    host = host_of(url)
    return any(host == d or host.endswith(f".{d}") for d in ANTHROPIC_DOMAINS)
