"""Predicts what Claude Code reports and what it really sends.

The rules and their reasons are `targets/claude_code/rules.py`; this walks
them over what is found. It reads and writes nothing of its own, asks no
server, and runs a helper only if the caller hands in a way to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keyswitch.diagnosis import cloud, sources
from keyswitch.diagnosis.sources import Candidate
from keyswitch.diagnosis.verdict import (
    BEARER,
    RAW,
    Header,
    Request,
    Shadowed,
    Source,
    Status,
    Value,
    Verdict,
)
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import logins, rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.diagnosis.scene import Scene, View
    from keyswitch.targets.claude_code.rules import Provider




def resolve(
    scene: Scene, run: Callable[[Value], str | None] | None = None
) -> Verdict:
    """Return the verdict. `run` answers for a helper; None: never run one."""
    stop = _cannot_start(scene)
    if stop:
        return Verdict(Status(), Request(refusal=stop))
    provider = provider_of(scene.request)
    if provider is None:
        request = _FirstParty(scene, scene.request, run).request()
    else:
        request = cloud.request(scene, provider, run)
    return Verdict(
        _Report(scene, run).status(), request, _base_url(scene, provider)
    )


def provider_of(view: View) -> Provider | None:
    """Return the cloud that a view's flags choose; None: Anthropic."""
    for provider in rules.PROVIDERS:
        if view.truthy(provider.flag):
            return provider
    return None


def _cannot_start(scene: Scene) -> str:
    file = scene.broken_policy
    if file is not None:
        return f"{file.path or 'the text after --settings'}: {file.problem}"
    if scene.config.broken:
        return f"{scene.places.global_config} is not valid JSON"
    return ""


def _base_url(scene: Scene, provider: Provider | None) -> Value | None:
    name = provider.base_url if provider else rules.BASE_URL
    value = scene.request.get(name)
    if value is not None and value.text.strip():
        return Value(value.text.strip(), value.source)
    return None


class _Sources:
    """The candidates of one view, found once."""

    def __init__(
        self,
        scene: Scene,
        view: View,
        run: Callable[[Value], str | None] | None,
    ) -> None:
        self.scene = scene
        self.view = view
        self.api_key = sources.variable(view, rules.API_KEY)
        self.key_fd, self.key_fd_named = (
            sources.descriptor(view, rules.API_KEY_FD)
            if self.api_key is None
            else (None, False)
        )
        self.auth_token = sources.variable(view, rules.AUTH_TOKEN)
        self.helper = sources.helper(scene, run)
        self.oauth_token = sources.variable(view, rules.OAUTH_TOKEN)
        self.oauth_fd, _ = sources.descriptor(view, rules.OAUTH_FD)
        self.managed_key = sources.managed_key(scene)
        self.login = sources.stored_login(scene)
        self.profile = sources.anthropic_profile(scene, view)

    def logins(self) -> list[Candidate]:
        """Return the logins that are there, in the order of the rules."""
        if self.scene.simple:
            return []
        login = self.login
        if login is not None and self.profile and self.profile.explicit:
            login = None
        found = [self.oauth_token, self.oauth_fd, login, self.managed_key]
        if self.profile is not None:
            found.append(self.profile.candidate)
        return [c for c in found if c is not None]


