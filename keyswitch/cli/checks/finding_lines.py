"""Findings as a person reads them: what it is, why, and one line to paste."""

from __future__ import annotations

from keyswitch.cli import style
from keyswitch.cli.session import Session
from keyswitch.cli.style import Cell, Styled
from keyswitch.display import printable
from keyswitch.targets.verdict import ERROR, NOTE, WARNING, Finding

ROLES = {ERROR: style.ERROR, WARNING: style.WARNING, NOTE: style.DIM}
_ROOM = 24  # columns that a text gets at least


def show_finding(session: Session, finding: Finding) -> None:
    """Print a finding with its severity in front."""
    label = Styled(f"{finding.severity}:", ROLES[finding.severity])
    paragraph(session, label, finding.what)
    show_reason(session, finding)


def show_reason(session: Session, finding: Finding, indent: str = "  ") -> None:
    """Print why something was found, and its fix below."""
    paragraph(session, Styled("why:", style.DIM), finding.why, indent)
    # In one piece, so that it can be pasted.
    session.data(indent, Styled("fix:", style.GOOD), f" {finding.fix}")


def paragraph(
    session: Session, label: Cell, text: Cell, indent: str = ""
) -> None:
    """Print a text behind its label; on a terminal it goes on below itself."""
    gap = " " if label else ""
    start = len(indent) + len(_text(label)) + len(gap)
    lines = [printable(_text(text))]
    if session.for_person:
        room = max(style.columns(session.environ) - start, _ROOM)
        lines = style.wrapped(lines[0], room)
    for number, line in enumerate(lines):
        lead = (indent, label, gap) if number == 0 else (" " * start,)
        shown = text._replace(text=line) if isinstance(text, Styled) else line
        session.data(*lead, shown)


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Styled) else cell
