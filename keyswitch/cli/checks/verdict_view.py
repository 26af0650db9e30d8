"""How a verdict is shown: one screen for a person, one object for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyswitch.cli.session import attributes
from keyswitch.diagnosis import urls
from keyswitch.diagnosis.findings import interactive

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.diagnosis.findings.accounts import Owner
    from keyswitch.diagnosis.findings.finding import Finding
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.online.verify import Answer
    from keyswitch.diagnosis.verdict import Header, Source

_KINDS = {
    "login": "the stored login",
    "managed_key": "the Console login's key",
    "anthropic_profile": "Anthropic profile",
    "helper": "the helper",
    "aws_profile": "AWS profile",
    "federation": "the federation",
}
_ANSWERS = {True: "accepted", False: "refused", None: "not known"}


def _source_document(situation: Situation, source: Source) -> dict[str, Any]:
    document = attributes(source, "kind", "name", or_null=("set_by",))
    if source.path:
        document |= attributes(source, "path", or_null=("line",))
    origin = situation.origin(source)
    if origin is not None:
        document["start_file"] = attributes(origin, "path", "line", "certain")
    return document


def _header_document(
    situation: Situation, header: Header | None
) -> dict[str, Any] | None:
    if header is None:
        return None
    return {
        "scheme": header.shown_scheme,
        **_owner_document(situation, situation.owner(header), header.source),
        "why_unknown": header.why_unknown or None,
    }


def _owner_document(
    situation: Situation, owner: Owner, source: Source
) -> dict[str, Any]:
    shown = attributes(owner, "masked", or_null=("profile",))
    return {**shown, "source": _source_document(situation, source)}


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return a finding as `--json` shows it."""
    words = ("severity", "what", "why", "fix")
    shown = attributes(finding, *words, or_null=("place",))
    return {"id": finding.check, **shown}


def answer_document(situation: Situation, answer: Answer) -> dict[str, Any]:
    """Return what the service said, as `--json` shows it."""
    return {
        **attributes(answer, "header", "ok", "status", "milliseconds", "what"),
        **attributes(answer, or_null=("asked", "who", "fix")),
        "source": _source_document(situation, answer.source),
    }


def document(
    situation: Situation, findings: Sequence[Finding]
) -> dict[str, Any]:
    """Return the verdict as `whoami --json` shows it."""
    verdict = situation.verdict
    status, request, url = verdict.status, verdict.request, verdict.base_url
    shadowed = []
    for entry in request.shadowed:
        owner = situation.accounts.owner_of(entry.value, entry.source)
        shown = _owner_document(situation, owner, entry.source)
        shadowed.append({**shown, "because": entry.because})
    return {
        "claude_code": attributes(
            status,
            "logged_in",
            "auth_method",
            "api_provider",
            "api_key_source",
            "email",
            "org_name",
            "subscription_type",
        ),
        "request": {
            "sent": request.sent,
            "refusal": request.refusal or None,
            "x-api-key": _header_document(situation, request.key),
            "authorization": _header_document(situation, request.bearer),
            "base_url": urls.shown(url.text) if url else None,
            "base_url_source": _source_document(situation, url.source)
            if url
            else None,
            "bill": situation.bill or None,
        },
        "active": situation.chosen or None,
        "in_use": situation.in_use,
        "interactive": list(interactive.questions(situation)),
        "shadowed": shadowed,
        "warnings": [finding_document(f) for f in findings],
    }


