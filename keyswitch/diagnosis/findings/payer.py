"""Who pays for a request, in one sentence."""

from __future__ import annotations

from keyswitch.diagnosis import urls
from keyswitch.diagnosis.findings.situation import (
    API,
    SUBSCRIPTION,
    Situation,
    of_subscription,
)
from keyswitch.secret import Secret
from keyswitch.targets.verdict import NO_CREDENTIAL, Header

_STRANGER = "an account without a profile"
_LOGINS = ("login", "managed_key")
_PLAN = "Claude subscription"


def payer(situation: Situation, held_back: str = "") -> str:
    """Return who pays; a profile that is active and does not is named.

    `held_back` says why keyswitch's helper answers nobody here, if it is so.
    """
    chosen = situation.chosen
    if reason := _nothing(situation, held_back):
        active = f"'{chosen}' is active"
        though = f", though {active}" if chosen else ""
        if reason.startswith(active):
            though = ""
        return f"nobody pays{though}: {reason}"
    headers = situation.verdict.request.headers
    payers = list(dict.fromkeys(_payer(situation, h) for h in headers))
    if reason := _doubt(situation, payers):
        perhaps = "" if situation.wrong_provider else "perhaps "
        maybe = f", {perhaps}not '{chosen}'" if _is_other(situation) else ""
        return f"not known who pays{maybe}: {reason}"
    (one,) = payers
    profile = situation.accounts.get(situation.profile_of(headers[0]))
    label = f" ({profile.label})" if profile and profile.label else ""
    instead = f", not '{chosen}'" if chosen and one != chosen else ""
    if one == chosen and situation.in_use is False:
        instead = ", but not as it is set up"
    details = ", ".join(_details(situation, headers[0]))
    return f"{one}{label} pays{instead}: {details}"


def _nothing(situation: Situation, held_back: str) -> str:
    """Return why no request can be billed to anybody, or ""."""
    request = situation.verdict.request
    if request.refusal == NO_CREDENTIAL:
        return "Claude Code has no credential"
    if request.refusal:
        return request.refusal
    headers = request.headers
    if headers and all(h.value == Secret("") for h in headers):
        return f"{headers[0].source.name} gives an empty credential"
    # What keyswitch's own helper answers is known without asking it.
    own = all(
        h.value is None
        and (
            not h.why_unknown or situation.accounts.own_words(h.source.command)
        )
        for h in headers
    )
    return held_back if headers and own else ""


def _payer(situation: Situation, header: Header) -> str:
    name = situation.profile_of(header)
    if name or header.source.kind not in _LOGINS:
        return name or _STRANGER
    return f"your {_PLAN if of_subscription(header) else 'Console account'}"


def _doubt(situation: Situation, payers: list[str]) -> str:
    """Return why it cannot be told, or ""."""
    headers = situation.verdict.request.headers
    if not headers:
        return "requests are sent without a credential"
    for header in headers:
        if _payer(situation, header) != _STRANGER:
            continue
        if header.value is None:
            return header.why_unknown
    if len(payers) > 1:
        return (
            f"one request carries two credentials, of {' and of '.join(payers)}"
        )
    if situation.foreign_url and payers[0].startswith("your "):
        return f"the credential of {payers[0]} goes to {_service(situation)}"
    return ""


def _is_other(situation: Situation) -> bool:
    """Tell whether something else than the active profile may be sent."""
    headers = situation.verdict.request.headers
    owners = {situation.profile_of(header) for header in headers}
    return bool(situation.chosen) and owners != {situation.chosen}


def _details(situation: Situation, header: Header) -> list[str]:
    """Return what tells an account from others, and what bill it is."""
    profile = situation.accounts.get(situation.profile_of(header))
    status, bill = situation.verdict.status, situation.bill
    found = []
    if profile is None and header.source.kind not in _LOGINS:
        found.append(situation.short(situation.place(header.source)))
    if header.source.kind == "login":
        found += [t for t in (status.email, status.subscription_type) if t]
    if bill == SUBSCRIPTION:
        return found if profile is None and found else [*found, _PLAN]
    kind = "API" if bill == API else "cloud"
    return [*found, f"{kind} billing ({_service(situation)})"]


def _service(situation: Situation) -> str:
    url, provider = situation.foreign_url, situation.verdict.provider
    if url:  # which few people have: it loads what takes addresses apart
        return urls.host_of(url)
    return provider.title if provider else "Anthropic API"
