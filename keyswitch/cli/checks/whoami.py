"""whoami: which credential Claude Code really sends, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keyswitch.cli.checks.trust import trust_in
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.diagnosis.findings.finding import Finding
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.online.verify import Answer


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog="\b\nExamples:\n"
    "  keyswitch whoami\n"
    "  keyswitch whoami --verify              ask the service, too\n"
    "  keyswitch whoami -- --settings x.json  as if started with that\n"
    "  keyswitch whoami --json",
)
@click.argument("claude_options", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--run-helper",
    is_flag=True,
    help="Run an apiKeyHelper to know its answer (10 s at most).",
)
@click.option(
    "--verify", is_flag=True, help="Ask the service whose credential it is."
)
@global_options
@click.pass_obj
def whoami(
    session: Session,
    claude_options: tuple[str, ...],
    *,
    run_helper: bool,
    verify: bool,
) -> int:
    """Say which credential Claude Code sends here, and why.

    What comes after `--` are options of claude itself. Nothing is written,
    asked or run, unless an option says so. Exit status 1: nothing would be
    sent; 4: something else than the active profile would be.
    """
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.diagnosis.findings.contradictions import warnings
    from keyswitch.switching.activation.here import elsewhere
    from keyswitch.switching.activation.looking import situation_of
    from keyswitch.switching.folders import left_helpers

    if verify or run_helper:  # they send a secret, or ask for one
        refuse_agents(session.workspace())
    situation = situation_of(
        session.workspace(),
        claude_options,
        run_helper=run_helper,
        trusts=trust_in(session),
    )
    name = situation.chosen
    answers: Sequence[Answer] = ()
    if verify:
        from keyswitch.diagnosis.online.verify import verify as ask

        answers = ask(situation.scene, situation.verdict)
    workspace = session.workspace()
    findings = [
        *(elsewhere(workspace, name) if name else ()),
        *warnings(situation),
        *left_helpers.findings(workspace),
    ]
    if session.output.json:
        _print_document(session, situation, findings, answers, asked=verify)
    else:
        _print_screen(session, situation, findings, answers)
    if situation.in_use is False or any(
        f.check == "elsewhere" for f in findings
    ):
        return ExitCode.NOT_IN_EFFECT
    refused = any(answer.ok is False for answer in answers)
    if refused or not situation.verdict.request.sent:
        return ExitCode.FAILED
    return ExitCode.OK


def _print_document(
    session: Session,
    situation: Situation,
    findings: Sequence[Finding],
    answers: Sequence[Answer],
    *,
    asked: bool,
) -> None:
    from keyswitch.cli.checks import verdict_view
    from keyswitch.switching.folders import known_folders

    document = verdict_view.document(situation, findings)
    used_in = known_folders.names(session.workspace())
    if used_in:
        document["other_folders"] = used_in
    if asked:
        document["verified"] = [
            verdict_view.answer_document(situation, a) for a in answers
        ]
    session.output.document(document)


def _print_screen(
    session: Session,
    situation: Situation,
    findings: Sequence[Finding],
    answers: Sequence[Answer],
) -> None:
    from keyswitch.cli.checks import verdict_view
    from keyswitch.switching.folders import known_folders

    rows = list(verdict_view.rows(situation, findings))
    used_in = known_folders.names(session.workspace())
    rows += [("also used in", folder) for folder in used_in]
    for answer in answers:
        rows.append(
            (f"asked ({answer.header})", verdict_view.answer_text(answer))
        )
        if answer.fix:
            rows.append(("", f"fix: {answer.fix}"))
    session.output.table(rows)
