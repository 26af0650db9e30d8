"""A report for a support ticket: everything that matters, nothing secret.

A ticket is public more often than not, so names of profiles, addresses of
gateways, e-mails, the home directory and whatever may be a key are taken out.
"""

from __future__ import annotations

import platform
import re
import sys
from typing import TYPE_CHECKING

from keyswitch import __version__
from keyswitch.diagnosis.findings.installations import installs
from keyswitch.diagnosis.urls import host_of, is_anthropic, shown
from keyswitch.display import printable
from keyswitch.network.address import LOCAL
from keyswitch.targets.claude_code import rules, versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.online.network import NetworkStep
    from keyswitch.targets.verdict import Finding, Header


# Only whether these are set is told, never their values.
_NAMED = (
    *(n for p in rules.PROVIDERS for n in (p.flag, p.skip, p.base_url)),
    *rules.SECRET_VARIABLES,
    *rules.PROXIES,
    *rules.AUTHORITIES,
    rules.API_KEY_FD,
    rules.BASE_URL,
    rules.HOST_MANAGED,
    rules.OAUTH_FD,
    rules.PROFILE,
    rules.SIMPLE,
    rules.UNIX_SOCKET,
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "CLAUDE_CONFIG_DIR",
    "NO_PROXY",
)


def report_text(
    situation: Situation,
    findings: Sequence[Finding],
    steps: Sequence[NetworkStep],
) -> str:
    """Return the report. Only its own words are not redacted."""
    lines = _lines(situation, findings, steps, Redaction(situation))
    return "\n".join(lines) + "\n"


def _lines(
    situation: Situation,
    findings: Sequence[Finding],
    steps: Sequence[NetworkStep],
    hide: Redaction,
) -> Iterator[str]:
    scene, verdict = situation.scene, situation.verdict
    yield f"keyswitch {__version__}, Python {platform.python_version()}"
    yield f"system: {platform.system()} {platform.release()}, {sys.platform}"
    yield f"rules observed on: Claude Code {', '.join(versions.OBSERVED)}"
    for install in installs(scene):
        version = install.version or "version unknown"
        yield f"claude: {hide(install.path)} {version}"
    yield f"profiles: {len(situation.accounts.profiles)}"
    yield f"a profile is chosen: {'yes' if situation.chosen else 'no'}"
    yield f"in use: {situation.in_use}"
    status = verdict.status
    yield (
        f"auth status: {status.auth_method}, provider {status.api_provider}, "
        f"key source {status.api_key_source}"
    )
    request = verdict.request
    yield f"sent: {request.sent} {hide(request.refusal)}".rstrip()
    yield f"x-api-key: {_header(situation, request.key)}"
    yield f"authorization: {_header(situation, request.bearer)}"
    for entry in request.shadowed:
        place = situation.place(entry.source)
        yield f"shadowed: {hide(place)}: {hide(entry.because)}"
    for name in sorted(_NAMED):
        value = scene.request.get(name)
        if value is not None:
            state = "set" if value.text.strip() else "empty"
            yield f"variable: {name} {state} by {value.source.set_by}"
    for file in scene.files:
        problem = hide(file.problem) or "read"
        yield f"settings: {file.level} {hide(file.path)} {problem}"
    for step in steps:
        word = "ok" if step.ok else f"failed: {hide(step.why)}"
        yield f"network: {step.name} {step.milliseconds} ms {word}"
    for f in findings:
        yield f"{f.severity}: [{f.check}] {hide(f.what)}"
        yield f"  why: {hide(f.why)}"
        yield f"  fix: {hide(f.fix)}"


def _header(situation: Situation, header: Header | None) -> str:
    if header is None:
        return "-"
    owner = situation.owner(header)
    whose = "of a profile" if owner.profile else "of no profile"
    return f"{header.shown_scheme} from {header.source.kind} {whose}"


# It starts at a word only, so that the time stays linear in long texts.
_EMAIL = r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_LONG = r"[A-Za-z0-9_\-+/=]{24,}"  # may be a secret
_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"

# Names of profiles that tell nothing; "keyswitch" is the one that keyswitch
# itself makes for the AWS tools.
_COMMON = ("default", "keyswitch")


# Variables that may hold an address.
_ADDRESSES = (
    *(p.base_url for p in rules.PROVIDERS),
    *rules.PROXIES,
    rules.BASE_URL,
    "ALL_PROXY",
    "NO_PROXY",
    "all_proxy",
    "no_proxy",
)


class Redaction:
    """Takes out of a text what says who and where somebody is."""

    def __init__(self, situation: Situation) -> None:
        self.words = {
            **{n: "<name>" for n in _names(situation) if n not in _COMMON},
            **_of_profiles(situation),
            situation.scene.home.rstrip("/"): "~",
        }
        self.hosts = {}
        for url in _addresses(situation):
            host = host_of(url)
            if host and host not in LOCAL and not is_anthropic(url):
                self.hosts[shown(url).lower()] = "<address>"
                self.hosts[host] = "<host>"
        self._words = _any_of(self.words)
        self._hosts = _any_of(self.hosts, re.IGNORECASE)

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        text = self._hosts.sub(self._host, text)
        text = self._words.sub(lambda m: self.words[m[0]], text)
        text = re.sub(_UUID, "<uuid>", re.sub(_EMAIL, "<e-mail>", text))
        return printable(re.sub(_LONG, _shortened, text))

    def _host(self, match: re.Match[str]) -> str:
        # Ignoring case, "s" also matches the long s, whose lower case is
        # another letter.
        return self.hosts.get(match[0].lower(), "<host>")


def _any_of(words: Iterable[str], flags: int = 0) -> re.Pattern[str]:
    """Return what finds these words, of two that overlap the longer one."""
    longest_first = sorted(filter(None, words), key=len, reverse=True)
    one = "|".join(map(re.escape, longest_first)) or r"(?!)"
    return re.compile(rf"(?<![\w-])(?:{one})(?![\w-])", flags)


def _of_profiles(situation: Situation) -> dict[str, str]:
    """Return the names and fields of profiles, and what stands for them."""
    accounts = situation.accounts
    words = {}
    names = [p.name for p in accounts.profiles]
    names += [b.name for b in accounts.broken]
    for number, name in enumerate(names, 1):
        profile = accounts.get(name)
        for field, value in profile.fields.items() if profile else ():
            if len(value) > 3 and field != "region":
                words[value] = f"<{field} of profile-{number}>"
        words[name] = f"profile-{number}"
    return words


def _names(situation: Situation) -> Iterator[str]:
    """Yield names of other programs' profiles and of the person."""
    scene = situation.scene
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", rules.PROFILE):
        for value in scene.request.all(name):
            yield value.text.strip()
    for header in situation.verdict.request.headers:
        if header.source.kind in ("aws_profile", "anthropic_profile"):
            yield header.source.name
    yield situation.chosen
    yield scene.config.email or ""
    yield scene.config.organization or ""


def _addresses(situation: Situation) -> Iterator[str]:
    """Yield every address that is set, whether it is used or not."""
    for name in _ADDRESSES:
        for value in situation.scene.request.all(name):
            yield value.text.strip()
    for profile in situation.accounts.profiles:
        yield profile.fields.get("base_url", "")


def _shortened(match: re.Match[str]) -> str:
    """Leave words and paths, hide what may be a key."""
    found = match[0]
    if "/" in found or not any(c.isdigit() for c in found):
        return found
    return "<hidden>"
