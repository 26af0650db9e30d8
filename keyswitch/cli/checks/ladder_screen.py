"""The order of credentials as numbered tables, with what is in use marked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from keyswitch.cli.style import DIM, GOOD, NAME, WHOLE, Cell, Styled
from keyswitch.diagnosis.precedence.ladder import OBSERVED, ladder

if TYPE_CHECKING:
    from keyswitch.cli.session import Session
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.precedence.rungs import Rung

_TITLES = {
    "service": "where requests go: the first that is on (*)",
    "login": "login, if none of those is set: the first that exists (*)",
}


def show(session: Session, situation: Situation) -> None:
    """Print each order, the first source first."""
    for order, rungs in groupby(ladder(situation), lambda rung: rung.order):
        title = _TITLES.get(order, f"{order}: the first that is set (*)")
        session.raw("\n")
        session.data(Styled(title, DIM))
        session.table(list(_rows(situation, rungs)))
    session.raw("\n")
    seen = f"observed with Claude Code {', '.join(OBSERVED)}"
    session.data(Styled(seen, DIM))


def _rows(
    situation: Situation, rungs: Iterator[Rung]
) -> Iterator[tuple[Cell, ...]]:
    for number, rung in enumerate(rungs, 1):
        place: Cell = situation.short(rung.place)
        if not rung.place:
            asks = f"only {rung.asks} knows" if rung.asks else "not set"
            place = Styled(asks, DIM)
        beats = f"; before {', '.join(rung.beats)}" if rung.beats else ""
        mark: Cell = f"  {number}"
        source = Styled(rung.source, WHOLE)
        if rung.used:
            mark = Styled(f"* {number}", GOOD)
            source = Styled(rung.source, NAME)
        yield mark, source, place, f"{rung.reason}{beats}"
