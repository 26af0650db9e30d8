"""The order in which Claude Code looks for credentials, and what is there."""

from __future__ import annotations

from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.diagnosis.precedence.rungs import Rung, with_beaten
from keyswitch.targets.claude_code import rules, versions
from keyswitch.targets.claude_code.resolver.candidates import Candidates
from keyswitch.targets.claude_code.rules import Rule

OBSERVED = versions.OBSERVED  # the versions that the order was seen on


def ladder(situation: Situation) -> list[Rung]:
    """Return every source, the first of each order first.

    The flag of a gateway or a cloud comes before all of it, and then that
    cloud's own sources; the two headers of a request to Anthropic are filled
    each by its own order.
    """
    return with_beaten(list(_rungs(situation)))


def _rungs(situation: Situation) -> Iterator[Rung]:
    scene, verdict = situation.scene, situation.verdict
    flag = scene.status.given(rules.GATEWAY) if scene.gateway else None
    place = situation.place(flag.source) if flag else ""
    reason = "with an address and a token, only that token is sent"
    seen = "managed/gateway/url+token+key"
    yield Rung("service", rules.GATEWAY, place, scene.gateway, reason, seen)
    for cloud in rules.PROVIDERS:
        flag = scene.request.given(cloud.flag)
        place = situation.place(flag.source) if flag else ""
        used = verdict.provider is cloud
        reason = f"requests go to {cloud.title}"
        seen = f"flag/{cloud.name}"
        yield Rung("service", cloud.flag, place, used, reason, seen)
    if verdict.provider is not None:
        # Loaded here: most people have none.
        from keyswitch.diagnosis.precedence.of_cloud import of_cloud

        yield from of_cloud(situation, verdict.provider)
    found = Candidates(scene, scene.request, None)
    sent = {header.source for header in verdict.request.headers}
    for order, ranked in _orders(found):
        for rule in ranked:
            candidate = found.there.get(rule.source)
            place = situation.place(candidate.source) if candidate else ""
            used = candidate is not None and candidate.source in sent
            yield Rung(order, rule.source, place, used, rule.reason, rule.seen)


_KEY, _BEARER = "x-api-key", "authorization"


def _orders(found: Candidates) -> list[tuple[str, tuple[Rule, ...]]]:
    """Return the orders in the order in which they are asked."""
    usual = [(_KEY, rules.KEY_ORDER), (_BEARER, rules.BEARER_ORDER)]
    logins = ("login", rules.LOGIN_ORDER)
    return [logins, *usual] if found.scene.login_first else [*usual, logins]


def document(situation: Situation) -> list[dict[str, object]]:
    """Return the ladder as `--json` shows it."""
    return [rung._asdict() for rung in ladder(situation)]
