"""doctor: look for what is wrong, say why, and mend what is safe to mend."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from keyswitch.cli.checks.finding_lines import ROLES, paragraph, show_reason
from keyswitch.cli.checks.whoami import finding_document
from keyswitch.cli.command import Session, at_most_one, command, flag, rehearsed
from keyswitch.cli.listings.moments import in_full
from keyswitch.cli.session import attributes
from keyswitch.cli.style import GOOD, NAME, Cell, Styled
from keyswitch.diagnosis.checks import by_gravity, examine
from keyswitch.diagnosis.findings.payer import payer
from keyswitch.diagnosis.findings.whose import otherwise
from keyswitch.errors import ExitCode, FileStateError, UsageError
from keyswitch.outcome import so_far
from keyswitch.profiles.paths import resolve
from keyswitch.progress import Progress
from keyswitch.switching.activation import rehearsal
from keyswitch.switching.activation.effect import situation_of
from keyswitch.switching.activation.held_back import held_back, not_given
from keyswitch.switching.planning import left_helpers
from keyswitch.switching.upkeep import own_files
from keyswitch.targets.verdict import ERROR, NOTE, Finding, Mend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.online.network import NetworkStep

_ROUNDS = 3  # files can be looked at once their folder is mended


@command(
    "keyswitch doctor",
    "keyswitch doctor --fix             fix what is safe to fix, after asking",
    "keyswitch doctor --network         also test the connection",
    "keyswitch doctor --report > report.txt",
)
@flag("--fix", help="Fix what is safe to fix; 'undo' reverts it.")
@flag("--dry-run", help="With --fix: only show the changes.")
@flag("--yes", help="With --fix: skip the question.")
@flag("--network", help="Test DNS, TCP, TLS, proxy and HTTP.")
@flag(
    "--run-helper",
    help="Run the apiKeyHelper to see if it works (10 s at most).",
)
@flag("--report", help="Print a report for a support ticket.")
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
    """Find what is wrong and fix it.

    Exit status 0: no findings, or only notes; 1: findings.
    """
    at_most_one({"--report": report, "--json": session.json})
    if not fix and (dry_run or yes):
        given = "--dry-run" if dry_run else "--yes"
        raise UsageError(f"{given} needs --fix", "add --fix")
    session.dry_run = dry_run
    mending = _Mending(session, wanted=fix, yes=yes)
    own = mending.own_files()
    try:
        with Progress("reading files and settings"):
            situation, findings = _look(session, mending, run_helper=run_helper)
    except FileStateError:
        if not own:
            raise
        # Nothing else can be looked at before these are mended.
        _print(session, own)
        return ExitCode.FAILED
    findings = by_gravity([*own, *findings])
    steps: tuple[NetworkStep, ...] = ()
    if network:
        from keyswitch.diagnosis.online import network as way

        steps = way.probe(situation.scene, situation.verdict)
        findings = by_gravity([*way.findings(steps), *findings])
    if report:
        from keyswitch.diagnosis.checks.report import report_text

        session.raw(report_text(situation, findings, steps))
    else:
        _print(session, findings, steps, situation)
    is_wrong = any(f.severity != NOTE for f in findings)
    return ExitCode.FAILED if is_wrong else ExitCode.OK


def _look(
    session: Session, mending: _Mending, *, run_helper: bool
) -> tuple[Situation, list[Finding]]:
    """Return what was looked at and what is wrong, mended if that is asked."""
    workspace = session.workspace()
    trusts = None
    if run_helper:
        session.refuse_agents()
        trusts = session.trusts
    situation = situation_of(workspace, trusts=trusts)
    findings = examine(situation)
    if mending.mend(findings):
        situation = situation_of(workspace, trusts=trusts)
        findings = examine(situation)
    findings += left_helpers.findings(workspace)
    if situation.chosen:
        findings += not_given(workspace, situation.chosen)
    findings += rehearsal.findings(workspace, situation, findings)
    return situation, findings


class _Mending:
    """`--fix`: shows what would be mended, asks, and mends it."""

    def __init__(self, session: Session, *, wanted: bool, yes: bool) -> None:
        self.session = session
        self.wanted = wanted
        self.yes = yes
        self.began = False  # something was shown

    def own_files(self) -> list[Finding]:
        """Return what is wrong with keyswitch's own files, mended if wanted.

        They come first: the rest needs these files.
        """
        environ = self.session.environ
        paths = resolve(environ)
        found = own_files.findings(paths, environ)
        for _ in range(_ROUNDS if self.wanted else 0):
            if any(f.check == own_files.NEWER for f in found):
                self.session.warn(
                    "--fix changes nothing: a newer keyswitch wrote some of "
                    "the files"
                )
                self.wanted = False
                break
            mends = [f.mend for f in found if f.mend is not None]
            if not self._agreed(mends):
                break
            so_far.to_come(len(mends) + 1)  # and what is found then
            self.session.say(*own_files.mend(mends, paths, environ))
            found = own_files.findings(paths, environ)
        return found

    def mend(self, findings: Sequence[Finding]) -> bool:
        """Mend what else can be; tell whether something was."""
        if not self.wanted:
            return False
        from keyswitch.switching.upkeep.repairs import mend

        mends = list(dict.fromkeys(f.mend for f in findings if f.mend))
        workspace = self.session.workspace()
        if not mends and not self.began:
            self.session.say("nothing that --fix can fix")
        if not self._agreed(mends):
            if mends:
                rehearsed(self.session, lambda: mend(workspace, mends))
            return False
        mend(workspace, mends)
        # After a folder alone `undo` would take something else back.
        undoable = any(m.kind != Mend.FOLDER for m in mends)
        undo = "; to undo it: keyswitch undo" if undoable else ""
        self.session.say(f"done{undo}")
        return True

    def _agreed(self, mends: Sequence[object]) -> bool:
        """Show the changes; tell whether to make them."""
        for one in mends:
            verb = "would fix" if self.session.dry_run else "fix"
            self.session.say(f"{verb}: {one}")
        self.began = self.began or bool(mends)
        if self.session.dry_run or not mends:
            return False
        self.session.confirm(f"make these {len(mends)} changes?", yes=self.yes)
        return True


def _print(
    session: Session,
    findings: Sequence[Finding],
    steps: Sequence[NetworkStep] = (),
    situation: Situation | None = None,
) -> None:
    if session.json:
        session.document(_document(findings, steps))
        return
    if situation is not None:
        kept_out = held_back(session.workspace(), situation)
        session.say(payer(situation, kept_out[0].what if kept_out else ""))
        other = otherwise(situation)
        session.say(*[f"elsewhere, {other}"] * bool(other))
    if steps:
        session.table([_step_row(step) for step in steps])
        session.raw("\n")
    for severity, group in groupby(findings, lambda f: f.severity):
        _show_group(session, severity, list(group))
    if findings or situation is not None:
        session.data(*_summary(findings))


def _step_row(step: NetworkStep) -> tuple[Cell, ...]:
    word = Styled("ok", GOOD) if step.ok else Styled("failed", ROLES[ERROR])
    took = f"{step.milliseconds:5} ms"
    return step.name, word, took, step.target, step.detail


def _show_group(
    session: Session, severity: str, findings: Sequence[Finding]
) -> None:
    """Print the findings of one severity below their number."""
    session.data(Styled(_counted(severity, len(findings)), ROLES[severity]))
    units = in_full if session.for_person else str
    for finding in findings:
        what = Styled(units(finding.what), NAME)
        paragraph(session, "", what, indent="  ")
        show_reason(session, finding, indent="    ")
    session.raw("\n")


def _counted(severity: str, number: int) -> str:
    return f"{number} {severity}{'s' if number > 1 else ''}"


def _summary(findings: Sequence[Finding]) -> tuple[Cell, ...]:
    """Return the last line: how many of each, and what mends some of them."""
    if not findings:
        return (Styled("no problems found", GOOD),)
    counts = Counter(finding.severity for finding in findings)
    found = ", ".join(_counted(*one) for one in counts.items())
    mended = sum(finding.mend is not None for finding in findings)
    if not mended:
        return (f"found {found}",)
    return f"found {found}; {mended} fixed by: ", "keyswitch doctor --fix"


def _document(
    findings: Sequence[Finding], steps: Sequence[NetworkStep]
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "findings": [
            {**finding_document(f), "mend": f.mend and str(f.mend)}
            for f in findings
        ]
    }
    if steps:
        document["network"] = [
            {
                "step": step.name,
                **attributes(step, "target", "ok", "milliseconds", "detail"),
                **attributes(step, or_null=("why", "fix")),
            }
            for step in steps
        ]
    return document
