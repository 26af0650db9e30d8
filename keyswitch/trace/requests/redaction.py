"""What may be shown of a request: no credential, in no header, address or body.

Headers and parameters that may hold a credential are masked by their names and
by the look of their values; some that only look so are known to be harmless.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

from keyswitch.diagnosis.findings.accounts import masked
from keyswitch.display import without_secrets
from keyswitch.providers.custom_headers import is_credential
from keyswitch.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    Headers = Iterable[tuple[str, str]]

# Headers whose values look like keys and are none.
_HARMLESS = frozenset(
    (
        "accept", "accept-encoding", "accept-language", "age", "alt-svc",
        "anthropic-beta", "anthropic-organization-id", "anthropic-version",
        "cache-control", "cf-cache-status", "cf-ray", "connection",
        "content-disposition", "content-length", "content-security-policy",
        "content-type", "date", "etag", "expect", "host", "last-modified",
        "request-id", "server", "server-timing", "session-id",
        "strict-transport-security", "thread-id",
        "traceparent", "transfer-encoding", "upgrade", "user-agent", "vary",
        "via", "x-amz-content-sha256", "x-amz-date", "x-amz-target",
        "x-amzn-errortype", "x-amzn-requestid", "x-app", "x-client-request-id",
        "x-claude-code-session-id", "x-cloud-trace-context", "x-request-id",
    )
)  # fmt: skip
_HARMLESS_STARTS = (
    "anthropic-dangerous-",
    "anthropic-ratelimit-",
    "sec-",
    "x-codex-",
    "x-ratelimit-",
    "x-stainless-",
)

# Parts of names of headers that are one.
_CREDENTIALS = (
    "access-client", "auth", "cookie", "cred", "jwt", "key", "passw", "secret",
    "token",
)  # fmt: skip

# Parameters of an address and fields of a body that hold a credential.
_NAMES = (
    r"(?:[\w-]*(?:token|secret|password|passwd|passphrase|signature|credential"
    r"|api[_-]?key|access[_-]?key|private[_-]?key|session[_-]?key"
    r"|code_verifier)|key|code|sig|assertion|jwt|cookie|authorization)"
)
_IN_TEXT = re.compile(
    rf"""(?ix)
    (?P<before> \b {_NAMES} \b \\? ["']? \s* (?: [:=] | > ) \s* \\? ["']? )
    (?P<value> [^\s"'\\&<>,;)}}\]]{{8,}} )
    """
)
_PARAMETER = re.compile(rf"(?i)(?:x-amz-)?{_NAMES}")
_SHORTEST = 8  # characters of a credential that is looked for in bodies


def credentials_in(name: str, value: str) -> list[str]:
    """Return the credentials of a header, each as the service reads it."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() in ("bearer", "basic", "token", "digest", "negotiate"):
        return [rest.strip()] if rest.strip() else []
    if is_signature(value):
        return [key_id(value)] * bool(key_id(value))
    if name.lower() == "cookie":
        pairs = (pair.partition("=")[2] for pair in value.split(";"))
        return [one.strip() for one in pairs if one.strip()]
    return [value.strip()] if value.strip() else []


def is_signature(value: str) -> bool:
    """Tell whether a header is a signature of AWS, which proves a key."""
    return value.startswith("AWS4-")


def key_id(value: str) -> str:
    """Return the access key id that a signature of AWS names, or ""."""
    found = re.search(r"Credential=([^/,\s]+)/", value)
    return found[1] if found else ""


def may_identify(name: str, value: str) -> bool:
    """Tell whether a header may say who asks."""
    name = name.lower()
    if name in _HARMLESS or name.startswith(_HARMLESS_STARTS):
        return False
    return is_credential(name, value)


def is_credential_header(name: str, value: str) -> bool:
    """Tell whether a header is a credential, by its name.

    A session token of AWS is a part of the signature beside it.
    """
    name = name.lower()
    return (
        name != "x-amz-security-token"
        and may_identify(name, value)
        and any(part in name for part in _CREDENTIALS)
    )


def shown(name: str, value: str) -> str:
    """Return a header's value with what is secret in it masked."""
    if not may_identify(name, value):
        return without_secrets(value)
    if is_signature(value):  # key id, date, region and service are public
        return re.sub(r"(Signature=)\w+", r"\1…", value)
    if name.lower() in ("cookie", "set-cookie"):
        pairs = (pair.partition("=") for pair in value.split(";"))
        return ";".join(f"{n}=…" if sign else "…" for n, sign, _ in pairs)
    scheme, space, rest = value.strip().partition(" ")
    if space and scheme.isalpha():
        return f"{scheme} {masked(Secret(rest.strip()))}"
    return masked(Secret(value.strip()))


def shown_headers(headers: Headers) -> tuple[tuple[str, str], ...]:
    """Return headers, in their order, that may be shown."""
    return tuple((name, shown(name, value)) for name, value in headers)


def parameters_in(url: str) -> list[tuple[str, str]]:
    """Return the parameters of an address that hold a credential."""
    query = url.partition("?")[2].partition("#")[0]
    pairs = (pair.partition("=") for pair in query.split("&"))
    return [
        (name, unquote_plus(value))
        for name, _, value in pairs
        if value and _PARAMETER.fullmatch(unquote_plus(name))
    ]


def shown_url(url: str) -> str:
    """Return an address with masked parameters, and without a password."""
    rest, mark, query = url.partition("?")
    scheme, sep, place = rest.partition("://")
    host, slash, path = place.partition("/")
    rest = f"{scheme}{sep}{host.rpartition('@')[2]}{slash}{path}"
    if not mark:
        return without_secrets(rest)
    pairs = []
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        if value and _PARAMETER.fullmatch(unquote_plus(name)):
            value = masked(Secret(unquote_plus(value)))
        pairs.append(f"{name}{equals}{value}")
    return without_secrets(f"{rest}?{'&'.join(pairs)}")


class Scrubber:
    """Takes credentials out of bodies: those that were sent, and their like."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}  # what is replaced, and by what

    def learn(self, value: str) -> None:
        """Remember a credential that was seen in a request."""
        if len(value) >= _SHORTEST:
            self._known[value] = masked(Secret(value))
            self._known[quote(value, safe="")] = masked(Secret(value))

    def scrub(self, text: str) -> str:
        """Return a body's text without them."""
        for value in sorted(self._known, key=len, reverse=True):
            if value in text:
                text = text.replace(value, self._known[value])
        text = _IN_TEXT.sub(
            lambda m: m["before"] + masked(Secret(m["value"])), text
        )
        return without_secrets(text)
