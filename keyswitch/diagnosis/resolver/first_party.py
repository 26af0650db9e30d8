"""What a request to Anthropic, or to a base URL in its place, carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.resolver import custom_headers, policy, sources
from keyswitch.diagnosis.resolver.candidates import Candidates
from keyswitch.diagnosis.verdict import BEARER, RAW, Header, Request, Shadowed
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.resolver.sources import Candidate, Run
    from keyswitch.diagnosis.resolver.view import View


def request(scene: Scene, run: Run | None) -> Request:
    """Fill the two headers, each by its own order."""
    found = Candidates(scene, scene.request, run)
    key, bearer = _chosen(found)
    sent = Request(
        key and key.header(RAW), bearer and bearer.header(BEARER), True
    )
    sent = custom_headers.apply(found.view, sent)
    # An emptied login ends a run that brings only a custom key.
    blanked = scene.login is not None and scene.login.blanked
    ends = blanked and not (key or bearer or sent.bearer)
    refusal = _refusal(found, key, bearer)
    if not refusal and (ends or not any(map(_has_text, sent.headers))):
        refusal = _nothing(found)
    shadowed = tuple(_shadowed(found, key, bearer))
    if refusal:
        return Request(refusal=refusal, shadowed=shadowed)
    return sent._replace(shadowed=shadowed)


def _chosen(found: Candidates) -> tuple[Candidate | None, Candidate | None]:
    """Return what fills x-api-key and Authorization."""
    key = found.first(rules.KEY_ORDER)
    bearer = found.first(rules.BEARER_ORDER)
    if bearer is None and (key is None or key.kind == rules.MANAGED_KEY):
        # A descriptor that gives no key still keeps every login away, and so
        # does a helper that a host program does not let run.
        if found.key_fd_named or found.scene.names_helper:
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
    if not logins:
        return None, None
    first = logins[0]
    return (first, None) if first.kind == rules.MANAGED_KEY else (None, first)


def _refusal(
    found: Candidates, key: Candidate | None, bearer: Candidate | None
) -> str:
    for candidate in filter(None, (key, bearer)):
        if candidate.refusal:
            return candidate.refusal
        if candidate.value is not None and not _fits(candidate.value):
            return (
                f"{candidate.source.name} has a character that cannot "
                "stand in a header"
            )
    refusal = sources.socket_refusal(found.scene)
    return refusal or policy.refusal(found, bearer)


def _nothing(found: Candidates) -> str:
    login = found.scene.login
    if found.key_fd_named:
        return f"{rules.API_KEY_FD} names a descriptor that has no key"
    if login is not None and login.blanked:
        return "the stored login was emptied when its renewal was refused"
    if login is not None and login.access_token and not login.usable:
        return "the stored login lacks the scope user:inference"
    return "there is no credential"


def _shadowed(
    found: Candidates, key: Candidate | None, bearer: Candidate | None
) -> list[Shadowed]:
    left = [
        Shadowed(c.value, c.source, _because(found, c, bearer or key))
        for c in found.there.values()
        if c is not key and c is not bearer
    ]
    for name in (rules.API_KEY, rules.AUTH_TOKEN, rules.OAUTH_TOKEN):
        left += _overruled(found.view, name)
    return left


def _because(
    found: Candidates, candidate: Candidate, winner: Candidate | None
) -> str:
    if found.scene.simple:
        return "bare mode leaves it out"
    if candidate.kind == rules.STORED_LOGIN:
        if found.scene.socket:
            return f"{rules.UNIX_SOCKET} is set"
        if found.profile and found.profile.explicit:
            return "an Anthropic profile or federation is chosen"
    if winner is None:
        return "it is not used here"
    return f"{winner.source.name} comes before it"


def _overruled(view: View, name: str) -> list[Shadowed]:
    """Return the values of a variable that a higher level replaces."""
    values = list(view.all(name))
    places = [v.source.place or "the text after --settings" for v in values]
    return [
        Shadowed(
            Secret(value.text.strip()),
            value.source,
            f"{places[0]} sets {name} instead",
        )
        for value in values[1:]
        if value.text.strip()
    ]


def _has_text(header: Header) -> bool:
    """Tell whether a header can count as a credential.

    An empty answer of a helper is sent; an empty custom header is not.
    """
    if header.value is None or header.source.kind != "custom_header":
        return True
    bare = "" if header.scheme == RAW else header.scheme
    return bool(bare or header.value.reveal())


def _fits(value: Secret) -> bool:
    """Tell whether a value can stand in a header."""
    return all(c not in "\0\n\r" and c <= "\xff" for c in value.reveal())
