"""Warnings of a verdict: broken files, no effect, two accounts, a wrong host.

`whoami` prints these, `use` ends with them, and `doctor` begins with them.
"""

from __future__ import annotations

from collections.abc import Iterator

from keyswitch.diagnosis.findings.mix_ups import mix_ups
from keyswitch.diagnosis.findings.situation import (
    API,
    CLOUD,
    SUBSCRIPTION,
    Situation,
)
from keyswitch.diagnosis.findings.unread_files import passed_over
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver import policy
from keyswitch.targets.verdict import (
    ERROR,
    NOTE,
    SERVER,
    WARNING,
    Finding,
    Header,
    Source,
)

_BILLS = {
    API: "the API",
    SUBSCRIPTION: "a subscription",
    CLOUD: "a cloud provider",
}


def warnings(situation: Situation) -> tuple[Finding, ...]:
    """Return every contradiction once, the gravest kind first."""
    found = [*passed_over(situation)]
    if situation.in_use is False or not situation.verdict.request.sent:
        # Loaded here, since mostly what was chosen is sent.
        from keyswitch.diagnosis.findings.not_in_effect import not_in_effect

        found += not_in_effect(situation)
    for rule in RULES:
        found += rule(situation)
    return tuple(dict.fromkeys(found))  # one source may fill both headers


def two_accounts(situation: Situation) -> Iterator[Finding]:
    """Find that two credentials fill the two headers of one request."""
    request = situation.verdict.request
    key, bearer = request.key, request.bearer
    if key is None or bearer is None or _same(situation, key, bearer):
        return
    lesser = _lesser(situation, key, bearer).source
    why = (
        "Claude Code fills the two headers separately; the server chooses "
        "which one it uses"
    )
    yield Finding(
        "two-accounts",
        WARNING,
        f"one request carries two credentials: {key.source.name} as "
        f"x-api-key and {bearer.source.name} as authorization",
        situation.lasting(why, lesser),
        situation.how_to_stop(lesser),
        situation.place(lesser),
    )


def _same(situation: Situation, key: Header, bearer: Header) -> bool:
    if key.same_as(bearer):
        return True
    if key.value is not None and bearer.value is not None:
        return False
    owner = situation.owner(key).profile
    return bool(owner) and owner == situation.owner(bearer).profile


def _lesser(situation: Situation, key: Header, bearer: Header) -> Header:
    """Return the one of two that is less likely meant."""
    chosen = situation.chosen
    for header, other in ((key, bearer), (bearer, key)):
        if chosen and situation.owner(header).profile == chosen:
            return other
    added = key.source.kind == "custom_header"  # beside what was there
    return key if added or bearer.source.kind == "helper" else bearer


def key_to_other_host(situation: Situation) -> Iterator[Finding]:
    """Find that Anthropic's credential goes to somebody else's address."""
    url, base_url = situation.foreign_url, situation.verdict.base_url
    if not url or base_url is None:
        return
    strays = (
        header.source.name
        for header in situation.verdict.request.headers
        if _of_anthropic(header) and not _meant_for(situation, header, url)
    )
    name = next(strays, "")
    if not name:
        return
    from keyswitch.diagnosis.urls import shown

    place = situation.place(base_url.source)
    by_repository = base_url.source.of_repository
    origin = ", a file from the repository" * by_repository
    grave = ERROR if by_repository else WARNING
    what = f"{name} is sent to {shown(url)}, not to Anthropic"
    why = f"the address comes from {place}{origin}"
    why = situation.lasting(why, base_url.source)
    fix = situation.how_to_stop(base_url.source)
    yield Finding("key-to-other-host", grave, what, why, fix, place)


def _of_anthropic(header: Header) -> bool:
    if header.source.kind in ("login", "managed_key", "anthropic_profile"):
        return True
    value = header.value.reveal() if header.value else ""
    return value.startswith("sk-ant-")


def _meant_for(situation: Situation, header: Header, url: str) -> bool:
    """Tell whether the credential's own profile names this address."""
    profile = situation.accounts.get(situation.owner(header).profile)
    if profile is None:
        return False
    meant = profile.fields
    for changed in situation.accounts.other_uses(profile):
        meant = changed.stored.sends  # as it was before its file changed
    return meant.get("base_url") == url


def wrong_bill(situation: Situation) -> Iterator[Finding]:
    """Find that the request lands on another bill than the profile expects."""
    profile, bill = situation.wanted, situation.bill
    if profile and profile.expect and bill not in ("", profile.expect):
        meant, billed = _BILLS[profile.expect], _BILLS[bill]
        what = f"'{profile.name}' expects {meant} to be billed, but {billed} is"
        why = (
            "the credential that is sent decides the bill, not the active "
            "profile"
        )
        yield Finding("wrong-bill", ERROR, what, why, situation.again)


