"""The parts of Claude Code's files that belong to one account, and their place.

A login is more than its tokens (observed, Claude Code 2.1.330): who it is
stands in `.claude.json`, so does the key of a Console login and what was
answered about keys. They move together, or the next request speaks for two
accounts. MCP logins, plugin secrets and everything else stay where they are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from keyswitch.model import Frozen
from keyswitch.targets import json_text
from keyswitch.targets.claude_code.login.stored import EXPIRY_MARGIN_MS
from keyswitch.targets.claude_code.rules import CONSOLE_KEY, LOGIN
from keyswitch.targets.claude_code.settings.plan import is_blank
from keyswitch.targets.splice import excerpt
from keyswitch.targets.values import Identity, PlannedFile

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.values import Read

DEVICE = "trustedDeviceToken"
ACCOUNT = "oauthAccount"
ANSWERS = "customApiKeyResponses"

CREDENTIALS_KEYS = (LOGIN, DEVICE)
CONFIG_KEYS = (ACCOUNT, CONSOLE_KEY, ANSWERS)
ALL_KEYS = (*CREDENTIALS_KEYS, *CONFIG_KEYS)

# What Claude Code remembers of an account's rights; its logout drops these.
CACHES = (
    "additionalModelOptionsCache",
    "clientDataCache",
    "modelAccessCache",
    "orgModelDefaultCache",
)
# Milliseconds; a larger number is no moment that anybody will see.
_LAST_MOMENT = 1e18
# Files below the configuration folder with an organisation's policy.
POLICY_FILES = ("remote-settings.json", "policy-limits.json")


class Parts(Frozen):
    """One account's parts: member name -> its value as it is written.

    The texts are secret; a part that is absent is not in the mapping.
    """

    raw: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Parts({sorted(self.raw)})"

    def value(self, name: str) -> Any:
        """Return a part's parsed value, or None."""
        return _parsed(self.raw[name]) if name in self.raw else None

    def only(self, names: Collection[str]) -> Parts:
        """Return some of the parts."""
        return Parts({k: v for k, v in self.raw.items() if k in names})

    def without(self, names: Collection[str]) -> Parts:
        """Return all parts but some."""
        return self.only(self.raw.keys() - set(names))

    @property
    def tokens(self) -> Parts:
        """What a login is traced back by, whatever is shown beside it."""
        return self.only((LOGIN,))

    @property
    def key(self) -> Parts:
        """The key of a Console login alone."""
        return self.only((CONSOLE_KEY,))

    @property
    def without_key(self) -> Parts:
        """All but that key."""
        return self.without((CONSOLE_KEY,))

    @property
    def beside_tokens(self) -> Parts:
        """Key, shown name and answers, which may be another account's."""
        return self.only(CONFIG_KEYS)

    @property
    def without_login(self) -> Parts:
        """What may stand there though nobody is logged in."""
        return self.only((ACCOUNT, ANSWERS))

    @property
    def is_blanked(self) -> bool:
        """Tell whether a login stands there, usable or not."""
        return LOGIN in self.raw

    def with_device_of(self, other: Parts) -> Parts:
        """Return these parts with another login's device."""
        return self.without((DEVICE,)).beside(other.only((DEVICE,)))

    def beside(self, other: Parts) -> Parts:
        """Return these parts, and of another login those that are missing."""
        found = {**other.raw, **self.raw}
        return Parts({k: found[k] for k in ALL_KEYS if k in found})

    def _object(self, name: str) -> dict[str, Any]:
        found = self.value(name)
        return found if isinstance(found, dict) else {}

    @property
    def access_token(self) -> str:
        """The access token, "" if there is none."""
        return _text(self._object(LOGIN).get("accessToken"))

    @property
    def refresh_token(self) -> str:
        """The refresh token, "" if there is none."""
        return _text(self._object(LOGIN).get("refreshToken"))

    @property
    def managed_key(self) -> str:
        """The key of a Console login, "" if there is none."""
        return _text(self.value(CONSOLE_KEY))

    @property
    def expires_at(self) -> float:
        """When the access token ends, in milliseconds; 0: not known."""
        found = self._object(LOGIN).get("expiresAt")
        if isinstance(found, bool) or not isinstance(found, int | float):
            return 0.0
        # JSON may say 1e999, or more digits than any float holds.
        return float(found) if abs(found) <= _LAST_MOMENT else 0.0

    def is_over(self, now_ms: float) -> bool:
        """Tell whether its access token is, or is about to be renewed."""
        return self.expires_at < now_ms + EXPIRY_MARGIN_MS

    @property
    def usable(self) -> bool:
        """Tell whether there is anything worth keeping.

        A blanked login, or an account's name without a token, is not.
        """
        return bool(self.access_token or self.refresh_token or self.managed_key)

    @property
    def has_tokens(self) -> bool:
        """Tell whether it is a login with tokens, which come before a key."""
        return bool(self.access_token or self.refresh_token)

    @property
    def token_identity(self) -> Identity:
        """Whose tokens they are, as they say themselves."""
        return _identity(self._object(LOGIN))

    @property
    def named_identity(self) -> Identity:
        """Whose name Claude Code shows."""
        return _identity(self._object(ACCOUNT))

    @property
    def identity(self) -> Identity:
        """Whose login it is, by the tokens' own word before the shown name."""
        own = self.token_identity
        return own if own.account else self.named_identity

    def described(self) -> dict[str, str]:
        """Return what may stand in a profile file: nothing secret."""
        account, oauth = self._object(ACCOUNT), self._object(LOGIN)
        names_it = self.named_identity.fits(self.identity)
        found = {
            "account_uuid": self.identity.account,
            "organization_uuid": self.identity.organization,
            "email": _text(account.get("emailAddress")) if names_it else "",
            "organization": _text(account.get("organizationName"))
            if names_it
            else "",
            "plan": _text(oauth.get("subscriptionType")),
            "token_expires": str(int(self.expires_at))
            if self.access_token and self.expires_at > 0
            else "",
            "refreshable": "yes" if self.refresh_token else "",
        }
        return {k: v for k, v in found.items() if v and v.isprintable()}


