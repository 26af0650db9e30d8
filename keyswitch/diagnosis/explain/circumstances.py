"""What holds where an error text is explained, in the words of its rules.

Pure: a verdict and what stands around it become conditions ("aws",
"login-shadowed") and words to fill in ("{credential}").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from keyswitch.diagnosis.explain.error_text import find
from keyswitch.diagnosis.explain.surroundings import (
    SETTABLE,
    describe,
    how_to_stop,
    where,
)
from keyswitch.diagnosis.findings import billing
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keyswitch.diagnosis.explain.error_text import ErrorText
    from keyswitch.diagnosis.explain.surroundings import Surroundings
    from keyswitch.diagnosis.verdict import Header, Source, Verdict

FAMILIES = {
    "bedrock": "aws",
    "mantle": "aws",
    "anthropicAws": "aws",
    "foundry": "foundry",
    "vertex": "google",
    "anthropicGoogleCloud": "google",
}

# What Claude Code itself writes around an answer, by what it was set to.
_TOLD = {
    "aws": (
        "AWS authentication failed",
        "AWS credentials expired or invalid",
        "could not load AWS credentials",
        "check your Amazon Bedrock",
        "on your bedrock deployment",
        "on your mantle deployment",
    ),
    "google": (
        "Google Cloud authentication failed",
        "Google Cloud credentials expired or invalid",
        "could not load Google Cloud credentials",
        "on your vertex deployment",
    ),
    "foundry": (
        "Microsoft Foundry authentication failed",
        "check your Microsoft Foundry",
        "on your foundry deployment",
    ),
    "anthropic": (
        "Failed to authenticate. API Error",
        "Please run /login * API Error",
        "check https://status.claude.com",
        "check your inference gateway",
    ),
}

# How a source is called in conditions: by its name, else by its kind.
_USED = {
    rules.API_KEY: "api-key-used",
    rules.API_KEY_FD: "api-key-used",
    rules.AUTH_TOKEN: "auth-token-used",
    rules.OAUTH_TOKEN: "oauth-token-used",
    rules.OAUTH_FD: "oauth-token-used",
    "apiKeyHelper": "helper-used",
    "awsCredentialExport": "aws-export-used",
    "AWS_ACCESS_KEY_ID": "aws-pair-used",
    "AWS_BEARER_TOKEN_BEDROCK": "aws-bearer-used",
    "login": "login-used",
    "managed_key": "managed-key-used",
    "anthropic_profile": "profile-used",
    "federation": "profile-used",
    "custom_header": "custom-header-used",
    "aws_profile": "aws-profile-used",
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The conditions that hold, and the words that can be filled in."""

    holds: frozenset[str]
    words: Mapping[str, str]


def circumstances(
    text: ErrorText,
    verdict: Verdict | None,
    around: Surroundings,
    about: str = "bearer",
) -> Circumstances:
    """Turn a verdict, and what the text says of itself, into words."""
    told = {
        family
        for family, phrases in _TOLD.items()
        if any(find(phrase, text) for phrase in phrases)
    }
    holds = {f"told-{family}" for family in told}
    if find("Not logged in", text):
        holds.add("told-not-logged-in")
    words = {"profile": around.active or "NAME", "config": around.config}
    if around.active:
        holds.add("active")
    if verdict is not None:
        holds.add("known")
        _address(verdict, around, holds, words)
        _credentials(verdict, around, about, holds, words)
        _extras(around, holds, words)
        if told and not told & holds:
            holds.add("elsewhere")
    return Circumstances(frozenset(holds), words)