def login_passed_over(situation: Situation) -> Iterator[Finding]:
    """Find a variable that bills the API, though a subscription is there."""
    login = situation.scene.login
    # Who chose a profile or an address does not mean the login.
    meant = situation.chosen or situation.foreign_url
    if meant or situation.bill != API or not (login and login.usable):
        return
    source = situation.verdict.request.headers[0].source
    if source.kind == "environment":
        what = (
            f"{source.name} is billed as API use although there is a "
            "subscription"
        )
        why = "Claude Code prefers it to any login; 'claude -p' does not ask"
        why = situation.lasting(why, source)
        fix, place = situation.how_to_stop(source), situation.place(source)
        yield Finding("login-passed-over", WARNING, what, why, fix, place)


def cloud_over_key(situation: Situation) -> Iterator[Finding]:
    """Find a key of Anthropic that a cloud's switch leaves unused."""
    verdict, flag = situation.verdict, situation.verdict.flag
    used = {h.source.name for h in verdict.request.headers}
    unused = rules.API_KEY not in used and situation.view.text(rules.API_KEY)
    if flag and unused and not situation.chosen:
        name, service = flag.source.name, verdict.service
        what = f"{rules.API_KEY} is unused: {name} sends requests to {service}"
        why = "'claude auth status' still shows the key"
        why = situation.lasting(why, flag.source)
        fix = situation.how_to_stop(flag.source)
        place = situation.place(flag.source)
        yield Finding("cloud-over-key", NOTE, what, why, fix, place)


def status_disagrees(situation: Situation) -> Iterator[Finding]:
    """Find what `claude auth status` says that is not so."""
    status, request = situation.verdict.status, situation.verdict.request
    sources = [header.source for header in request.headers]
    for source in [s for s in sources if s.kind == "custom_header"][:1]:
        what = (
            f"{source.name} is sent, but 'claude auth status' does not show it"
        )
        why = "custom headers are applied last, after everything it checks"
        # It may be the only one, so that without it nothing is sent.
        fix, place = "keyswitch whoami", situation.place(source)
        yield Finding("status-misleads", NOTE, what, why, fix, place)
    for source in sources:
        if source.of_repository and source.kind == "environment":
            yield Finding(
                "repository-credential",
                WARNING,
                f"this repository's settings set {source.name}, but 'claude "
                "auth status' does not show it",
                "requests apply the repository's settings, 'claude auth "
                "status' does not",
                situation.how_to_stop(source),
                situation.place(source),
            )
    if status.logged_in and not request.sent:
        method = status.auth_method
        what = f"'claude auth status' shows {method}, but nothing can be sent"
        why = "it checks only that a credential exists, not that it works"
        yield Finding("status-misleads", NOTE, what, why, "keyswitch whoami")


_ORGANIZATION = "ask who manages Claude Code at your organization"


def set_by_organization(situation: Situation) -> Iterator[Finding]:
    """Find what its server sent, and a program that computes its settings."""
    for source in _of_the_server(situation):
        place = situation.place(source)
        what = (
            f"your organization's server sets {source.name} and may change it"
        )
        why = "Claude Code asks it at each start and keeps its last answer"
        yield Finding("server-settings", NOTE, what, why, _ORGANIZATION, place)
    program = policy.program(situation.scene)
    if program is not None:
        place = situation.place(program.source)
        what = f"{program.text} computes your organization's settings"
        why = "Claude Code runs it at each start; keyswitch does not run it"
        yield Finding("policy-program", NOTE, what, why, _ORGANIZATION, place)


def _of_the_server(situation: Situation) -> list[Source]:
    verdict = situation.verdict
    values = filter(None, (verdict.base_url, verdict.flag))
    sources = [header.source for header in verdict.request.headers]
    sources += [value.source for value in values]
    if verdict.request.refused_by:
        sources.append(verdict.request.refused_by)
    found = [source for source in sources if source.set_by == SERVER]
    return list(dict.fromkeys(found))


def of_cloud(situation: Situation) -> Iterator[Finding]:
    """Find what a cloud's credential lacks, or may be instead."""
    if situation.verdict.provider is not None:
        # Loaded here: most people have none.
        from keyswitch.diagnosis.findings import clouds

        yield from clouds.not_known(situation)
        yield from clouds.signs_in_first(situation)


RULES = (
    of_cloud,
    mix_ups,
    two_accounts,
    key_to_other_host,
    wrong_bill,
    login_passed_over,
    cloud_over_key,
    status_disagrees,
    set_by_organization,
)
