"""whoami: which credential Claude Code really sends, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli.checks import verdict_screen
from keyswitch.cli.checks.answers import answer_rows, asked_of
from keyswitch.cli.command import Session, command, flag, option
from keyswitch.cli.session import attributes
from keyswitch.diagnosis import urls
from keyswitch.diagnosis.findings.contradictions import warnings
from keyswitch.diagnosis.findings.installations import prediction
from keyswitch.diagnosis.findings.interactive import questions
from keyswitch.diagnosis.findings.payer import payer
from keyswitch.diagnosis.findings.whose import SURFACES, elsewhere, otherwise
from keyswitch.errors import ExitCode
from keyswitch.progress import Progress
from keyswitch.switching.activation.effect import situation_of
from keyswitch.switching.activation.held_back import held_back
from keyswitch.switching.planning import known_folders, left_helpers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.diagnosis.findings.accounts import Owner
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.online.verify import Answer
    from keyswitch.targets.verdict import Finding, Header, Source


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
    help="Predict for another way of starting Claude Code (action: in GitHub "
    "Actions); default: as here.",
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
    used_in = known_folders.names(workspace)
    with Progress("reading files and settings"):
        kept_out = held_back(workspace, situation)
        notes = [*warnings(situation), *left_helpers.findings(workspace)]
    pays = payer(situation, kept_out[0].what if kept_out else "")
    if session.json:
        document = _document(situation, [*kept_out, *notes])
        document["who_pays"] = pays
        document["elsewhere"] = {} if surface else elsewhere(situation)
        if explain:
            from keyswitch.diagnosis.precedence import ladder

            document["precedence"] = ladder.document(situation)
        if used_in:
            document["other_folders"] = used_in
        if verify:
            document["verified"] = [
                _answer_document(situation, answer) for answer in answers
            ]
        session.document(document)
    else:
        further = [("also used in", folder) for folder in used_in]
        other = "" if surface else otherwise(situation)
        further += [("elsewhere", other)] * bool(other)
        verdict_screen.show(session, situation, pays, further)
        _show_rest(session, answers, [*kept_out, *notes])
        if explain:
            from keyswitch.cli.checks import ladder_screen

            ladder_screen.show(session, situation)
    if situation.in_use is False or kept_out:
        return ExitCode.NOT_IN_EFFECT
    refused = any(answer.ok is False for answer in answers)
    is_sent = situation.verdict.request.sent and not refused
    return ExitCode.OK if is_sent else ExitCode.FAILED


def _show_rest(
    session: Session, answers: Sequence[Answer], findings: Sequence[Finding]
) -> None:
    """Print what services said, and what was found."""
    if answers:
        session.raw("\n")
        session.table(list(answer_rows(answers)))
    if findings:
        from keyswitch.cli.checks.finding_lines import show_finding

        session.raw("\n")
        for finding in findings:
            show_finding(session, finding)


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
