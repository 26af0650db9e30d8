"""The causes that an error text can have, the likeliest here first.

The knowledge itself is data (`rulebook`). Nothing of the text is ever
repeated, so that no secret in it can come back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from keyswitch.diagnosis.explain import error_text, rulebook
from keyswitch.diagnosis.explain.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyswitch.diagnosis.explain.error_text import ErrorText, Hit
    from keyswitch.diagnosis.explain.rulebook import Line, Rule
    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.verdict import Verdict

# How much a match says, best first.
NAMED, POSSIBLE, WRAPPED, STATUS, VAGUE = 5, 4, 3, 2, 1


class Cause(NamedTuple):
    """One explanation. No field holds a secret, or a part of the text.

    `evidence` is the known phrase, or the HTTP status, that was recognised.
    """

    id: str
    title: str
    why: tuple[str, ...]
    fix: tuple[str, ...]
    evidence: str


class _Match(NamedTuple):
    rule: Rule
    strength: int
    hit: Hit


def causes_of(
    text: str,
    scene: Scene | None = None,
    verdict: Verdict | None = None,
    active: str = "",
) -> tuple[Cause, ...]:
    """Return the causes that a text can have, the likeliest first.

    A phrase that names a cause comes before one that merely allows it; among
    equals what the verdict makes likely decides, then the longer phrase.
    `active` is the profile that keyswitch has active.
    """
    read = error_text.read(text)
    matches = _matches(read)
    here = {
        about: Facts(read, about, scene, verdict, active)
        for about in {m.rule.about for m in matches}
    }

    def order(match: _Match) -> tuple[int, int, int]:
        holds = here[match.rule.about].holds
        points = sum(
            points
            for condition, points in match.rule.likelier
            if rulebook.holds_here(condition, holds)
        )
        return -match.strength, -points, -match.hit.weight

    found: dict[str, Cause] = {}
    for match in sorted(matches, key=order):
        cause = _cause(match, here[match.rule.about])
        found.setdefault(cause.id, cause)
    return tuple(found.values())


def _matches(text: ErrorText) -> list[_Match]:
    """Return the rules that a text calls for, in the order of the files."""
    found = [m for m in (_match(r, text) for r in rulebook.rules()) if m]
    strong = [m for m in found if m.strength >= POSSIBLE]
    return [
        match
        for match in strong or found
        if not any(
            match.hit.inside(other.hit) and match.strength <= other.strength
            for other in strong
        )
    ]


def _match(rule: Rule, text: ErrorText) -> _Match | None:
    for strength, phrases in (
        (NAMED, rule.says),
        (POSSIBLE, rule.may_say),
        (WRAPPED, rule.otherwise),
        (STATUS, rule.statuses),
        (VAGUE, rule.vaguely),
    ):
        hits = [h for h in (error_text.find(p, text) for p in phrases) if h]
        if hits:
            return _Match(rule, strength, max(hits, key=lambda h: h.weight))
    return None


def _cause(match: _Match, here: Facts) -> Cause:
    rule = match.rule
    # Whichever step comes first offers no alternative.
    first, *rest = _said(rule.fix, here) or [""]
    steps = tuple(filter(None, (first.removeprefix("or "), *rest)))
    why = tuple(_said(rule.why, here))
    return Cause(rule.id, rule.title, why, steps, match.hit.phrase)


def _said(lines: Iterable[Line], here: Facts) -> list[str]:
    said = (line.said(here.holds, here.words) for line in lines)
    # Two lines can come to the same words.
    return list(dict.fromkeys(line for line in said if line))
