"""whoami: which credential Claude Code really sends, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli.checks.answers import answer_rows, asked_of
from keyswitch.cli.command import Session, command, flag, option
from keyswitch.cli.session import attributes
from keyswitch.diagnosis import urls
from keyswitch.diagnosis.findings.contradictions import warnings
from keyswitch.diagnosis.findings.installations import prediction
from keyswitch.diagnosis.findings.interactive import questions
from keyswitch.diagnosis.findings.whose import (
    SURFACES,
    account,
    elsewhere,
    otherwise,
)
from keyswitch.errors import ExitCode
from keyswitch.progress import Progress
from keyswitch.switching.activation.effect import not_given, situation_of
from keyswitch.switching.activation.elsewhere import guarded_elsewhere
from keyswitch.switching.planning import known_folders, left_helpers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from keyswitch.diagnosis.findings.accounts import Owner
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.online.verify import Answer
    from keyswitch.targets.verdict import Finding, Header, Source

_KINDS = {
    "login": "the stored login",
    "managed_key": "the Console login's API key",
    "anthropic_profile": "Anthropic profile",
    "helper": "the helper",
    "aws_profile": "AWS profile",
    "sign_in": "a sign-in with the aws command",
    "federation": "the identity federation",
}


@command(
    "keyswitch whoami",
    "keyswitch whoami --verify              also ask the service",
    "keyswitch whoami --as desktop          what the desktop app would use",
    "keyswitch whoami --explain             the order of precedence",
    "keyswitch whoami -- --settings x.json  as if claude had this option",
    "keyswitch whoami --json",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("claude_options", nargs=-1, type=click.UNPROCESSED)
@flag(
    "--run-helper",
    help="Run the program that prints the credential (apiKeyHelper or "
    "credential_process), 10 s at most.",
)
@flag("--verify", help="Ask the service whose credential this is.")
@flag("--explain", help="Show every source in order of precedence.")
@option(
    "--as",
    "surface",
    type=click.Choice(SURFACES),
    help="Predict for this way of starting it; default: as here.",
)
def whoami(  # noqa: PLR0913 - one an option
    session: Session,
    claude_options: tuple[str, ...],
    *,
    run_helper: bool,
    verify: bool,
    surface: str | None,
    explain: bool,
) -> int:
    """Show which credential Claude Code sends.

    It also says where it is set, whose account it is, and what it overrides.
    Arguments after `--` are claude's own options. It writes nothing, and sends
    or runs nothing unless an option says so. Exit status 1: no credential; 4:
    not the active profile's.
    """
    workspace = session.workspace()
    if verify or run_helper:  # they send a secret, or ask for one
        session.refuse_agents()
    trusts = session.trusts if run_helper else None
    situation = situation_of(workspace, claude_options, trusts, surface or "")
    answers = asked_of(workspace, situation) if verify else ()
    name, used_in = situation.chosen, known_folders.names(workspace)
    kept_out = []
    with Progress("reading files and settings"):
        if name:
            kept_out = guarded_elsewhere(workspace, name)
            kept_out += not_given(workspace, name)
        notes = [*warnings(situation), *left_helpers.findings(workspace)]
    if session.json:
        document = _document(situation, [*kept_out, *notes])
        document["elsewhere"] = {} if surface else elsewhere(situation)
        if explain:
            document["precedence"] = _precedence().document(situation)
        if used_in:
            document["other_folders"] = used_in
        if verify:
            document["verified"] = [
                _answer_document(situation, answer) for answer in answers
            ]
        session.document(document)
    else:
        rows = [*_rows(situation, [*kept_out, *notes])]
        rows += [("also used in", folder) for folder in used_in]
        other = "" if surface else otherwise(situation)
        rows += [("elsewhere", other)] * bool(other)
        session.table([*rows, *answer_rows(answers)])
        if explain:
            session.table(_precedence().rows(situation))
    if situation.in_use is False or kept_out:
        return ExitCode.NOT_IN_EFFECT
    refused = any(answer.ok is False for answer in answers)
    is_sent = situation.verdict.request.sent and not refused
    return ExitCode.OK if is_sent else ExitCode.FAILED


def _precedence() -> ModuleType:
    """Return the module that few people ask for."""
    from keyswitch.diagnosis.precedence import ladder as precedence

    return precedence


def _source_document(situation: Situation, source: Source) -> dict[str, Any]:
    document = attributes(source, "kind", "name", or_null=("set_by",))
    if source.path:
        document |= attributes(source, "path", or_null=("line",))
    origin = situation.start_files.origin(source)
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


def _answer_document(situation: Situation, answer: Answer) -> dict[str, Any]:
    return {
        **attributes(answer, "header", "ok", "status", "milliseconds", "what"),
        **attributes(answer, or_null=("asked", "who", "fix")),
        "source": _source_document(situation, answer.source),
    }


def _document(
    situation: Situation, findings: Sequence[Finding]
) -> dict[str, Any]:
    verdict = situation.verdict
    request, url = verdict.request, verdict.base_url
    owner_of = situation.accounts.owner_of
    shadowed = [
        {
            **_owner_document(situation, owner_of(s.value, s.source), s.source),
            "because": s.because,
        }
        for s in request.shadowed
    ]
    return {
        "claude_code": verdict.status._asdict(),
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
        "interactive": list(questions(situation)),
        "version_of_claude_code": prediction(situation)._asdict(),
        "shadowed": shadowed,
        "warnings": [finding_document(f) for f in findings],
    }


def _rows(
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
    for number, question in enumerate(questions(situation)):
        yield "" if number else "would ask", question
    for finding in findings:
        yield finding.severity, finding.what
        yield "", f"why: {finding.why}"
        yield "", f"fix: {finding.fix}"
    doubt = prediction(situation).doubt
    if doubt:
        yield "may be wrong", doubt


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
    return situation.short(situation.place(source))


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
