"""Every token that Claude Code's files may hold. Pure: bytes in, places out.

What its own `/logout` leaves behind is here too: `env` blocks, old copies of
`.claude.json`, approvals (observed, Claude Code 2.1.330). MCP logins and
everything else in those files are none of our business.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keyswitch.errors import KeyswitchError
from keyswitch.targets import json_text, splice
from keyswitch.targets.claude_code.rules import AWS_EXPORT, HELPER
from keyswitch.targets.claude_code.settings import own_helper
from keyswitch.targets.claude_code.settings.approved_keys import APPROVED
from keyswitch.targets.claude_code.settings.wanted import ENV

if TYPE_CHECKING:
    from collections.abc import Sequence

LOGIN = ("claudeAiOauth",)
MANAGED_KEY = ("primaryApiKey",)
REJECTED = ("customApiKeyResponses", "rejected")

# Variables of an env block that hold a credential themselves.
SECRET_VARIABLES = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_AWS_API_KEY",
    "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_FOUNDRY_API_KEY",
    "ANTHROPIC_FOUNDRY_AUTH_TOKEN",
    "ANTHROPIC_IDENTITY_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "CLAUDE_CODE_OAUTH_REFRESH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
)


@dataclass(frozen=True, slots=True)
class Token:
    """One value in one JSON file."""

    keys: tuple[str, ...]
    value: str  # the secret text, or the tail of one
    index: int | None = None  # of an array's element
    stale: str = ""  # why it is of no use any more
    is_helper: bool = False  # a command of ours, not a secret


def _document(path: str, data: bytes | None) -> tuple[str, Any] | None:
    """Return text and document; None for a file that has none."""
    if data is None or not data.strip():
        return None
    try:
        text = json_text.decode(path, data)
        json_text.top(path, text)
        document = text.removeprefix("\ufeff")
        return text, json.loads(document, parse_int=json_text.number)
    except (KeyswitchError, ValueError, RecursionError):
        return None


def in_credentials(path: str, data: bytes | None, now_ms: float) -> list[Token]:
    """Find the subscription login."""
    found = _document(path, data)
    login = found[1].get(LOGIN[0]) if found else None
    if not isinstance(login, dict):
        return []
    access = login.get("accessToken")
    refresh = login.get("refreshToken")
    expires = login.get("expiresAt")
    stale = ""
    if not access and not refresh:
        stale = "blanked: it was refused at its last refresh"
    elif not refresh and isinstance(expires, int) and 0 < expires < now_ms:
        stale = "expired, and cannot be refreshed"
    texts = (t for t in (access, refresh) if isinstance(t, str) and t)
    return [Token(LOGIN, next(texts, ""), stale=stale)]


def in_global_config(path: str, data: bytes | None) -> list[Token]:
    """Find the Console key and the remembered ends of keys."""
    found = _document(path, data)
    if found is None:
        return []
    text, document = found
    tokens = []
    key = document.get(MANAGED_KEY[0])
    if isinstance(key, str) and key:
        tokens.append(Token(MANAGED_KEY, key))
    for keys in (APPROVED, REJECTED):
        try:
            elements = splice.elements(path, text, keys)
        except KeyswitchError:
            continue
        tokens += [
            Token(keys, element, index)
            for index, element in enumerate(elements)
            if isinstance(element, str) and element
        ]
    return tokens


def in_settings(path: str, data: bytes | None) -> list[Token]:
    """Find credentials of the env block, and helpers that are ours."""
    found = _document(path, data)
    if found is None:
        return []
    _, document = found
    tokens = []
    env = document.get(ENV)
    for name in SECRET_VARIABLES:
        value = env.get(name) if isinstance(env, dict) else None
        if isinstance(value, str) and value:
            tokens.append(Token((ENV, name), value))
    for key in (HELPER, AWS_EXPORT):
        value = document.get(key)
        raw = json.dumps(value)
        if isinstance(value, str) and own_helper.is_ours((key,), raw):
            tokens.append(Token((key,), value, is_helper=True))
    return tokens


def in_anthropic_credentials(
    path: str, data: bytes | None, now_s: float
) -> list[Token]:
    """Find the tokens of an Anthropic profile file."""
    found = _document(path, data)
    if found is None:
        return []
    document = found[1]
    expires = document.get("expires_at")
    dead = isinstance(expires, int) and 0 < expires < now_s
    stale = (
        "expired, and cannot be refreshed"
        if dead and not document.get("refresh_token")
        else ""
    )
    return [
        Token((key,), document[key], stale=stale)
        for key in ("access_token", "refresh_token")
        if isinstance(document.get(key), str) and document[key]
    ]


def without(path: str, data: bytes, tokens: Sequence[Token]) -> bytes:
    """Return the file without these tokens; other bytes stay."""
    text = json_text.decode(path, data)
    # Elements last to first, so that the positions of the others hold.
    for token in sorted(tokens, key=lambda t: -(t.index or 0)):
        if token.index is None:
            text = splice.remove_member(path, text, token.keys, None)
        else:
            text = splice.remove_element(
                path, text, token.keys, token.index, None
            )
    return text.encode("utf-8")
