"""Claude Code's stored logins, as it reads them. Pure: bytes in, values out.

Observed, Claude Code 2.1.330.
"""

from __future__ import annotations

from typing import Any

from keyswitch.errors import UnreadableTextError
from keyswitch.model import Frozen
from keyswitch.targets.claude_code.settings.settings_file import (
    as_text,
    double,
    loads,
)
from keyswitch.targets.splice import excerpt

INFERENCE = "user:inference"
TAIL = 20  # characters of a key by which Claude Code remembers an approval
EXPIRY_MARGIN_MS = 5 * 60 * 1000  # renewed this long before it ends


class Subscription(Frozen):
    """A subscription login of `.credentials.json`."""

    access_token: str
    scopes: tuple[str, ...] | None
    expires_at: float | None  # milliseconds since 1970; None: not known
    renewable: bool
    subscription: str | None
    blanked: bool = False  # emptied after its refresh token was refused
    account_uuid: str | None = None
    scope_text: str = ""  # scopes, where they are a text
    organization_uuid: str | None = None
    _hidden = ("access_token",)

    @property
    def usable(self) -> bool:
        """Tell whether Claude Code takes it for a login at all."""
        return bool(self.access_token) and INFERENCE in (self.scopes or ())

    @property
    def passes(self) -> bool:
        """Tell whether a request takes it all the same.

        Observed, Claude Code 2.1.330: scopes that are one text satisfy a
        request, though `claude auth status` sees no login then.
        """
        return bool(self.access_token) and INFERENCE in self.scope_text

    def expired(self, now_ms: float) -> bool:
        """Tell whether Claude Code would renew it, or should have."""
        if self.expires_at is None:
            return False
        return self.expires_at < now_ms + EXPIRY_MARGIN_MS


def stored_login(data: bytes | None) -> Subscription | None:
    """Return the login of a credentials file, or None if it has none.

    A byte order mark makes the file unreadable for Claude Code.
    """
    document = parsed(data)
    found = document.get("claudeAiOauth") if document else None
    if not isinstance(found, dict):
        return None
    token = found.get("accessToken")
    refresh = found.get("refreshToken")
    scopes = found.get("scopes")
    expires = found.get("expiresAt")
    subscription = found.get("subscriptionType")
    return Subscription(
        access_token=_truthy_text(token),
        scopes=tuple(s for s in scopes if isinstance(s, str))
        if isinstance(scopes, list)
        else None,
        expires_at=_number(expires),
        renewable=isinstance(refresh, str) and bool(refresh),
        subscription=subscription if isinstance(subscription, str) else None,
        scope_text=scopes if isinstance(scopes, str) else "",
        blanked=token == "" and refresh == "",
        account_uuid=_text(found.get("accountUuid")),
        organization_uuid=_text(found.get("organizationUuid")),
    )


# The members that `global_config` looks at.
_OF_ACCOUNTS = (
    "customApiKeyResponses",
    "hasCompletedOnboarding",
    "oauthAccount",
    "primaryApiKey",
)


class GlobalConfig(Frozen):
    """What `.claude.json` says about accounts."""

    managed_key: str = ""
    email: str | None = None
    organization: str | None = None
    organization_uuid: str | None = None
    account_uuid: str | None = None
    approved: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    onboarded: bool = False
    broken: bool = False  # Claude Code refuses to start
    _hidden = ("managed_key", "approved", "rejected")


def global_config(data: bytes | None) -> GlobalConfig:
    """Return what the file says; an empty one says nothing."""
    if data is None:
        return GlobalConfig()
    try:
        text = excerpt("", data, _OF_ACCOUNTS, edits=False).text
    except UnreadableTextError:
        text = data.decode("utf-8", "replace")  # what Claude Code makes of it
    try:
        document = _object(text)
    except (ValueError, RecursionError):
        return GlobalConfig(broken=True)
    account = _dict(document.get("oauthAccount"))
    answers = _dict(document.get("customApiKeyResponses"))
    key = document.get("primaryApiKey")
    return GlobalConfig(
        managed_key=key
        if isinstance(key, str)
        else " " * bool(key),  # something that is no key counts as one
        email=_text(account.get("emailAddress")),
        organization=_text(account.get("organizationName")),
        organization_uuid=_text(account.get("organizationUuid")),
        account_uuid=_text(account.get("accountUuid")),
        approved=_texts(answers.get("approved")),
        rejected=_texts(answers.get("rejected")),
        onboarded=document.get("hasCompletedOnboarding") is True,
    )


def trusted(data: bytes | None) -> frozenset[str]:
    """Return the directories that `.claude.json` says a person trusts."""
    try:
        document = _object((data or b"").decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(
        path
        for path, entry in _dict(document.get("projects")).items()
        if _dict(entry).get("hasTrustDialogAccepted") is True
    )


def _object(text: str) -> dict[str, Any]:
    """Return the object of a file's text; one that says nothing is empty."""
    text = text.removeprefix("\ufeff")
    return _dict(loads(text)) if text.strip() else {}


class AnthropicProfile(Frozen):
    """A profile of Anthropic's own command line tools, for one name."""

    name: str
    kind: str  # "user_oauth" or "oidc_federation"
    access_token: str = ""
    expires_at: float | None = None  # seconds since 1970
    renewable: bool = False
    base_url: str = ""
    email: str | None = None
    mode: int = 0o600  # of the credentials file
    _hidden = ("access_token", "base_url")

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
    document = parsed(config)
    if document is None:
        return None
    kind = _dict(document.get("authentication")).get("type")
    base_url = _text(document.get("base_url")) or ""
    if kind == "oidc_federation":
        return AnthropicProfile(name, kind, base_url=base_url)
    if kind != "user_oauth" or not (credentials or b"").strip():
        return None
    held = parsed(credentials) or {}
    expires = held.get("expires_at")
    if isinstance(expires, str):
        expires = 0.0  # not a time that it understands
    return AnthropicProfile(
        name,
        kind,
        access_token=_truthy_text(held.get("access_token")),
        expires_at=double(expires)
        if isinstance(expires, int | float)
        else None,
        renewable=bool(_text(held.get("refresh_token"))),
        base_url=base_url,
        email=_text(held.get("account_email")),
        mode=mode,
    )


def tail_of(secret: str) -> str:
    """Return what Claude Code keeps of a key that a person approved."""
    return secret.strip()[-TAIL:]


def custom_headers(text: str) -> dict[str, str]:
    """Return the headers of ANTHROPIC_CUSTOM_HEADERS by lower-case name."""
    headers = {}
    for line in text.replace("\r", "").split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip():
            headers[name.strip().lower()] = value.strip()
    return headers


def parsed(data: bytes | None) -> dict[str, Any] | None:
    """Return a file's JSON object, or None if Claude Code reads none."""
    if data is None:
        return None
    try:
        document = loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _truthy_text(value: Any) -> str:
    """Return a value as JavaScript puts it into a header; "" for a no."""
    if isinstance(value, str):
        return value
    return as_text(value) if value and not isinstance(value, dict) else ""


def _number(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return double(value)
    return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(item for item in value if isinstance(item, str))