class _Report(_Sources):
    """What `claude auth status` says."""

    def __init__(
        self, scene: Scene, run: Callable[[Value], str | None] | None
    ) -> None:
        super().__init__(scene, scene.status, None)

    def status(self) -> Status:
        """Return the fields, in Claude Code's own words."""
        provider = provider_of(self.view)
        key_source = self._key_source()
        if provider is not None:
            return Status(True, "third_party", provider.name, key_source)
        method = self._method()
        if method == "none":
            return Status(api_key_source=key_source)
        status = Status(True, method, api_key_source=key_source)
        if method != "claude.ai":
            return status
        config, login = self.scene.config, self.scene.login
        hidden = self.scene.environ.get(rules.UNIX_SOCKET) or self.key_fd_named
        return replace(
            status,
            email=config.email,
            org_name=config.organization,
            subscription_type=login.subscription
            if login and not hidden
            else None,
        )

    def _method(self) -> str:
        keyed = self.api_key is not None or self.key_fd is not None
        tokened = self.oauth_token is not None or self.oauth_fd is not None
        if self.auth_token is not None and not self.scene.simple:
            return "oauth_token"
        if self.helper is not None and not (keyed and tokened):
            return "api_key_helper"
        if keyed:
            return "api_key"
        for login in self.logins():
            return {"stored login": "claude.ai", "managed key": "api_key"}.get(
                login.kind, "oauth_token"
            )
        return "none"

    def _key_source(self) -> str | None:
        # Named whenever it is there, also when it is not sent or is blank.
        value = self.view.get(rules.API_KEY)
        if (value is not None and value.text) or self.key_fd is not None:
            return rules.API_KEY
        if self.helper is not None:
            return "apiKeyHelper"
        return "/login managed key" if self.managed_key is not None else None


