"""The last look at a request before it is kept or drawn: a second guard.

What comes here is redacted already. This knows nothing of how: it looks for
the shapes of secrets, and for headers that hold nothing but a credential.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from keyswitch.display import without_secrets
from keyswitch.model import Frozen

if TYPE_CHECKING:
    from keyswitch.trace.requests.exchange import Exchange

_CREDENTIALS = frozenset(
    (
        "api-key", "authorization", "cf-access-client-secret", "cookie",
        "ocp-apim-subscription-key", "proxy-authorization", "set-cookie",
        "x-amz-security-token", "x-api-key", "x-auth-token",
        "x-goog-api-key", "x-goog-iam-authorization-token",
    )
)  # fmt: skip
_MASK = "…"  # stands in every masked value
_LONGEST_WORD = 7  # characters of what is shown whole: no credential is shorter
_FLAGS = frozenset(("httponly", "partitioned", "secure"))  # of a cookie
_SIGNATURE = re.compile(r"(?i)(Signature=)[0-9a-f]+")


def cleared(exchange: Exchange) -> Exchange:
    """Return a request without whatever still looks like a secret."""
    one: Exchange = _without(exchange)
    return one._replace(
        request_headers=_headers(one.request_headers),
        headers=_headers(one.headers),
    )


def _without(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Frozen):
        return type(value)(*map(_without, value))
    return tuple(map(_without, value)) if isinstance(value, tuple) else value


def _headers(
    headers: tuple[tuple[str, str], ...],
) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, _header(name.lower(), value)) for name, value in headers
    )


def _header(name: str, value: str) -> str:
    value = _SIGNATURE.sub(rf"\1{_MASK}", value)
    if name not in _CREDENTIALS:
        return value
    if name in ("cookie", "set-cookie"):
        return "; ".join(map(_cookie, value.split(";")))
    if _MASK in value or len(value) <= _LONGEST_WORD:
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {_MASK}" if space and scheme.isalpha() else _MASK


def _cookie(part: str) -> str:
    name, equals, _ = part.strip().partition("=")
    if equals:
        return f"{name}={_MASK}"
    return name if name.lower() in _FLAGS else _MASK * bool(name)
