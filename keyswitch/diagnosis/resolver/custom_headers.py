"""ANTHROPIC_CUSTOM_HEADERS, which Claude Code applies after everything else.

Observed, Claude Code 2.1.330: X-Api-Key takes the place of any key, whatever
the provider. Authorization takes the place of a login's bearer only; a token,
a helper's answer, an Anthropic profile and an AWS signature are set later
than these headers. `claude auth status` does not see them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.verdict import AWS, RAW, Header
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login import stored

if TYPE_CHECKING:
    from keyswitch.diagnosis.resolver.view import View
    from keyswitch.diagnosis.verdict import Request

# Sources whose bearer a custom header replaces.
_GIVES_WAY = (*rules.SUBSCRIPTION, "CLAUDE_CODE_SKIP_FOUNDRY_AUTH")


def given(view: View) -> tuple[Header | None, Header | None]:
    """Return the headers (key, bearer) that the variable asks for."""
    value = view.get(rules.CUSTOM_HEADERS)
    if value is None:
        return None, None
    headers = stored.custom_headers(value.text)
    source = value.source._replace(kind="custom_header")
    key = bearer = None
    if "x-api-key" in headers:
        key = Header(RAW, Secret(headers["x-api-key"]), source)
    if "authorization" in headers:
        scheme, _, text = headers["authorization"].partition(" ")
        bearer = Header(scheme, Secret(text), source)
    return key, bearer


def apply(view: View, request: Request) -> Request:
    """Return a request with the custom headers in it, if it is sent."""
    key, bearer = given(view)
    if not request.sent:
        return request
    if key is not None:
        request = request._replace(key=key)
    if bearer is not None and _gives_way(request):
        request = request._replace(bearer=bearer)
    return request


def _gives_way(request: Request) -> bool:
    header = request.bearer
    if header is not None:
        return header.scheme != AWS and header.source.name in _GIVES_WAY
    # The clients of these two take the header away themselves.
    return request.key is None or request.key.source.name not in (
        "ANTHROPIC_AWS_API_KEY",
        "ANTHROPIC_FOUNDRY_API_KEY",
    )