def _text(value: Any) -> str:
    """Return a text; half a surrogate pair is none that anybody handed out."""
    if isinstance(value, str) and value.isascii():
        return value
    try:
        return str(value.encode().decode())
    except (AttributeError, UnicodeEncodeError):
        return ""


def _identity(found: Mapping[str, Any]) -> Identity:
    account = _text(found.get("accountUuid"))
    organization = _text(found.get("organizationUuid"))
    return Identity(account, organization if account else "")


def _parsed(raw: str) -> Any:
    return json.loads(raw, parse_int=json_text.number)


def read(
    credentials: tuple[str, bytes | None], config: tuple[str, bytes | None]
) -> Parts:
    """Return the parts that two files hold; each is (path, content).

    Raises UnreadableTextError for a file that is not JSON: what cannot be read
    cannot be kept, so it must not be replaced either.
    """
    found = {}
    for (path, data), keys in (
        (credentials, CREDENTIALS_KEYS),
        (config, CONFIG_KEYS),
    ):
        if data is None or is_blank(data):
            continue
        text = excerpt(path, data, keys, edits=False)
        for key in keys:
            raw = text.raw((key,))
            if raw is not None and raw != "null":
                json_text.check_depth(path, raw)
                found[key] = raw
    if LOGIN not in found:
        # A Console login may leave the device of the login before it behind.
        found.pop(DEVICE, None)
    return Parts(found)


def pack(parts: Parts) -> str:
    """Return the parts as the text that a secret store keeps."""
    return json.dumps({"version": 1, "parts": dict(parts.raw)})


def unpack(text: str) -> Parts:
    """Return what `pack` made; raises ValueError for anything else."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("version") != 1:
        raise ValueError("not a login this version knows")
    raw = document.get("parts")
    if not isinstance(raw, dict) or not all(
        k in ALL_KEYS and isinstance(v, str) for k, v in raw.items()
    ):
        raise ValueError("not a login")
    for value in raw.values():
        _parsed(value)
    return Parts(raw)


def applied(
    path: str,
    data: bytes | None,
    parts: Parts,
    keys: tuple[str, ...],
    dropped: tuple[str, ...] = (),
) -> bytes | None:
    """Return a file with these members as the parts have them.

    Members that the parts lack are taken out, and those in `dropped`; every
    other byte stays. A file that would say nothing any more is no file.
    """
    blank = is_blank(data)
    whole = b"{}" if blank else data or b""
    text = excerpt(path, whole, (*keys, *dropped), edits=True)
    for key in (*dropped, *keys):  # no part has a dropped one
        present = text.raw((key,))
        wanted = parts.raw.get(key)
        if wanted is None and present is not None:
            text.remove((key,))
        elif wanted is not None and present is None:
            text.insert((key,), wanted)
        elif wanted is not None and wanted != present:
            text.replace((key,), wanted)
    if blank and not any(key in parts.raw for key in keys):
        return data
    if text.is_empty() and keys == CREDENTIALS_KEYS:
        return None
    return text.restored(whole)


class LoginPlace:
    """The two files, of which `.credentials.json` is read once.

    `where` is what a message calls it.
    """

    def __init__(self, places: Locations, read: Read) -> None:
        self.places = places
        self.where = places.credentials
        self.data = read(places.credentials)
        self.items: Mapping[str, bytes | None] = {}

    def live(self, config: bytes | None) -> Parts:
        """Return the login that Claude Code has now."""
        return read(
            (self.where, self.data), (self.places.global_config, config)
        )

    def replaced(self, login: Parts, config: bytes | None) -> list[PlannedFile]:
        """Return what puts a login in place."""
        folder = self.places.config_dir
        return [
            PlannedFile(self.where, self.with_tokens(login), private=True),
            *(PlannedFile(f"{folder}/{name}", None) for name in POLICY_FILES),
            self._account(login, config),
        ]

    def as_files(
        self,
        config: bytes | None,  # noqa: ARG002 - for the keychain
    ) -> dict[str, bytes | None]:
        """Return the files that would say the same as items: there are none."""
        return {}

    def with_tokens(self, login: Parts) -> bytes | None:
        """Return `.credentials.json` with a login's tokens."""
        return applied(self.where, self.data, login, CREDENTIALS_KEYS)

    def _account(self, login: Parts, config: bytes | None) -> PlannedFile:
        """Return `.claude.json` with a login's account."""
        path = self.places.global_config
        after = applied(
            path,
            config,
            login,
            # Answers about keys are a person's work: replaced, never dropped.
            tuple(
                key for key in CONFIG_KEYS if key in login.raw or key != ANSWERS
            ),
            CACHES,
        )
        return PlannedFile(path, after, is_last=True, goes_when_empty=True)
