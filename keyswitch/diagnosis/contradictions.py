"""What a verdict warns of: no effect, two accounts at once, a wrong address.

`whoami` prints these, `use` ends with them, and `doctor` begins with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis import billing
from keyswitch.diagnosis.finding import ERROR, NOTE, WARNING, Finding
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.situation import Situation
    from keyswitch.diagnosis.verdict import Header, Source

_BILLS = {
    billing.API: "the API",
    billing.SUBSCRIPTION: "a subscription",
    billing.CLOUD: "a cloud provider",
}


def warnings(situation: Situation) -> tuple[Finding, ...]:
    """Return every contradiction, the gravest kind first."""
    return tuple(finding for rule in RULES for finding in rule(situation))


def nothing_is_sent(situation: Situation) -> Iterator[Finding]:
    """Find that Claude Code would send no request at all."""
    request = situation.verdict.request
    if request.sent:
        return
    yield Finding(
        "nothing-sent",
        ERROR,
        f"Claude Code sends nothing: {request.refusal}",
        "without a credential that it takes, it ends before any request",
        _way_in(situation),
    )


def _way_in(situation: Situation) -> str:
    verdict = situation.verdict
    if verdict.provider is not None:
        flag = situation.scene.request.get(verdict.provider.flag)
        if flag is not None:
            return how_to_stop(situation, flag.source)
    if situation.chosen.name:
        return f"keyswitch use {situation.chosen.name}"
    return "keyswitch use NAME, or in Claude Code: /login"


def not_in_use(situation: Situation) -> Iterator[Finding]:
    """Find that a profile was chosen, and something else is sent."""
    if situation.in_use is not False or not situation.verdict.request.sent:
        return
    name = situation.chosen.name
    provider = situation.verdict.provider
    flag = provider and situation.scene.request.get(provider.flag)
    blamed: list[tuple[str, Source]] = []
    if provider is not None and flag and situation.wrong_provider:
        what = f"{provider.flag} sends requests to {provider.title}"
        blamed.append((what, flag.source))
    else:
        for header in situation.verdict.request.headers:
            owner = situation.owner(header).profile
            if owner != name:
                whose = f"profile '{owner}'" if owner else "no profile"
                label = f"{header.source.name} ({whose}) is sent"
                blamed.append((label, header.source))
    if not blamed:
        yield _by_address(situation, name)
    for what, source in blamed:
        why, fix = _in_its_place(situation, source)
        yield Finding(
            "profile-not-in-use",
            ERROR,
            f"'{name}' is chosen, but {what}",
            why,
            fix,
            situation.place(source),
        )


# What is used only where nothing else is there.
_LAST = ("login", "managed_key", "anthropic_profile")


def _in_its_place(situation: Situation, source: Source) -> tuple[str, str]:
    """Return why a source is used in a profile's place, and the way back."""
    place = situation.place(source)
    if source.kind not in _LAST:
        why = f"it comes from {place}, which outranks it"
        return why, how_to_stop(situation, source)
    # Taking that away would not bring the profile back: it is not there.
    why = f"nothing of it reaches Claude Code, so it falls back to {place}"
    user = [f for f in situation.scene.files if f.level == "user"]
    if user and user[0].problem:
        path, problem = user[0].path, user[0].problem
        return f"{path} is ignored: {problem}", f"mend {path}"
    if situation.taken and situation.taken.how == "environment":
        return why, 'eval "$(keyswitch env)"'
    return why, f"keyswitch use {situation.chosen.name}"


def _by_address(situation: Situation, name: str) -> Finding:
    url = situation.verdict.base_url
    where = situation.place(url.source) if url else ""
    found = f"{where} sets {billing.shown(url.text)}" if url else ""
    return Finding(
        "profile-not-in-use",
        ERROR,
        f"'{name}' is chosen, but requests do not go to its address",
        found or "no address is set",
        how_to_stop(situation, url.source) if url else f"keyswitch use {name}",
        where,
    )


def two_accounts(situation: Situation) -> Iterator[Finding]:
    """Find that two credentials fill the two headers of one request."""
    request = situation.verdict.request
    key, bearer = request.key, request.bearer
    if key is None or bearer is None or _same(situation, key, bearer):
        return
    lesser = _lesser(situation, key, bearer).source
    yield Finding(
        "two-accounts",
        WARNING,
        f"one request carries two credentials: {key.source.name} as "
        f"x-api-key and {bearer.source.name} as authorization",
        "Claude Code fills the two headers separately; which of the two the "
        "server takes is the server's choice",
        how_to_stop(situation, lesser),
        situation.place(lesser),
    )


def _same(situation: Situation, key: Header, bearer: Header) -> bool:
    if key.source == bearer.source:
        return True
    if key.value is not None and bearer.value is not None:
        return key.value == bearer.value
    owner = situation.owner(key).profile
    return bool(owner) and owner == situation.owner(bearer).profile


def _lesser(situation: Situation, key: Header, bearer: Header) -> Header:
    """Return the one of two that is less likely meant."""
    wanted = situation.chosen.name
    if wanted and situation.owner(key).profile == wanted:
        return bearer
    if wanted and situation.owner(bearer).profile == wanted:
        return key
    added = key.source.kind == "custom_header"  # beside what was there
    return key if added or bearer.source.kind == "helper" else bearer


