"""Which values no header can carry.

Observed, Claude Code 2.1.330, with every provider: a line end, a NUL or a
character beyond U+00FF in any header, a custom one too, stops the request
before anything is sent. Other control characters are sent as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keyswitch.targets.claude_code import rules
from keyswitch.targets.verdict import AWS

if TYPE_CHECKING:
    from keyswitch.targets.claude_code.resolver.views import View
    from keyswitch.targets.verdict import Request

_ACCESS_KEY, _SESSION_TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"


def refusal(view: View, request: Request) -> str:
    """Return why a value stops a request that would be sent, or ""."""
    for name, text in _values(view, request) if request.sent else ():
        if any(c in "\0\n\r" or c > "\xff" for c in text):
            return f"{name} contains a character that is invalid in a header"
    return ""


def _values(view: View, request: Request) -> Iterator[tuple[str, str]]:
    """Yield what goes into headers: (variable or setting, text)."""
    for header in request.headers:
        if header.value is not None:
            yield header.source.name, header.value.reveal()
        if header.scheme == AWS and header.source.name == _ACCESS_KEY:
            yield _SESSION_TOKEN, view.text(_SESSION_TOKEN)
    custom = view.text(rules.CUSTOM_HEADERS).replace("\r\n", "\n")
    for line in custom.split("\n"):
        if ":" in line:
            yield rules.CUSTOM_HEADERS, line
