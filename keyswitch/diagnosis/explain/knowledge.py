"""The causes that an error text can have, the likeliest here first.

Nothing of the text is ever repeated, so that no secret in it can come back.
The knowledge itself is data, in `causes/*.toml`.

A file holds `[[cause]]` tables, `[lines]`, lists that several causes share, and
`[told]`, what Claude Code itself writes around an answer of each cloud.

    id, title     the name for programs, and the one for people
    says          phrases that name this cause
    may_say       phrases that usually name another one, and can mean this
    otherwise     phrases around any answer; count if none of those is there
    statuses      HTTP statuses; count if no phrase is there
    vaguely       words that say little; count last
    about         "key" if its lines are about x-api-key, not about a bearer
    likelier      conditions that make it likelier, {condition = points}
    why, fix      lines; "@name" stands for a shared list

"*" in a phrase stands for a few other words, or for the rest of a single one;
"^" before it means that it has to begin a clause, for words of prose.

A line may begin with conditions, "[aws !gateway] ...", which all have to
hold, and may hold places to fill in, "{credential}". One whose conditions do
not hold, or whose places cannot be filled in, is left out. What stands
between backquotes is a command.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

from keyswitch.diagnosis.explain.error_text import ErrorText, Hit, find, read
from keyswitch.diagnosis.explain.facts import NOBODY, Chosen, Facts
from keyswitch.model import Frozen
from keyswitch.targets.claude_code.resolver.resolve import resolve
from keyswitch.targets.claude_code.resolver.scene import Scene

FOLDER = os.path.join(os.path.dirname(__file__), "causes")

_PLACE = r"\{([a-z_]+)\}"


class CauseEntry(Frozen):
    """One entry of a file, its lists of lines filled in."""

    id: str
    title: str
    why: list[str]
    fix: list[str]
    likelier: Mapping[str, int]
    says: Sequence[str] = ()
    may_say: Sequence[str] = ()
    otherwise: Sequence[str] = ()
    statuses: Sequence[int] = ()
    vaguely: Sequence[str] = ()
    about: str = "bearer"


@cache
def _tables() -> tuple[list[Any], dict[str, list[str]], dict[str, list[str]]]:
    """Return (causes, lines, told) of all files."""
    import tomllib

    causes: list[Any] = []
    lines, told = dict[str, list[str]](), dict[str, list[str]]()
    for name in sorted(os.listdir(FOLDER)):
        if name.endswith(".toml"):
            with open(os.path.join(FOLDER, name), "rb") as file:
                document = tomllib.load(file)
            causes += document.get("cause", ())
            lines |= document.get("lines", {})
            told |= document.get("told", {})
    return causes, lines, told


@cache
def rules() -> tuple[CauseEntry, ...]:
    """Return every entry of every file, in a fixed order."""
    causes, shared, _ = _tables()

    def filled_in(lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            if line.startswith("@"):
                yield from filled_in(shared[line[1:]])
            else:
                yield line

    return tuple(
        CauseEntry(
            **{
                "likelier": {},
                **entry,
                "why": [*filled_in(entry.get("why", ()))],
                "fix": [*filled_in(entry.get("fix", ()))],
            }
        )
        for entry in causes
    )


def parts_of(line: str) -> tuple[list[str], str]:
    """Return the conditions of a line, and what it says."""
    if not line.startswith("["):
        return [], line
    conditions, _, text = line[1:].partition("] ")
    return conditions.split(), text


def _holds(condition: str, holds: AbstractSet[str]) -> bool:
    """Tell whether a condition, or the absence that "!" asks for, holds."""
    return (condition.removeprefix("!") in holds) != condition.startswith("!")


# How much a match says, best first.
NAMED, POSSIBLE, WRAPPED, STATUS, VAGUE = 5, 4, 3, 2, 1


class Cause(Frozen):
    """One explanation. No field holds a secret, or a part of the text.

    `evidence` is the known phrase, or the HTTP status, that was recognised.
    """

    id: str
    title: str
    why: tuple[str, ...]
    fix: tuple[str, ...]
    evidence: str


class _Match(Frozen):
    rule: CauseEntry
    strength: int
    hit: Hit


def causes_of(
    text: str, scene: Scene | None = None, chosen: Chosen = NOBODY
) -> tuple[Cause, ...]:
    """Return the causes that a text can have, the likeliest first.

    A phrase that names a cause comes before one that merely allows it; among
    equals what Claude Code sends here decides, then the longer phrase.
    `chosen` is the profile that counts here.
    """
    error = read(text)
    matches = _matches(error)
    told = {
        family
        for family, phrases in _tables()[2].items()
        if any(find(phrase, error) for phrase in phrases)
    }
    if find("Not logged in", error):
        told.add("not-logged-in")
    if "codex" in told:
        scene = None  # what Claude Code sends says nothing of its texts
    verdict = resolve(scene) if scene else None
    here = {
        about: Facts(told, about, scene, verdict, chosen)
        for about in {m.rule.about for m in matches}
    }

    def order(match: _Match) -> tuple[int, int, int]:
        holds = here[match.rule.about].holds
        points = sum(
            points
            for condition, points in match.rule.likelier.items()
            if _holds(condition, holds)
        )
        return -match.strength, -points, -match.hit.weight

    found: dict[str, Cause] = {}
    for match in sorted(matches, key=order):
        cause = _cause(match, here[match.rule.about])
        found.setdefault(cause.id, cause)
    return tuple(found.values())


def _matches(text: ErrorText) -> list[_Match]:
    """Return the rules that a text calls for, in the order of the files."""
    found = [m for m in (_match(r, text) for r in rules()) if m]
    strong = [m for m in found if m.strength >= POSSIBLE]
    return [
        match
        for match in strong or found
        if not any(
            match.hit.inside(other.hit) and match.strength <= other.strength
            for other in strong
        )
    ]


def _match(rule: CauseEntry, text: ErrorText) -> _Match | None:
    for strength, phrases in (
        (NAMED, rule.says),
        (POSSIBLE, rule.may_say),
        (WRAPPED, rule.otherwise),
        (STATUS, rule.statuses),
        (VAGUE, rule.vaguely),
    ):
        hits = [h for h in (find(p, text) for p in phrases) if h]
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


def _said(lines: Iterable[str], here: Facts) -> list[str]:
    """Return the lines whose conditions hold, with their places filled in."""
    said = []
    for line in lines:
        conditions, text = parts_of(line)
        words = [here.words.get(name) for name in re.findall(_PLACE, text)]
        if all(words) and all(_holds(c, here.holds) for c in conditions):
            said.append(re.sub(_PLACE, lambda m: here.words[m[1]], text))
    # Two lines can come to the same words.
    return list(dict.fromkeys(said))
