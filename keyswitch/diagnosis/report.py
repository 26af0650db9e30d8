"""A report for a support ticket: everything that matters, nothing secret.

Names of profiles, addresses of gateways, e-mails and the home directory are
left out as well: a ticket is public more often than not.
"""

from __future__ import annotations

import platform
import re
import sys
from typing import TYPE_CHECKING

from keyswitch import __version__
from keyswitch.diagnosis.billing import host_of, is_anthropic
from keyswitch.diagnosis.checks.installs import installs
from keyswitch.display import printable
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.diagnosis.finding import Finding
    from keyswitch.diagnosis.network import Step
    from keyswitch.diagnosis.situation import Situation
    from keyswitch.diagnosis.verdict import Header

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LONG = re.compile(r"[A-Za-z0-9_\-+/=]{24,}")  # may be a secret
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

# Only whether these are set is told, never their values.
_NAMED = (
    *(p.flag for p in rules.PROVIDERS),
    *(p.skip for p in rules.PROVIDERS),
    *(p.base_url for p in rules.PROVIDERS),
    rules.API_KEY,
    rules.API_KEY_FD,
    rules.AUTH_TOKEN,
    rules.BASE_URL,
    rules.CUSTOM_HEADERS,
    rules.HOST_MANAGED,
    rules.OAUTH_FD,
    rules.OAUTH_TOKEN,
    rules.PROFILE,
    rules.SIMPLE,
    rules.UNIX_SOCKET,
    "AWS_ACCESS_KEY_ID",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "CLAUDE_CONFIG_DIR",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "NO_PROXY",
)


def text(
    situation: Situation, findings: Sequence[Finding], steps: Sequence[Step]
) -> str:
    """Return the report, redacted line by line."""
    hide = _Redaction(situation)
    lines = [
        printable(hide(line)) for line in _lines(situation, findings, steps)
    ]
    return "\n".join(lines) + "\n"


class _Redaction:
    """Takes out of a line what says who and where somebody is."""

    def __init__(self, situation: Situation) -> None:
        self.words = [(situation.scene.home.rstrip("/"), "~")]
        for number, profile in enumerate(situation.accounts.profiles, 1):
            self.words.append((f"'{profile.name}'", f"profile-{number}"))
            self.words += [
                (value, f"<{field} of profile-{number}>")
                for field, value in profile.fields.items()
                if len(value) > 3 and field != "region"
            ]
        url = situation.verdict.base_url
        host = host_of(url.text) if url else ""
        if url and host and not is_anthropic(url.text):
            self.words += [(url.text, "<base URL>"), (host, "<its host>")]

    def __call__(self, line: str) -> str:
        for word, instead in self.words:
            if word:
                line = line.replace(word, instead)
        line = _UUID.sub("<uuid>", _EMAIL.sub("<e-mail>", line))
        return _LONG.sub(_shortened, line)


def _shortened(match: re.Match[str]) -> str:
    """Leave words and paths, hide what may be a key."""
    found = match[0]
    if "/" in found or not any(c.isdigit() for c in found):
        return found
    return "<hidden>"


def _lines(
    situation: Situation, findings: Sequence[Finding], steps: Sequence[Step]
) -> Iterator[str]:
    scene, verdict = situation.scene, situation.verdict
    yield f"keyswitch {__version__}, Python {platform.python_version()}"
    yield f"system: {platform.system()} {platform.release()}, {sys.platform}"
    yield f"rules observed on: Claude Code {rules.OBSERVED_VERSION}"
    for install in installs(scene.environ.get("PATH", ""), scene.home):
        yield f"claude: {install.path} {install.version or 'version unknown'}"
    yield f"profiles: {len(situation.accounts.profiles)}"
    yield f"a profile is chosen: {'yes' if situation.chosen.name else 'no'}"
    yield f"in use: {situation.in_use}"
    status = verdict.status
    yield (
        f"auth status: {status.auth_method}, provider {status.api_provider}, "
        f"key source {status.api_key_source}"
    )
    request = verdict.request
    yield f"sent: {request.sent} {request.refusal}".rstrip()
    yield f"x-api-key: {_header(situation, request.key)}"
    yield f"authorization: {_header(situation, request.bearer)}"
    for entry in request.shadowed:
        yield f"shadowed: {situation.place(entry.source)}: {entry.because}"
    for name in sorted(_NAMED):
        value = scene.request.get(name)
        if value is not None:
            state = "set" if value.text.strip() else "empty"
            yield f"variable: {name} {state} by {value.source.set_by}"
    for file in scene.files:
        yield f"settings: {file.level} {file.path} {file.problem or 'read'}"
    for step in steps:
        word = "ok" if step.ok else f"failed: {step.why}"
        yield f"network: {step.name} {step.milliseconds} ms {word}"
    for f in findings:
        yield f"{f.severity}: [{f.check}] {f.what}"
        yield f"  why: {f.why}"
        yield f"  fix: {f.fix}"


def _header(situation: Situation, header: Header | None) -> str:
    if header is None:
        return "-"
    owner = situation.owner(header)
    whose = "of a profile" if owner.profile else "of no profile"
    return f"{header.scheme} from {header.source.kind} {whose}"