def key_to_other_host(situation: Situation) -> Iterator[Finding]:
    """Find that Anthropic's credential goes to somebody else's address."""
    url, base_url = situation.foreign_url, situation.verdict.base_url
    request = situation.verdict.request
    if not url or base_url is None or not request.sent:
        return
    for header in request.headers:
        if not _of_anthropic(header) or _meant_for(situation, header, url):
            continue
        place = situation.place(base_url.source)
        by_repository = situation.url_of_repository
        yield Finding(
            "key-to-other-host",
            ERROR if by_repository else WARNING,
            f"{header.source.name} is sent to {billing.shown(url)}, "
            "not to Anthropic",
            f"{rules.BASE_URL} is set in {place}"
            + (", a file that came with the repository" * by_repository),
            how_to_stop(situation, base_url.source),
            place,
        )
        return


def _of_anthropic(header: Header) -> bool:
    if header.source.kind in ("login", "managed_key", "anthropic_profile"):
        return True
    value = header.value.reveal() if header.value else ""
    return value.startswith("sk-ant-")


def _meant_for(situation: Situation, header: Header, url: str) -> bool:
    """Tell whether the credential's own profile names this address."""
    profile = situation.accounts.get(situation.owner(header).profile)
    return profile is not None and profile.fields.get("base_url") == url


def wrong_bill(situation: Situation) -> Iterator[Finding]:
    """Find that the request lands on another bill than the profile expects."""
    profile = situation.wanted
    bill = situation.bill
    if profile is None or not profile.expect or bill in ("", profile.expect):
        return
    yield Finding(
        "wrong-bill",
        ERROR,
        f"'{profile.name}' expects {_BILLS[profile.expect]} to be billed, "
        f"and {_BILLS[bill]} is",
        "what is sent decides the bill, not what is chosen",
        f"keyswitch use {profile.name}, then look again",
    )


def login_passed_over(situation: Situation) -> Iterator[Finding]:
    """Find a variable that bills the API, though a subscription is there."""
    login, bill = situation.scene.login, situation.bill
    # Who chose a profile or an address does not mean the login.
    meant = situation.chosen.name or situation.foreign_url
    if meant or bill != billing.API or login is None or not login.usable:
        return
    source = situation.verdict.request.headers[0].source
    if source.kind != "environment":
        return
    yield Finding(
        "login-passed-over",
        WARNING,
        f"{source.name} is sent and the API is billed, though there is a "
        "login with a subscription",
        "Claude Code takes it before any login; 'claude -p' does not ask",
        how_to_stop(situation, source),
        situation.place(source),
    )


def cloud_over_key(situation: Situation) -> Iterator[Finding]:
    """Find a key of Anthropic that a cloud's switch leaves unused."""
    provider = situation.verdict.provider
    key = situation.scene.request.get(rules.API_KEY)
    if provider is None or situation.chosen.name or key is None:
        return
    flag = situation.scene.request.get(provider.flag)
    used = {h.source.name for h in situation.verdict.request.headers}
    if not key.text.strip() or flag is None or rules.API_KEY in used:
        return
    yield Finding(
        "cloud-over-key",
        NOTE,
        f"{rules.API_KEY} is set and not used: {provider.flag} sends requests "
        f"to {provider.title}",
        "'claude auth status' names the key all the same",
        how_to_stop(situation, flag.source),
        situation.place(flag.source),
    )


def status_disagrees(situation: Situation) -> Iterator[Finding]:
    """Find what `claude auth status` says that is not so."""
    status, request = situation.verdict.status, situation.verdict.request
    custom = [h for h in request.headers if h.source.kind == "custom_header"]
    if custom:
        yield Finding(
            "status-misleads",
            NOTE,
            "'claude auth status' does not see "
            f"{rules.CUSTOM_HEADERS}, which is what is sent",
            "custom headers are applied last, after everything it looks at",
            how_to_stop(situation, custom[0].source),
            situation.place(custom[0].source),
        )
    for header in request.headers:
        if header.source.set_by in rules.REPOSITORY_LEVELS and (
            header.source.kind == "environment"
        ):
            yield Finding(
                "repository-credential",
                WARNING,
                f"this repository's settings set {header.source.name}, and "
                "'claude auth status' does not show it",
                "a request applies what a repository sets, status does not",
                how_to_stop(situation, header.source),
                situation.place(header.source),
            )
    if status.logged_in and not request.sent:
        yield Finding(
            "status-misleads",
            NOTE,
            f"'claude auth status' says {status.auth_method}, but nothing "
            "can be sent",
            "it looks whether a credential is there, not whether it works",
            "keyswitch whoami tells what happens",
        )


def how_to_stop(situation: Situation, source: Source) -> str:
    """Return what takes a source away, as a command where there is one."""
    origin = situation.origin(source)
    if source.set_by == "process":
        if source.name in situation.chosen.exported:
            return 'eval "$(keyswitch env)"'
        if origin is not None:
            return f"take {origin.place} out, then: unset {source.name}"
        return f"unset {source.name}"
    if situation.accounts.own_words(source.command):
        # Ours, and it answers for the profile that this shell was given.
        return 'eval "$(keyswitch env)"'
    if situation.accounts.looks_like_ours(source.command):
        # Some keyswitch's that is gone, moved, or another one.
        return f"keyswitch use {situation.chosen.name or 'NAME'}"
    if source.kind == "login":
        return "keyswitch revoke-local --claude-code"
    if source.set_by == "managed":
        return f"ask whoever manages {source.path}"
    if source.set_by == "flag" and not source.path:
        return "leave --settings away"
    return f"remove '{source.name}' from {source.place}"


RULES = (
    nothing_is_sent,
    not_in_use,
    two_accounts,
    key_to_other_host,
    wrong_bill,
    login_passed_over,
    cloud_over_key,
    status_disagrees,
)