class _FirstParty(_Sources):
    """What a request to Anthropic, or to a base URL, carries."""

    def request(self) -> Request:
        """Fill the two headers, each by its own order."""
        key = self._first_key()
        bearer = self.auth_token or self.helper
        external = key is not None or bearer is not None
        shadowed: list[Shadowed] = []
        if not external and not self.key_fd_named:
            key, bearer = self._by_login()
        elif key is None and self.managed_key is not None:
            key = self.managed_key
        refusal = self._refusal(key, bearer)
        sent_key = _header(key, RAW)
        sent_bearer = _header(bearer, BEARER)
        sent_key, sent_bearer = self._custom(sent_key, sent_bearer)
        shadowed += self._shadowed(key, bearer)
        if not refusal and sent_key is None and sent_bearer is None:
            refusal = self._nothing()
        if refusal:
            return Request(
                None, None, False, refusal, tuple(shadowed), self._notes()
            )
        return Request(
            sent_key, sent_bearer, True, "", tuple(shadowed), self._notes()
        )

    def _first_key(self) -> Candidate | None:
        return self.api_key or self.key_fd or self.helper

    def _by_login(self) -> tuple[Candidate | None, Candidate | None]:
        found = self._login_list()
        if not found:
            return None, None
        first = found[0]
        return (first, None) if first.kind == "managed key" else (None, first)

    def _login_list(self) -> list[Candidate]:
        found = self.logins()
        if self.scene.environ.get(rules.UNIX_SOCKET):
            found = [c for c in found if c.kind != "stored login"]
        return found

    def _custom(
        self, key: Header | None, bearer: Header | None
    ) -> tuple[Header | None, Header | None]:
        """Apply the custom headers, which come last."""
        value = self.view.get(rules.CUSTOM_HEADERS)
        headers = logins.custom_headers(value.text) if value else {}
        if value is None:
            return key, bearer
        if "x-api-key" in headers:
            key = Header(
                RAW, Secret(headers["x-api-key"]), _custom_source(value)
            )
        given = headers.get("authorization")
        # A token, a helper's answer and a profile are set later than these.
        fixed = bearer is not None and bearer.source.name not in (
            rules.OAUTH_TOKEN,
            rules.OAUTH_FD,
            "claudeAiOauth",
        )
        if given and not fixed:
            scheme, _, text = given.partition(" ")
            bearer = Header(scheme, Secret(text.strip()), _custom_source(value))
        return key, bearer

    def _refusal(self, key: Candidate | None, bearer: Candidate | None) -> str:
        for candidate in (key, bearer):
            if candidate is None:
                continue
            if candidate.refusal:
                return candidate.refusal
            if candidate.value is not None and not _fits(candidate.value):
                return (
                    f"{candidate.source.name} has a character that cannot "
                    "stand in a header"
                )
        socket = self.scene.environ.get(rules.UNIX_SOCKET)
        if socket and not sources.socket_is_there(socket):
            return f"nothing listens at {rules.UNIX_SOCKET}"
        return self._policy_refusal(key, bearer)

    def _policy_refusal(
        self, key: Candidate | None, bearer: Candidate | None
    ) -> str:
        method = self.scene.policy("forceLoginMethod")
        organization = self.scene.policy("forceLoginOrgUUID")
        if method is None and organization is None:
            return ""
        external = (rules.API_KEY, rules.API_KEY_FD, rules.AUTH_TOKEN)
        for candidate in (key, bearer):
            if candidate and candidate.kind in (*external, "apiKeyHelper"):
                return (
                    "managed settings ask for a login, and "
                    f"{candidate.source.name} is set"
                )
        if organization is None or bearer is None:
            return ""
        if bearer.kind in (rules.OAUTH_TOKEN, rules.OAUTH_FD, "stored login"):
            return self._organization_refusal()
        return ""

    def _organization_refusal(self) -> str:
        if self.view.text(rules.BASE_URL):
            return (
                "managed settings name an organization, which cannot be "
                "verified through a base URL"
            )
        return ""

    def _shadowed(
        self, key: Candidate | None, bearer: Candidate | None
    ) -> list[Shadowed]:
        used = {id(c) for c in (key, bearer) if c is not None}
        everything = [
            self.api_key,
            self.key_fd,
            self.auth_token,
            self.helper,
            self.oauth_token,
            self.oauth_fd,
            self.login,
            self.managed_key,
            self.profile.candidate if self.profile else None,
        ]
        winner = bearer or key
        found = []
        for candidate in everything:
            if candidate is None or id(candidate) in used:
                continue
            found.append(
                Shadowed(
                    candidate.value,
                    candidate.source,
                    self._because(candidate, winner),
                )
            )
        for name in (rules.API_KEY, rules.AUTH_TOKEN, rules.OAUTH_TOKEN):
            found += _overruled(self.view, name)
        return found

    def _because(
        self, candidate: Candidate, winner: Candidate | None
    ) -> str:
        if self.scene.simple:
            return "bare mode leaves it out"
        if candidate.kind == "stored login":
            if self.scene.environ.get(rules.UNIX_SOCKET):
                return f"{rules.UNIX_SOCKET} is set"
            if self.profile and self.profile.explicit:
                return "an Anthropic profile or federation is chosen"
        if winner is None:
            return "it is not used here"
        return f"{winner.source.name} comes before it"

    def _nothing(self) -> str:
        login = self.scene.login
        if self.key_fd_named:
            return f"{rules.API_KEY_FD} names a descriptor that has no key"
        if login is not None and login.blanked:
            return "the stored login was emptied when its renewal was refused"
        if login is not None and login.access_token and not login.usable:
            return "the stored login lacks the scope user:inference"
        return "there is no credential"

    def _notes(self) -> tuple[str, ...]:
        return ()


def _header(candidate: Candidate | None, scheme: str) -> Header | None:
    if candidate is None:
        return None
    return Header(
        scheme, candidate.value, candidate.source, candidate.why_unknown
    )


def _custom_source(value: Value) -> Source:
    place = value.source
    return Source(
        "custom_header", place.name, place.set_by, place.path, place.line
    )


def _fits(value: Secret) -> bool:
    """Tell whether a value can stand in a header."""
    return all(
        " " <= c <= "~" or c == "\t" or "\x80" <= c <= "\xff"
        for c in value.reveal()
    )


def _overruled(view: View, name: str) -> list[Shadowed]:
    """Return the values of a variable that a higher level replaces."""
    first, *rest = [*view.all(name)] or [None]
    found = []
    for value in rest:
        if value is None or first is None or not value.text.strip():
            continue
        place = first.source.place or "the text after --settings"
        found.append(
            Shadowed(
                Secret(value.text.strip()),
                value.source,
                f"{place} sets {name} instead",
            )
        )
    return found


