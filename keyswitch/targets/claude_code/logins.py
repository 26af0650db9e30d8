"""Claude Code's stored logins, as it reads them. Pure: bytes in, values out.

Observed, Claude Code 2.1.330.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from keyswitch.targets.claude_code.settings_file import loads

INFERENCE = "user:inference"
EXPIRY_MARGIN_MS = 5 * 60 * 1000  # renewed this long before it ends


@dataclass(frozen=True, slots=True)
class Login:
    """A subscription login of `.credentials.json`."""

    access_token: str = field(repr=False)
    scopes: tuple[str, ...] | None
    expires_at: float | None  # milliseconds since 1970; None: not known
    renewable: bool
    subscription: str | None
    blanked: bool = False  # emptied after its refresh token was refused

    @property
    def usable(self) -> bool:
        """Tell whether Claude Code takes it for a login at all."""
        return bool(self.access_token) and INFERENCE in (self.scopes or ())

    def expired(self, now_ms: float) -> bool:
        """Tell whether Claude Code would renew it, or should have."""
        if self.expires_at is None:
            return False
        return self.expires_at < now_ms + EXPIRY_MARGIN_MS


def stored_login(data: bytes | None) -> Login | None:
    """Return the login of a credentials file, or None if it has none.

    A byte order mark makes the file unreadable for Claude Code.
    """
    document = _object(data)
    found = document.get("claudeAiOauth") if document else None
    if not isinstance(found, dict):
        return None
    token = found.get("accessToken")
    refresh = found.get("refreshToken")
    scopes = found.get("scopes")
    expires = found.get("expiresAt")
    subscription = found.get("subscriptionType")
    return Login(
        access_token=token if isinstance(token, str) else "",
        scopes=tuple(s for s in scopes if isinstance(s, str))
        if isinstance(scopes, list)
        else None,
        expires_at=expires
        if isinstance(expires, int | float) and not isinstance(expires, bool)
        else None,
        renewable=isinstance(refresh, str) and bool(refresh),
        subscription=subscription if isinstance(subscription, str) else None,
        blanked=token == "" and refresh == "",
    )


@dataclass(frozen=True, slots=True)
class GlobalConfig:
    """What `.claude.json` says about accounts."""

    managed_key: str = field(default="", repr=False)
    email: str | None = None
    organization: str | None = None
    organization_uuid: str | None = None
    approved: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    onboarded: bool = False
    trusted: frozenset[str] = frozenset()  # directories
    broken: bool = False  # Claude Code refuses to start


def global_config(data: bytes | None) -> GlobalConfig:
    """Return what the file says; an empty one says nothing."""
    if data is None:
        return GlobalConfig()
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    if not text.strip():
        return GlobalConfig()
    try:
        document = loads(text)
    except (ValueError, RecursionError):
        return GlobalConfig(broken=True)
    if not isinstance(document, dict):
        return GlobalConfig()
    account = _dict(document.get("oauthAccount"))
    answers = _dict(document.get("customApiKeyResponses"))
    projects = _dict(document.get("projects"))
    key = document.get("primaryApiKey")
    return GlobalConfig(
        managed_key=key if isinstance(key, str) else "",
        email=_text(account.get("emailAddress")),
        organization=_text(account.get("organizationName")),
        organization_uuid=_text(account.get("organizationUuid")),
        approved=_texts(answers.get("approved")),
        rejected=_texts(answers.get("rejected")),
        onboarded=document.get("hasCompletedOnboarding") is True,
        trusted=frozenset(
            path
            for path, entry in projects.items()
            if _dict(entry).get("hasTrustDialogAccepted") is True
        ),
    )


@dataclass(frozen=True, slots=True)
class AnthropicProfile:
    """A profile of Anthropic's own command line tools, for one name."""

    name: str
    kind: str  # "user_oauth" or "oidc_federation"
    access_token: str = field(default="", repr=False)
    expires_at: float | None = None  # seconds since 1970
    renewable: bool = False
    base_url: str = ""
    email: str | None = None
    mode: int = 0o600  # of the credentials file

    @property
    def exposed(self) -> bool:
        """Tell whether Claude Code refuses it: others can read the file."""
        return self.kind == "user_oauth" and bool(self.mode & 0o077)


def anthropic_profile(
    name: str, config: bytes | None, credentials: bytes | None, mode: int
) -> AnthropicProfile | None:
    """Return a profile from its two files; None if it is not one.

    `mode` is the permission bits of the credentials file.
    """
    document = _object(config)
    if document is None:
        return None
    kind = _dict(document.get("authentication")).get("type")
    base_url = _text(document.get("base_url")) or ""
    if kind == "oidc_federation":
        return AnthropicProfile(name, kind, base_url=base_url)
    if kind != "user_oauth" or credentials is None:
        return None
    held = _object(credentials) or {}
    expires = held.get("expires_at")
    return AnthropicProfile(
        name,
        kind,
        access_token=_text(held.get("access_token")) or "",
        expires_at=expires if isinstance(expires, int | float) else None,
        renewable=bool(_text(held.get("refresh_token"))),
        base_url=base_url,
        email=_text(held.get("account_email")),
        mode=mode,
    )


def custom_headers(text: str) -> dict[str, str]:
    """Return the headers of ANTHROPIC_CUSTOM_HEADERS by lower-case name."""
    headers = {}
    for line in text.replace("\r", "").split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip():
            headers[name.strip().lower()] = value.strip()
    return headers


def _object(data: bytes | None) -> dict[str, Any] | None:
    if data is None:
        return None
    try:
        document = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(item for item in value if isinstance(item, str))
