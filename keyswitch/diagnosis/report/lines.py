"""A report for a support ticket: everything that matters, nothing secret.

A ticket is public more often than not.
"""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

from keyswitch import __version__
from keyswitch.diagnosis.findings.installations import installs
from keyswitch.diagnosis.report.redaction import Redaction
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.diagnosis.findings.finding import Finding
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.online.network import Step
    from keyswitch.diagnosis.verdict import Header

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


def report_text(
    situation: Situation, findings: Sequence[Finding], steps: Sequence[Step]
) -> str:
    """Return the report. Only its own words are not redacted."""
    lines = _lines(situation, findings, steps, Redaction(situation))
    return "\n".join(lines) + "\n"


def _lines(
    situation: Situation,
    findings: Sequence[Finding],
    steps: Sequence[Step],
    hide: Redaction,
) -> Iterator[str]:
    scene, verdict = situation.scene, situation.verdict
    yield f"keyswitch {__version__}, Python {platform.python_version()}"
    yield f"system: {platform.system()} {platform.release()}, {sys.platform}"
    yield f"rules observed on: Claude Code {rules.OBSERVED_VERSION}"
    for install in installs(scene.environ.get("PATH", ""), scene.home):
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
