"""What keeps a request back though a credential is there.

Observed, Claude Code 2.1.330. An organization's settings may demand a login,
a gateway or certain services; `claude auth status` shows little of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keyswitch.model import Frozen
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver.views import value_in
from keyswitch.targets.verdict import (
    ORGANIZATION_LEVELS,
    Candidate,
    Cloud,
    Request,
    Source,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.targets.claude_code.resolver.candidates import Candidates
    from keyswitch.targets.claude_code.resolver.scene import Scene


class PolicyRefusal(Frozen):
    """Why a request is not sent, and the setting that decides it."""

    what: str
    source: Source
    remedy: str = ""  # what helps, but for another setting

    @property
    def request(self) -> Request:
        """The request that is not sent."""
        what, source, remedy = self.what, self.source, self.remedy
        return Request(refusal=what, refused_by=source, remedy=remedy)


def refusal(
    found: Candidates, login: Candidate | None, cloud: Cloud | None = None
) -> PolicyRefusal | None:
    """Return what keeps a request back. `login` would be sent as a bearer."""
    scene = found.scene
    return (
        _service_not_allowed(scene, cloud)
        or _login_demanded(found, login, cloud)
        or (None if cloud else _gateway_demanded(scene))
        or (None if cloud else _service_not_approved(scene))
    )


def _demands(scene: Scene, key: str) -> list[Value]:
    """Return what each level of an organization sets, the highest first.

    A list of texts is one text, with commas.
    """
    found: dict[str, Value] = {}
    for file in reversed(scene.files):
        if file.level in ORGANIZATION_LEVELS and key in file.document:
            value = file.document[key]
            listed = value if isinstance(value, list) else [value]
            text = ",".join(_texts(listed))
            found.setdefault(file.level, value_in(file, "policy", text, key))
    return list(found.values())


def _texts(found: Any) -> list[str]:
    listed = found if isinstance(found, list) else []
    return [text for text in listed if isinstance(text, str)]


# ------------------------------------------------------------- logins

_NO_LOGINS = (rules.API_KEY, rules.API_KEY_FD, rules.AUTH_TOKEN, rules.HELPER)
_VERIFIED = (rules.OAUTH_TOKEN, rules.OAUTH_FD, rules.STORED_LOGIN)
_METHODS = ("claudeai", "console", "gateway")
_ASK = "managed settings require a login, "
_LOG_IN = "keyswitch login NAME"


def _login_demanded(
    found: Candidates, login: Candidate | None, cloud: Cloud | None
) -> PolicyRefusal | None:
    """Return why settings that demand a login stop a request.

    A key, a token or a helper that merely exists stops it, even where a cloud
    would be asked; beside a cloud even the key of a Console login is one too
    many. The desktop, a remote session and a host program answer for the
    account themselves.
    """
    scene = found.scene
    organizations = _demands(scene, rules.ORGANIZATION)
    methods = [
        method
        for method in _demands(scene, rules.METHOD)
        if method.text in _METHODS
    ]
    asked = next(iter(organizations + methods), None)
    if asked is None or scene.host_managed or scene.login_first:
        return None
    instead = _instead_of_login(found, login, cloud)
    if instead:
        return PolicyRefusal(f"{_ASK}{instead}", asked.source, _LOG_IN)
    if login is None or login.kind not in _VERIFIED:
        return None
    for organization in organizations:
        what = _not_of(scene, organization.text.split(","), login)
        if what:
            return PolicyRefusal(what, organization.source, _LOG_IN)
    return None


def _instead_of_login(
    found: Candidates, login: Candidate | None, cloud: Cloud | None
) -> str:
    # Bare mode does not use it, but it is there.
    if found.view.text(rules.API_KEY_FD):
        return f"and {rules.API_KEY_FD} is set"
    for kind in (*_NO_LOGINS, *[rules.MANAGED_KEY] * bool(cloud)):
        if kind in found.there:
            return f"and {found.there[kind].source.name} is set"
    left_out = found.scene.simple and not cloud and login is None
    return "which bare mode ignores" if left_out else ""


def _not_of(scene: Scene, allowed: Sequence[str], login: Candidate) -> str:
    """Return why a login does not belong to one of these organizations.

    The service is asked for that, never through a base URL; a stored login
    says itself whose it is.
    """
    if scene.request.text(rules.BASE_URL):
        return (
            "managed settings require an organization, which cannot be "
            "verified through a base URL"
        )
    own = scene.login.organization_uuid if scene.login else None
    own = own or scene.config.organization_uuid
    if login.kind != rules.STORED_LOGIN or not own or own in allowed:
        return ""
    return "managed settings require a different organization from the login's"


def gateway_demanded(scene: Scene) -> Value | None:
    """Return the setting that lets only a gateway's sign-in count."""
    if scene.host_managed:
        return None
    method = _of_machine(scene, rules.METHOD)
    if method is not None and method.text == "gateway":
        return method
    return _of_machine(scene, rules.GATEWAY_URL)