def _address(
    verdict: Verdict,
    around: Surroundings,
    holds: set[str],
    words: dict[str, str],
) -> None:
    """Say whom Claude Code talks to here, and what chose that."""
    provider = verdict.provider
    if provider is None:
        holds.add("anthropic")
        words["provider"] = "Anthropic"
    else:
        holds |= {"cloud", provider.name, FAMILIES[provider.name]}
        words |= {"provider": provider.title, "flag": provider.flag}
        if around.flag is not None:
            _place("flag", around.flag.source, around, words)
    url = verdict.base_url
    if url is None or (provider is None and billing.is_anthropic(url.text)):
        return
    holds.add("gateway")
    words["gateway"] = _host_and_port(url.text)
    _place("gateway", url.source, around, words)
    if url.source.set_by in rules.REPOSITORY_LEVELS:
        holds.add("gateway-of-repository")


def _host_and_port(url: str) -> str:
    """Return what may be shown of an address: it can hold a password."""
    host = billing.host_of(url)
    try:
        port = urlsplit(url).port
    except ValueError:
        port = None
    if not host:
        return "an address without host"
    return f"{host}:{port}" if port else host


def _credentials(
    verdict: Verdict,
    around: Surroundings,
    about: str,
    holds: set[str],
    words: dict[str, str],
) -> None:
    """Say what is sent here, or why nothing is."""
    request = verdict.request
    holds.add("sent" if request.sent else "unsent")
    words["refusal"] = request.refusal
    found = [h for h in (request.bearer, request.key) if h is not None]
    if about == "key":
        found.reverse()
    if len(found) == 2 and not _same(found[0], found[1]):
        holds.add("two")
        words["second"] = describe(found[1], around)
    for header in found[:1]:
        source = header.source
        words["credential"] = describe(header, around)
        words["credential_name"] = source.name
        _place("credential", source, around, words)
        used = _USED.get(source.name) or _USED.get(source.kind, "other-used")
        if source.kind == "custom_header":
            used = "custom-header-used"
        holds.add(used)
        if source.set_by in rules.REPOSITORY_LEVELS:
            holds.add("credential-of-repository")
        if "keyswitch" in source.command:
            holds.add("keyswitch-used")
        if source.kind == "aws_profile":
            words["aws_profile"] = source.name
    _shadowed_login(verdict, around, holds, words)


def _shadowed_login(
    verdict: Verdict,
    around: Surroundings,
    holds: set[str],
    words: dict[str, str],
) -> None:
    """Say whether a stored login is passed over, and all that is in its way."""
    request = verdict.request
    hidden = [s.source for s in request.shadowed]
    if not any(source.kind == "login" for source in hidden):
        return
    holds.add("login-shadowed")
    before = [h.source for h in request.headers] + [
        source for source in hidden if source.kind in SETTABLE
    ]
    stops = [how_to_stop(source, around) for source in before]
    if all(stops):
        words["login_stop"] = _joined(dict.fromkeys(stops))


def _joined(stops: Iterable[str]) -> str:
    """Put several commands that are alike into one."""
    lead = "`unset "
    plain = [s[len(lead) : -1] for s in stops if s.startswith(lead)]
    rest = [s for s in stops if not s.startswith(lead)]
    if plain:
        rest.append(f"{lead}{' '.join(plain)}`")
    return ", then ".join(rest)


def _same(one: Header, other: Header) -> bool:
    if one.source == other.source:
        return True
    return one.value is not None and one.value == other.value


def _extras(
    around: Surroundings, holds: set[str], words: dict[str, str]
) -> None:
    if around.login_emptied:
        holds.add("login-emptied")
    if around.proxy is not None:
        holds.add("proxy")
        words["proxy"] = around.proxy.source.name
        _place("proxy", around.proxy.source, around, words)
    if around.aws_profile is not None and around.aws_profile.text.strip():
        words.setdefault("aws_profile", around.aws_profile.text.strip())
    if around.session_token is not None and around.session_token.text.strip():
        holds.add("session-token")
        _place("session", around.session_token.source, around, words)


def _place(
    name: str, source: Source, around: Surroundings, words: dict[str, str]
) -> None:
    words[f"{name}_where"] = where(source, around)
    words[f"{name}_stop"] = how_to_stop(source, around)
