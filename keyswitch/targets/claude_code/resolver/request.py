"""What a request to Anthropic, or to a base URL in its place, carries.

Custom headers count for a cloud's requests, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from keyswitch.profiles import clock
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login import stored
from keyswitch.targets.claude_code.resolver import header_values, policy
from keyswitch.targets.claude_code.resolver.candidates import (
    Candidates,
    socket_refusal,
)
from keyswitch.targets.claude_code.resolver.views import View
from keyswitch.targets.verdict import (
    AWS,
    BEARER,
    NO_CREDENTIAL,
    RAW,
    Candidate,
    Header,
    Request,
    Shadowed,
)


def to_anthropic(found: Candidates) -> Request:
    """Fill the two headers, each by its own order."""
    key, bearer = _chosen(found)
    sent = Request(key and key.header(RAW), bearer and bearer.header(BEARER))
    sent = with_custom_headers(found.view, sent)
    login = found.scene.login
    # An emptied login ends a run that brings only a custom key.
    ends = login and login.blanked and not (key or bearer or sent.bearer)
    shadowed = tuple(_shadowed(found, key, bearer))
    stopped = policy.refusal(found, bearer)
    if stopped:
        return stopped.request._replace(shadowed=shadowed)
    refusal = _refusal(found, key, bearer) or sent.refusal
    if not refusal and (ends or not any(map(_has_text, sent.headers))):
        refusal = _nothing(found)
    if refusal:
        return Request(refusal=refusal, shadowed=shadowed)
    return sent._replace(shadowed=shadowed)


def _chosen(found: Candidates) -> tuple[Candidate | None, Candidate | None]:
    """Return what fills x-api-key and Authorization."""
    if found.scene.gateway:
        return None, found.there[rules.AUTH_TOKEN]
    if found.scene.login_first:
        logins = [c for _, c in found.logins() if c.kind in rules.FIRST_LOGINS]
        if logins:
            return None, logins[0]
    key = found.first(rules.KEY_ORDER)
    bearer = found.first(rules.BEARER_ORDER)
    if bearer is None and (key is None or key.kind == rules.MANAGED_KEY):
        # A descriptor that gives no key still keeps every login away, and so
        # does a helper that a host program does not let run.
        scene = found.scene
        kept_away = scene.host_managed and any(
            file.command(rules.HELPER) for file in scene.files
        )
        if found.key_fd_named or kept_away:
            return key, None
        return _by_login(found)
    by_helper = key is not None and key.kind == rules.HELPER
    if by_helper and found.scene.simple and found.has(rules.AUTH_TOKEN):
        key = None
    return key, bearer


def _by_login(found: Candidates) -> tuple[Candidate | None, Candidate | None]:
    logins = [candidate for _, candidate in found.logins()]
    if found.scene.socket:
        logins = [c for c in logins if c.kind in rules.THROUGH_A_SOCKET]
    first = next(iter(logins), None)
    is_key = first and first.kind == rules.MANAGED_KEY
    return (first, None) if is_key else (None, first)


def _refusal(
    found: Candidates, key: Candidate | None, bearer: Candidate | None
) -> str:
    for candidate in filter(None, (key, bearer)):
        if candidate.refusal:
            return candidate.refusal
    token = bearer.value if bearer and found.scene.gateway else None
    if token and _has_ended(token.reveal()):
        return f"the token in {rules.AUTH_TOKEN} has expired"
    return socket_refusal(found.scene)


def _has_ended(token: str) -> bool:
    """Tell whether a gateway's token says itself that it has expired."""
    import base64  # for nobody else

    _, _, rest = token.partition(".")
    claims = rest.partition(".")[0]
    try:
        found = json.loads(base64.urlsafe_b64decode(f"{claims}=="))
    except (ValueError, RecursionError):
        return False
    ends = found.get("exp") if isinstance(found, dict) else None
    return isinstance(ends, int) and ends < clock.now()


def _nothing(found: Candidates) -> str:
    login = found.scene.login
    if found.unapproved:
        return f"{rules.API_KEY} is not approved, which VS Code requires"
    if found.key_fd_named:
        return f"{rules.API_KEY_FD} names a file descriptor without a key"
    if login is not None and login.blanked:
        return "the stored login was blanked when its renewal was rejected"
    if login is not None and login.access_token and not login.usable:
        return "the stored login lacks the scope user:inference"
    return NO_CREDENTIAL


def _shadowed(
    found: Candidates, key: Candidate | None, bearer: Candidate | None
) -> Iterator[Shadowed]:
    for c in found.there.values():
        if c is not key and c is not bearer:
            because = _because(found, c, bearer or key)
            yield Shadowed(c.value, c.source, because)
    if found.unapproved:
        key = found.unapproved
        because = "VS Code uses a key only if it was approved"
        yield Shadowed(key.value, key.source, because)
    for name in (rules.API_KEY, rules.AUTH_TOKEN, rules.OAUTH_TOKEN):
        # A higher level replaces what the others set.
        values = list(found.view.all(name))
        for value in values[1:]:
            place = values[0].source.place or "the text after --settings"
            because = f"{place} sets {name} instead"
            if value.text.strip():
                secret = Secret(value.text.strip())
                yield Shadowed(secret, value.source, because)


def _because(
    found: Candidates, candidate: Candidate, winner: Candidate | None
) -> str:
    if found.scene.simple:
        return "bare mode ignores it"
    if found.scene.gateway:
        return f"{rules.GATEWAY} is set"
    if candidate.kind == rules.STORED_LOGIN:
        if found.scene.socket:
            return f"{rules.UNIX_SOCKET} is set"
        if found.profile and found.profile.explicit:
            return "an Anthropic profile or identity federation is set"
    if winner is None:
        return "it is not used here"
    if found.scene.login_first and winner.kind in rules.FIRST_LOGINS:
        return "the desktop app and remote sessions prefer a login"
    return f"{winner.source.name} comes before it"


def _has_text(header: Header) -> bool:
    """Tell whether a header can count as a credential.

    An empty answer of a helper is sent; an empty custom header is not.
    """
    if header.value is None or header.source.kind != "custom_header":
        return True
    bare = "" if header.scheme == RAW else header.scheme
    return bool(bare or header.value.reveal())


# ------------------------------------------------------------ custom headers

# Sources whose bearer a custom header replaces.
_GIVES_WAY = (*rules.SUBSCRIPTION, "CLAUDE_CODE_SKIP_FOUNDRY_AUTH")


def custom_headers(view: View) -> tuple[Header | None, Header | None]:
    """Return the headers (key, bearer) of ANTHROPIC_CUSTOM_HEADERS."""
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


def with_custom_headers(view: View, request: Request) -> Request:
    """Return a request with the custom headers in it, if it is sent.

    Observed, Claude Code 2.1.330: they are applied after everything else.
    X-Api-Key takes the place of any key, whatever the provider. Authorization
    takes the place of a login's bearer only; a token, a helper's answer, an
    Anthropic profile and an AWS signature are set later. `claude auth status`
    does not see them.
    """
    key, bearer = custom_headers(view)
    # A value that is replaced stops the request, too.
    stop = header_values.refusal(view, request)
    if stop:
        return Request(refusal=stop)
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
