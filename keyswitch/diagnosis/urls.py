"""Whose host an address names, and what may be shown of it."""

from __future__ import annotations

from keyswitch.network.address import http_url, split

ANTHROPIC_DOMAINS = ("anthropic.com", "claude.ai", "claude.com")


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, "" if it has none."""
    parts = split(url)
    return (parts and parts.hostname) or ""


def shown(url: str) -> str:
    """Return what may be shown of a URL: no user, password, query or token."""
    import re

    parts = http_url(url)
    if parts is None:
        return "an invalid address"
    place = parts.netloc.rpartition("@")[2]
    path = re.sub(r"[\w.~%+-]{24,}", "…", parts.path.rstrip("/"))
    return f"{parts.scheme}://{place}{path}"


def is_anthropic(url: str) -> bool:
    """Tell whether a URL is one of Anthropic's own hosts."""
    host = host_of(url)
    return any(host == d or host.endswith(f".{d}") for d in ANTHROPIC_DOMAINS)
