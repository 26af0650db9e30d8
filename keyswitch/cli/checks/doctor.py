"""doctor: look for what is wrong, say why, and mend what is safe to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from keyswitch.cli.checks.trust import trust_in
from keyswitch.cli.dry_run import rehearse
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode, FileStateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.diagnosis.findings.finding import Finding
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.online.network import Step


@click.command(
    epilog="\b\nExamples:\n"
    "  keyswitch doctor\n"
    "  keyswitch doctor --fix             mend what is safe, after a yes\n"
    "  keyswitch doctor --network         try the way to the service, too\n"
    "  keyswitch doctor --report > report.txt"
)
@click.option("--fix", is_flag=True, help="Mend what is safe; undoable.")
@click.option("--dry-run", is_flag=True, help="With --fix: only show it.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
@click.option(
    "--network", is_flag=True, help="Try DNS, TCP, TLS, proxy and HTTP."
)
@click.option(
    "--run-helper",
    is_flag=True,
    help="Run an apiKeyHelper to see whether it works (10 s at most).",
)
@click.option(
    "--report", is_flag=True, help="Print a report for a support ticket."
)
@global_options
@click.pass_obj
def doctor(  # noqa: PLR0913
    session: Session,
    *,
    fix: bool,
    dry_run: bool,
    yes: bool,
    network: bool,
    run_helper: bool,
    report: bool,
) -> int:
    """Look for what is wrong, say why, and mend it.

    Exit status 0: nothing was found but notes; 1: there are findings.
    """
    from keyswitch.diagnosis.checks import by_gravity

    if report and session.output.json:
        raise UsageError("--report and --json exclude each other", "choose one")
    if not fix and (dry_run or yes):
        given = "--dry-run" if dry_run else "--yes"
        raise UsageError(f"{given} goes with --fix", "give --fix as well")
    own, fix, mended = _own(session, fix=fix, dry_run=dry_run, yes=yes)
    try:
        situation, findings = _look(
            session,
            how=_Mending(dry_run, yes, mended) if fix else None,
            run_helper=run_helper,
        )
    except FileStateError:
        if not own:
            raise
        _print_own(session, own)  # more cannot be seen until then
        return ExitCode.FAILED
    findings = by_gravity([*own, *findings])
    steps: tuple[Step, ...] = ()
    if network:
        from keyswitch.diagnosis.online import network as way

        steps = way.probe(situation.scene, situation.verdict)
        findings = by_gravity([*way.findings(steps), *findings])
    if report:
        from keyswitch.cli.checks.report import text

        session.output.raw(text(situation, findings, steps))
    elif session.output.json:
        _print_document(session, findings, steps)
    else:
        _print(session, situation, findings, steps)
    return ExitCode.FAILED if _grave(findings) else ExitCode.OK


class _Mending(NamedTuple):
    """The options of `--fix`, and whether it has mended something already."""

    dry_run: bool
    yes: bool
    began: bool


def _look(
    session: Session, *, how: _Mending | None, run_helper: bool
) -> tuple[Situation, list[Finding]]:
    """Return what was looked at and what is wrong, mended if that is asked."""
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.diagnosis.checks import examine
    from keyswitch.switching.activation.looking import situation_of
    from keyswitch.switching.folders import left_helpers

    workspace = session.workspace()
    if run_helper:
        refuse_agents(workspace)
    trusts = trust_in(session)
    situation = situation_of(workspace, run_helper=run_helper, trusts=trusts)
    findings = examine(situation)
    if how is not None and _mend(session, findings, how):
        situation = situation_of(
            workspace, run_helper=run_helper, trusts=trusts
        )
        findings = examine(situation)
    return situation, [*findings, *left_helpers.findings(workspace)]


_ROUNDS = 3  # files can be looked at once their folder is mended


def _own(
    session: Session, *, fix: bool, dry_run: bool, yes: bool
) -> tuple[list[Finding], bool, bool]:
    """Return what is wrong with keyswitch's own files, mended if that is asked.

    Then whether more may be mended, and whether something was. It comes first:
    the rest needs these files.
    """
    from keyswitch.profiles.paths import resolve
    from keyswitch.switching.upkeep import own_files

    paths = resolve(session.environ)
    found = own_files.findings(paths, session.environ)
    mended = False
    for _ in range(_ROUNDS if fix else 0):
        if any(f.check == own_files.NEWER for f in found):
            session.output.warn("nothing is mended beside a newer file")
            return found, False, mended
        mends = [f.mend for f in found if f.mend is not None]
        for m in mends:
            session.output.say(f"{'would mend' if dry_run else 'mend'}: {m}")
        mended = mended or bool(mends)
        if dry_run or not mends:
            break
        session.confirm(f"make these {len(mends)} changes?", yes=yes)
        for line in own_files.mend(mends, paths, session.environ):
            session.output.say(line)
        found = own_files.findings(paths, session.environ)
    return found, fix, mended


def _print_own(session: Session, found: Sequence[Finding]) -> None:
    """Print the findings alone."""
    if session.output.json:
        _print_document(session, found, ())
    else:
        _print_findings(session, found)


def _grave(findings: Sequence[Finding]) -> bool:
    from keyswitch.diagnosis.findings.finding import NOTE

    return any(f.severity != NOTE for f in findings)


def _mend(session: Session, findings: Sequence[Finding], how: _Mending) -> bool:
    """Show what would be mended, and mend it after a yes."""
    from keyswitch.diagnosis.findings.mend import FOLDER
    from keyswitch.switching.upkeep.repairs import mend

    mends = list(dict.fromkeys(f.mend for f in findings if f.mend is not None))
    if not mends:
        if not how.began:
            session.output.say("nothing here that --fix could mend")
        return False
    for m in mends:
        session.output.say(f"{'would mend' if how.dry_run else 'mend'}: {m}")
    if how.dry_run:
        rehearse(session, lambda: mend(session.workspace(), mends))
        return False
    session.confirm(f"make these {len(mends)} changes?", yes=how.yes)
    mend(session.workspace(), mends)
    if all(m.kind == FOLDER for m in mends):
        session.output.say("done")  # `undo` would take something else back
    else:
        session.output.say("done; take it back with: keyswitch undo")
    return True


def _print_document(
    session: Session, findings: Sequence[Finding], steps: Sequence[Step]
) -> None:
    from keyswitch.cli.checks.verdict_view import finding_document

    document = {
        "findings": [
            {
                **finding_document(f),
                "mend": None if f.mend is None else str(f.mend),
            }
            for f in findings
        ]
    }
    if steps:
        document["network"] = [
            {
                "step": s.name,
                "target": s.target,
                "ok": s.ok,
                "milliseconds": s.milliseconds,
                "detail": s.detail,
                "why": s.why or None,
                "fix": s.fix or None,
            }
            for s in steps
        ]
    session.output.document(document)


def _print(
    session: Session,
    situation: Situation,
    findings: Sequence[Finding],
    steps: Sequence[Step],
) -> None:
    from keyswitch.cli.checks.verdict_view import account

    output = session.output
    for step in steps:
        word = "ok" if step.ok else "failed"
        output.data(
            f"{step.name:6} {word:6} {step.milliseconds:5} ms  "
            f"{step.target}  {step.detail}"
        )
    _print_findings(session, findings)
    if not findings:
        output.data("nothing wrong was found")
    elif any(f.mend is not None for f in findings):
        output.say("keyswitch doctor --fix mends what can be mended safely")
    output.say(f"account in use: {account(situation)}")


def _print_findings(session: Session, findings: Sequence[Finding]) -> None:
    for f in findings:
        session.output.data(f"{f.severity}: {f.what}")
        session.output.data(f"  why: {f.why}")
        session.output.data(f"  fix: {f.fix}")
