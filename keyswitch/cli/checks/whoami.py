"""whoami: which credential Claude Code really sends, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keyswitch.cli.command import Session, command, option
from keyswitch.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.diagnosis.findings.finding import Finding
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.online.verify import Answer


@command(
    "keyswitch whoami",
    "keyswitch whoami --verify              ask the service, too",
    "keyswitch whoami -- --settings x.json  as if started with that",
    "keyswitch whoami --json",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("claude_options", nargs=-1, type=click.UNPROCESSED)
@option(
    "--run-helper",
    is_flag=True,
    help="Run an apiKeyHelper to know its answer (10 s at most).",
)
@option(
    "--verify", is_flag=True, help="Ask the service whose credential it is."
)
def whoami(
    session: Session,
    claude_options: tuple[str, ...],
    *,
    run_helper: bool,
    verify: bool,
) -> int:
    """Say which credential Claude Code sends.

    It also says where that is set, whose account it is, and what is ignored.
    What comes after `--` are options of claude itself. Nothing is written,
    asked or run, unless an option says so. Exit status 1: nothing would be
    sent; 4: something else than the active profile would be.
    """
    from keyswitch.cli.secrets.agreements import trust_in
    from keyswitch.diagnosis.findings.contradictions import warnings
    from keyswitch.switching.activation.looking import (
        guarded_elsewhere,
        situation_of,
    )
    from keyswitch.switching.planning import left_helpers

    workspace = session.workspace()
    if verify or run_helper:  # they send a secret, or ask for one
        session.refuse_agents()
    situation = situation_of(
        workspace,
        claude_options,
        run_helper=run_helper,
        trusts=trust_in(session),
    )
    answers = None
    if verify:
        from keyswitch.diagnosis.online.verify import verify as ask

        answers = ask(situation.scene, situation.verdict)
    name = situation.chosen
    kept_out = guarded_elsewhere(workspace, name) if name else []
    notes = [*warnings(situation), *left_helpers.findings(workspace)]
    _print(session, situation, [*kept_out, *notes], answers)
    if situation.in_use is False or kept_out:
        return ExitCode.NOT_IN_EFFECT
    refused = any(answer.ok is False for answer in answers or ())
    is_sent = situation.verdict.request.sent and not refused
    return ExitCode.OK if is_sent else ExitCode.FAILED


def _print(
    session: Session,
    situation: Situation,
    findings: Sequence[Finding],
    answers: Sequence[Answer] | None,
) -> None:
    from keyswitch.cli.checks import verdict_view
    from keyswitch.switching.planning import known_folders

    used_in = known_folders.names(session.workspace())
    if session.json:
        document = verdict_view.document(situation, findings)
        if used_in:
            document["other_folders"] = used_in
        if answers is not None:
            document["verified"] = [
                verdict_view.answer_document(situation, a) for a in answers
            ]
        session.document(document)
    else:
        rows = [*verdict_view.rows(situation, findings)]
        rows += [("also used in", folder) for folder in used_in]
        rows += verdict_view.answer_rows(answers or ())
        session.table(rows)
