"""The service's side of subscription logins, behind the stub.

Refresh tokens work once, as the real ones do: who uses one again is told
`invalid_grant`. So a login of which only an old copy is left is noticed, and
so is a token that speaks for somebody else.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tests.real.answers import as_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.real.stub import Request

# What a login asks for; with the second, Claude Code makes itself an API key.
SUBSCRIPTION = "user:inference user:profile"
CONSOLE = "org:create_api_key user:profile"

Answer = tuple[int, str, bytes]


@dataclass
class Account:
    """One person's account, and which of its tokens work."""

    name: str
    serial: int = 0
    refresh: str = ""  # the one refresh token that works
    access: set[str] = field(default_factory=set)  # those that work
    newest: str = ""  # the access token that was handed out last
    scopes: str = SUBSCRIPTION

    @property
    def uuid(self) -> str:
        return f"FAKE-account-{self.name}"

    @property
    def organization(self) -> str:
        return f"FAKE-organization-{self.name}"

    @property
    def email(self) -> str:
        return f"{self.name}@mail.example"


class OAuth:
    """Accounts and tokens; `used` counts what each token was shown for."""

    def __init__(self, *names: str) -> None:
        self.accounts = {name: Account(name) for name in names}
        self.used: Counter[tuple[str, str]] = Counter()  # (token, path)
        self.refused: list[str] = []  # refresh tokens that came twice
        self.revoked: list[str] = []
        self.hours = 8.0  # how long an access token lasts
        # Wait for these before answering; None: answer at once.
        self.renewals: threading.Event | None = None
        self.messages: threading.Event | None = None
        self.waiting = threading.Semaphore(0)  # released by who waits
        self._lock = threading.Lock()
        for name in names:
            self.accounts[name].refresh = self.hand_out(name)["refresh_token"]

    def hand_out(self, name: str) -> dict[str, Any]:
        """Return a pair of tokens that replaces the account's last one."""
        account = self.accounts[name]
        account.serial += 1
        account.newest = f"sk-ant-oat01-FAKE-{name}-{account.serial:04}"
        account.access.add(account.newest)
        account.refresh = f"sk-ant-ort01-FAKE-{name}-{account.serial:04}"
        return {
            "access_token": account.newest,
            "refresh_token": account.refresh,
            "token_type": "Bearer",
            "expires_in": int(self.hours * 3600),
            "scope": account.scopes,
            "account": {"uuid": account.uuid, "email_address": account.email},
            "organization": {
                "uuid": account.organization,
                "name": account.organization,
            },
        }

    def expire(self, name: str) -> None:
        """Let no access token of the account work any more."""
        self.accounts[name].access.clear()

    def release(self) -> None:
        """Let everybody go on who waits for an answer."""
        for event in (self.renewals, self.messages):
            if event is not None:
                event.set()

    def console_key(self, name: str) -> str:
        """Return the API key that a Console login of the account makes."""
        return f"sk-ant-api03-FAKE-console-of-{name}-0123456789abcdefghijAA"

    def __call__(self, request: Request) -> Answer | None:
        """Answer a request; None: not a question to this service."""
        place = request.path.partition("?")[0]
        if place == "/v1/oauth/token":
            return self._renewed(_form(request))
        if place == "/v1/oauth/token/revoke":
            return self._revoke(_form(request))
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token.startswith("sk-ant-oat01-FAKE-"):
            return None
        return self._asked(request, place, token)

    def _renewed(self, form: dict[str, Any]) -> Answer:
        used = str(form.get("refresh_token"))
        with self._lock:
            self.used[used, "/v1/oauth/token"] += 1
            account = self._owner(lambda a: a.refresh == used)
            tokens = self.hand_out(account.name) if account else None
        if tokens is None:
            self.refused.append(used)
            return 400, *as_json({"error": "invalid_grant"})
        self._wait(self.renewals)
        return 200, *as_json(tokens)

    def _revoke(self, form: dict[str, Any]) -> Answer:
        token = str(form.get("token"))
        self.revoked.append(token)
        account = self._owner(lambda a: a.refresh == token)
        if account is not None:
            account.refresh = ""
            account.access.clear()
        return 200, *as_json({})

    def _asked(self, request: Request, place: str, token: str) -> Answer | None:
        self.used[token, place] += 1
        if request.is_message:
            self._wait(self.messages)
        with self._lock:
            account = self._owner(lambda a: token in a.access)
        if account is None:
            error = {"type": "authentication_error", "message": "expired"}
            return 401, *as_json({"type": "error", "error": error})
        if place == "/api/oauth/profile":
            return 200, *as_json(_profile(account))
        if place == "/api/oauth/claude_cli/create_api_key":
            return 200, *as_json({"raw_key": self.console_key(account.name)})
        return None

    def _owner(self, fits: Callable[[Account], bool]) -> Account | None:
        return next(filter(fits, self.accounts.values()), None)

    def _wait(self, event: threading.Event | None) -> None:
        if event is not None:
            self.waiting.release()
            event.wait(30)


def _form(request: Request) -> dict[str, Any]:
    text = request.body.decode()
    if text.startswith("{"):
        found = json.loads(text)
        assert isinstance(found, dict)
        return found
    return dict(parse_qsl(text))


def _profile(account: Account) -> dict[str, Any]:
    return {
        "account": {
            "uuid": account.uuid,
            "email": account.email,
            "display_name": account.name,
        },
        "organization": {
            "uuid": account.organization,
            "name": account.organization,
            "organization_type": "claude_max",
        },
    }
