"""What people copy along with a secret: a command, a name, quotes."""

from __future__ import annotations

import re

from keyswitch.errors import InputError
from keyswitch.secret import Secret

# Straight ones, and those that word processors put in their place.
QUOTES = "\"'`\u201c\u201d\u2018\u2019"


class WrappedSecretError(InputError):
    """A secret with something around it, such as `export NAME=...`."""

    def __init__(self, what: str, wrapping: str, inner: str) -> None:
        hint = "enter only the secret"
        super().__init__(f"{what} has {wrapping} around it", hint)
        self.inner = Secret(inner)


# A line of YAML, JSON or a dotenv file.
_LINE = (
    r"""(?i)["']?[\w.-]*(?:key|token|secret|password)["']?\s*[=:]\s*"""
    r"(?P<inner>[^=].*?),?"
)
_COMMAND = r"(?:export|setx?(?: -\w+)*)\s+\w+[= ](?P<inner>.+?);?"

# What people copy along with a secret; the first that fits.
_WRAPPINGS = (
    (_COMMAND, "a shell command"),
    (r"(?:-H|--header)[\s=]+(?P<inner>.+)", "an option of curl"),
    (r"(?:\$env:)?[A-Z][A-Z0-9_]*\s*=\s*(?P<inner>[^=].*?);?", "a name"),
    (r"(?i:authorization:\s*)?(?i:bearer)\s+(?P<inner>.+)", "the word Bearer"),
    (r"(?i:x-api-key):\s*(?P<inner>.+)", "a header's name"),
    (_LINE, "a name"),
    (r"""(?P<quote>["'`])(?P<inner>.+)(?P=quote)""", "quotes"),
)


def check(what: str, text: str) -> None:
    """Raise if a secret was pasted with something around it."""
    for pattern, wrapping in _WRAPPINGS:
        found = re.fullmatch(pattern, text.strip())
        inner = found["inner"].strip() if found else ""
        if inner[1:] and inner[0] == inner[-1] and inner[0] in QUOTES:
            inner = inner[1:-1].strip()
        if inner:
            raise WrappedSecretError(what, wrapping, inner)