def rows(
    situation: Situation, findings: Sequence[Finding]
) -> Iterator[tuple[str, str]]:
    """Yield (title, text) of one screen."""
    request, status = situation.verdict.request, situation.verdict.status
    yield "account", account(situation)
    if request.sent:
        yield "x-api-key", _header(situation, request.key)
        yield "authorization", _header(situation, request.bearer)
        yield "sent to", _address(situation)
        yield "bill", _bill(situation)
    method = status.auth_method
    if status.api_key_source and status.api_key_source != method:
        method += f", {status.api_key_source}"
    yield "auth status", f"{method} ({status.api_provider})"
    for number, entry in enumerate(request.shadowed):
        owner = situation.accounts.owner_of(entry.value, entry.source)
        whose = f" ({owner.profile})" if owner.profile else ""
        place = f"{_where(situation, entry.source)}: {entry.because}"
        shown = owner.masked or "(not read)"
        yield "" if number else "shadowed", f"{shown}{whose}  {place}"
    for number, question in enumerate(interactive.questions(situation)):
        yield "" if number else "would ask", question
    for finding in findings:
        yield finding.severity, finding.what
        yield "", f"why: {finding.why}"
        yield "", f"fix: {finding.fix}"


def answer_rows(answers: Sequence[Answer]) -> Iterator[tuple[str, str]]:
    """Yield what the service said of each credential."""
    for answer in answers:
        who = f" as {answer.who}" if answer.who else ""
        took = answer.milliseconds
        time = "" if took is None else f" ({took} ms)"
        said = f"{_ANSWERS[answer.ok]}{who}: {answer.what}{time}"
        yield f"asked ({answer.header})", said
        if answer.fix:
            yield "", f"fix: {answer.fix}"


def account(situation: Situation) -> str:
    """Return whose account this is, in one line."""
    request = situation.verdict.request
    if not request.sent:
        return f"none: {request.refusal}"
    if not request.headers:
        return "none: requests go out without a credential"
    owners = [(situation.owner(h).profile, h) for h in request.headers]
    names = sorted({name for name, _ in owners if name})
    parts = [_profile_text(situation, name) for name in names]
    parts += [_stranger(situation, h) for name, h in owners if not name]
    return " and ".join(dict.fromkeys(parts))


def _profile_text(situation: Situation, name: str) -> str:
    profile = situation.accounts.get(name)
    if profile is None:
        return name
    label = f", {profile.label}" if profile.label else ""
    return f"{name} ({profile.provider}{label})"


def _stranger(situation: Situation, header: Header) -> str:
    """Return whose a credential of no profile is."""
    status = situation.verdict.status
    if header.source.kind == "login":
        plan = status.subscription_type
        who = (status.email or "a login") + (f" ({plan})" if plan else "")
        return f"{who}, no profile of keyswitch"
    if header.value is None:
        return f"not known: {header.why_unknown}"
    return "a credential that no profile holds"


def _header(situation: Situation, header: Header | None) -> str:
    if header is None:
        return "-"
    shown = situation.owner(header).masked
    if shown is None:
        shown = "(not known)"
    return f"{shown or '(empty)'}  {_where(situation, header.source)}"


def _where(situation: Situation, source: Source) -> str:
    kind = _KINDS.get(source.kind)
    place = _short(situation, source)
    if kind is None:
        return f"{source.name} in {place}" if source.path else place
    if source.kind in ("aws_profile", "anthropic_profile"):
        return f"{kind} '{source.name}' in {place}"
    return f"{kind} in {place}"


def _short(situation: Situation, source: Source) -> str:
    """Return where a source is, below `~` where that is so."""
    place = situation.place(source)
    home = situation.scene.home.rstrip("/")
    return place.replace(f"{home}/", "~/") if home else place


def _address(situation: Situation) -> str:
    url, provider = situation.verdict.base_url, situation.verdict.provider
    if url is not None:
        return f"{urls.shown(url.text)}  {_short(situation, url.source)}"
    return provider.title if provider else "https://api.anthropic.com"


def _bill(situation: Situation) -> str:
    bill = situation.bill or "not known"
    profile = situation.wanted
    if profile is None or not profile.expect:
        return bill
    if profile.expect == situation.bill:
        return f"{bill}, as '{profile.name}' expects"
    return f"{bill}, but '{profile.name}' expects {profile.expect}"