def _of_machine(scene: Scene, key: str) -> Value | None:
    for file in reversed(scene.files):
        text = file.document.get(key)
        if file.level == "managed" and isinstance(text, str) and text:
            return value_in(file, "policy", text, key)
    return None


def _gateway_demanded(scene: Scene) -> PolicyRefusal | None:
    found = None if scene.gateway else gateway_demanded(scene)
    if found is None:
        return None
    what = "only a gateway sign-in is allowed on this machine"
    remedy = "sign in at the gateway in Claude Code: /login"
    return PolicyRefusal(
        f"{what}, which keyswitch does not look for", found.source, remedy
    )


def _service_not_approved(scene: Scene) -> PolicyRefusal | None:
    """Return why a service of logins stops requests to Anthropic's own host.

    One final slash is allowed.
    """
    found = scene.status.get(rules.OAUTH_SERVICE)
    if scene.gateway or scene.request.text(rules.BASE_URL) or not found:
        return None
    if not found.text or found.text.removesuffix("/") in rules.OAUTH_SERVICES:
        return None
    what = f"{rules.OAUTH_SERVICE} is not an address that Claude Code accepts"
    return PolicyRefusal(what, found.source)


# ----------------------------------------------------- services, by name

# Addresses of a cloud's own. Over http none is.
_OWN_HOSTS = {
    "anthropic": r"api\.anthropic\.com",
    "bedrock": r"(.+\.)?bedrock-runtime\..*\.?amazonaws\.com",
    "mantle": r".+\.api\.aws",
    "anthropicAws": r".+\.api\.aws",
    "foundry": r".+\.(services\.ai|openai|cognitiveservices)\.azure\.com",
    "vertex": r"(.+-)?aiplatform\.googleapis\.com",
    "anthropicGoogleCloud": r".+\.googleapis\.com",
}
_OWN_PORTS = (None, 443)
_CUSTOM = "customEndpoint"


def _service_not_allowed(
    scene: Scene, cloud: Cloud | None
) -> PolicyRefusal | None:
    """Return why `allowedProviders` stops a request.

    An address in a service's place counts as a service of its own, and only
    where an organization's settings name it.
    """
    lists = list(_allowed(scene))
    if not lists:
        return None
    allowed = set.intersection(*(set(names) for names, _ in lists))
    source = lists[-1][1]
    if not scene.socket and _is_allowed(scene, cloud, allowed):
        return None
    title = cloud.title if cloud else "this service"
    return PolicyRefusal(f"managed settings do not allow {title}", source)


def _allowed(scene: Scene) -> Iterator[tuple[list[str], Source]]:
    """Yield the names that each level allows; files of one level add up."""
    for level in ORGANIZATION_LEVELS:
        files = [
            file
            for file in scene.files
            if file.level == level and rules.ALLOWED in file.document
        ]
        lists = (file.document[rules.ALLOWED] for file in files)
        names = [name for found in lists for name in _texts(found)]
        if files:
            yield names, value_in(files[-1], "policy", "", rules.ALLOWED).source


def _is_allowed(scene: Scene, cloud: Cloud | None, allowed: set[str]) -> bool:
    view = scene.status if scene.gateway else scene.request
    address = view.given(cloud.base_url if cloud else rules.BASE_URL)
    pinned = address and address.source.set_by in ORGANIZATION_LEVELS
    if scene.gateway:
        meant = _of_machine(scene, rules.GATEWAY_URL)
        same = address and meant and address.text == meant.text
        return "gateway" in allowed and bool(pinned or same)
    name = cloud.name if cloud else "anthropic"
    if address is None or _is_own(address.text, name):
        return name in allowed
    return _CUSTOM in allowed and bool(pinned)


def _is_own(url: str, name: str) -> bool:
    from urllib.parse import urlsplit  # most commands need none of it

    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or port not in _OWN_PORTS:
        return False
    return re.fullmatch(_OWN_HOSTS[name], host) is not None


# ------------------------------------------------------- a policy's program


def program(scene: Scene) -> Value | None:
    """Return the program that computes the organization's settings, if any.

    What it prints takes the place of the machine's files; the server's come
    before it.
    """
    for file in reversed(scene.files):
        found = file.document.get(rules.POLICY_HELPER)
        path = found.get("path") if isinstance(found, dict) else None
        if file.level == "managed" and isinstance(path, str):
            return value_in(file, "policy", path, rules.POLICY_HELPER)
    return None
