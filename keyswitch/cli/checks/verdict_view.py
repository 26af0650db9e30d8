"""How a verdict is shown: one screen for a person, one object for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyswitch.diagnosis.findings import billing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.diagnosis.findings.finding import Finding
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.online.verify import Answer
    from keyswitch.diagnosis.verdict import Header, Shadowed, Source

NOTHING = "-"

_KINDS = {
    "login": "the stored login",
    "managed_key": "the Console login's key",
    "anthropic_profile": "Anthropic profile",
    "helper": "the helper",
    "aws_profile": "AWS profile",
    "federation": "the federation",
}


def source_document(situation: Situation, source: Source) -> dict[str, Any]:
    """Return a source as `--json` shows it."""
    document: dict[str, Any] = {
        "kind": source.kind,
        "name": source.name,
        "set_by": source.set_by or None,
    }
    if source.path:
        document["path"] = source.path
        document["line"] = source.line or None
    origin = situation.origin(source)
    if origin is not None:
        document["start_file"] = {
            "path": origin.path,
            "line": origin.line,
            "certain": origin.certain,
        }
    return document


def _header_document(
    situation: Situation, header: Header | None
) -> dict[str, Any] | None:
    if header is None:
        return None
    owner = situation.owner(header)
    return {
        "scheme": header.shown_scheme,
        "masked": owner.masked,
        "source": source_document(situation, header.source),
        "profile": owner.profile or None,
        "why_unknown": header.why_unknown or None,
    }


def _shadowed_document(situation: Situation, entry: Shadowed) -> dict[str, Any]:
    owner = situation.accounts.owner_of(entry.value, entry.source)
    return {
        "source": source_document(situation, entry.source),
        "masked": owner.masked,
        "profile": owner.profile or None,
        "because": entry.because,
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return a finding as `--json` shows it."""
    return {
        "id": finding.check,
        "severity": finding.severity,
        "what": finding.what,
        "why": finding.why,
        "fix": finding.fix,
        "place": finding.place or None,
    }


def answer_document(situation: Situation, answer: Answer) -> dict[str, Any]:
    """Return what the service said, as `--json` shows it."""
    return {
        "header": answer.header,
        "source": source_document(situation, answer.source),
        "asked": answer.asked or None,
        "ok": answer.ok,
        "status": answer.status,
        "milliseconds": answer.milliseconds,
        "who": answer.who or None,
        "what": answer.what,
        "fix": answer.fix or None,
    }


def document(
    situation: Situation, findings: Sequence[Finding]
) -> dict[str, Any]:
    """Return the verdict as `whoami --json` shows it."""
    verdict = situation.verdict
    status, request = verdict.status, verdict.request
    url = verdict.base_url
    return {
        "claude_code": {
            "logged_in": status.logged_in,
            "auth_method": status.auth_method,
            "api_provider": status.api_provider,
            "api_key_source": status.api_key_source,
            "email": status.email,
            "org_name": status.org_name,
            "subscription_type": status.subscription_type,
        },
        "request": {
            "sent": request.sent,
            "refusal": request.refusal or None,
            "x-api-key": _header_document(situation, request.key),
            "authorization": _header_document(situation, request.bearer),
            "base_url": billing.shown(url.text) if url else None,
            "base_url_source": source_document(situation, url.source)
            if url
            else None,
            "bill": situation.bill or None,
        },
        "active": situation.chosen or None,
        "in_use": situation.in_use,
        "interactive": list(situation.questions),
        "shadowed": [
            _shadowed_document(situation, s) for s in request.shadowed
        ],
        "warnings": [finding_document(f) for f in findings],
    }


# ------------------------------------------------------------- for a person


def rows(
    situation: Situation, findings: Sequence[Finding]
) -> Iterator[tuple[str, str]]:
    """Yield (title, text) of one screen."""
    verdict = situation.verdict
    request = verdict.request
    yield "account", account(situation)
    if request.sent:
        yield "x-api-key", _header(situation, request.key)
        yield "authorization", _header(situation, request.bearer)
        yield "sent to", _address(situation)
        yield "bill", _bill(situation)
    status = verdict.status
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
    for number, question in enumerate(situation.questions):
        yield "" if number else "would ask", question
    for finding in findings:
        yield finding.severity, finding.what
        yield "", f"why: {finding.why}"
        yield "", f"fix: {finding.fix}"


def account(situation: Situation) -> str:
    """Return whose account this is, in one line."""
    request = situation.verdict.request
    if not request.sent:
        return f"none: {request.refusal}"
    names = {situation.owner(h).profile for h in request.headers}
    parts = [_profile_text(situation, name) for name in sorted(names - {""})]
    if "" in names:
        parts += [
            _stranger(situation, h)
            for h in request.headers
            if not situation.owner(h).profile
        ]
    if not request.headers:
        return "none: requests go out without a credential"
    return " and ".join(dict.fromkeys(parts))


def _profile_text(situation: Situation, name: str) -> str:
    profile = situation.accounts.get(name)
    if profile is None:
        return name
    label = f", {profile.label}" if profile.label else ""
    return f"{name} ({profile.provider}{label})"


def _stranger(situation: Situation, header: Header) -> str:
    status = situation.verdict.status
    if header.source.kind == "login":
        plan = (
            f" ({status.subscription_type})"
            if (status.subscription_type)
            else ""
        )
        return f"{status.email or 'a login'}{plan}, no profile of keyswitch"
    if header.value is None:
        return f"not known: {header.why_unknown}"
    return "a credential that no profile holds"


def _header(situation: Situation, header: Header | None) -> str:
    if header is None:
        return NOTHING
    shown = situation.owner(header).masked
    if shown is None:
        shown = "(not known)"
    elif not shown:
        shown = "(empty)"
    return f"{shown}  {_where(situation, header.source)}"


def _where(situation: Situation, source: Source) -> str:
    kind = _KINDS.get(source.kind)
    place = _short(situation, situation.place(source))
    if kind is None:
        return f"{source.name} in {place}" if source.path else place
    if source.kind in ("aws_profile", "anthropic_profile"):
        return f"{kind} '{source.name}' in {place}"
    return f"{kind} in {place}"


def _short(situation: Situation, place: str) -> str:
    home = situation.scene.home.rstrip("/")
    return place.replace(f"{home}/", "~/") if home else place


def _address(situation: Situation) -> str:
    verdict = situation.verdict
    if verdict.base_url is not None:
        place = _short(situation, situation.place(verdict.base_url.source))
        return f"{billing.shown(verdict.base_url.text)}  {place}"
    if verdict.provider is not None:
        return verdict.provider.title
    return "https://api.anthropic.com"


def _bill(situation: Situation) -> str:
    bill = situation.bill or "not known"
    profile = situation.wanted
    if profile is None or not profile.expect:
        return bill
    if profile.expect == situation.bill:
        return f"{bill}, as '{profile.name}' expects"
    return f"{bill}, but '{profile.name}' expects {profile.expect}"


def answer_text(answer: Answer) -> str:
    """Return what the service said, in one line."""
    took = (
        f" ({answer.milliseconds} ms)"
        if answer.milliseconds is not None
        else ""
    )
    who = f" as {answer.who}" if answer.who else ""
    word = {True: "accepted", False: "refused", None: "not known"}[answer.ok]
    return f"{word}{who}: {answer.what}{took}"
