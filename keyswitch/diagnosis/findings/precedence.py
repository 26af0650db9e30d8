"""The order in which Claude Code looks for credentials, and what is there."""

from __future__ import annotations

from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.model import Frozen
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver.candidates import Candidates
from keyswitch.targets.claude_code.rules import Rule


class Rung(Frozen):
    """One source in one order."""

    order: str  # what the order fills
    source: str
    place: str  # where it is set here; "": it is not
    used: bool
    reason: str  # why it stands there
    seen: str  # the observation that shows it


def ladder(situation: Situation) -> Iterator[Rung]:
    """Yield every source, the first of each order first.

    The flag of a cloud comes before all of it; then the two headers of a
    request are filled, each by its own order.
    """
    scene, verdict = situation.scene, situation.verdict
    for cloud in rules.PROVIDERS:
        flag = scene.request.given(cloud.flag)
        place = situation.place(flag.source) if flag else ""
        used = verdict.provider is cloud
        reason = f"requests go to {cloud.title}"
        yield Rung("service", cloud.flag, place, used, reason, _FLAGS)
    found = Candidates(scene, scene.request, None)
    sent = {header.source for header in verdict.request.headers}
    for order, ranked in _orders(found):
        for rule in ranked:
            candidate = found.there.get(rule.source)
            place = situation.place(candidate.source) if candidate else ""
            used = candidate is not None and candidate.source in sent
            yield Rung(order, rule.source, place, used, rule.reason, rule.seen)


_FLAGS = "provider/*"
_KEY, _BEARER = "x-api-key", "authorization"


def _orders(found: Candidates) -> list[tuple[str, tuple[Rule, ...]]]:
    """Return the orders in the order in which they are asked."""
    usual = [(_KEY, rules.KEY_ORDER), (_BEARER, rules.BEARER_ORDER)]
    logins = ("login", rules.LOGIN_ORDER)
    return [logins, *usual] if found.scene.login_first else [*usual, logins]


def rows(situation: Situation) -> Iterator[tuple[str, ...]]:
    """Yield the ladder as a table, its header first."""
    yield ("order", "source", "", "set here", "why it stands there", "observed")
    for rung in ladder(situation):
        place = rung.place or "-"
        used = "sent" if rung.used else ""
        yield (rung.order, rung.source, used, place, rung.reason, rung.seen)


def document(situation: Situation) -> list[dict[str, object]]:
    """Return the ladder as `--json` shows it."""
    return [rung._asdict() for rung in ladder(situation)]
