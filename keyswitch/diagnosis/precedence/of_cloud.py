"""The order in which a cloud's credential is looked for, and what is there."""

from __future__ import annotations

from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.diagnosis.precedence.rungs import Rung
from keyswitch.targets.claude_code import cloud_rules
from keyswitch.targets.claude_code.resolver import aws, cloud
from keyswitch.targets.verdict import SERVICE, Cloud, Header


def of_cloud(situation: Situation, provider: Cloud) -> Iterator[Rung]:
    """Yield the sources of a provider's credential, the first first."""
    scene, request = situation.scene, situation.verdict.request
    sent = {header.source for header in request.headers}
    skip = situation.view.given(provider.skip)
    place = situation.place(skip.source) if skip else ""
    skipped = situation.view.truthy(provider.skip)
    reason = "no request is signed: a proxy does that"
    seen = f"skip/{provider.name}"
    yield Rung(provider.name, provider.skip, place, skipped, reason, seen)
    for rule, found in cloud.sources(scene, provider):
        given = situation.view.given(rule.source)
        source = given.source if given else None
        header = found if isinstance(found, Header) else None
        if source is None and header is not None:
            source = header.source
        of_machine = source is not None and source.kind == SERVICE
        yield Rung(
            provider.name,
            rule.source,
            situation.place(source) if source and not of_machine else "",
            header is not None and header.source in sent and not of_machine,
            rule.reason,
            rule.seen,
            rule.asks if of_machine else "",
        )
    if provider.name in aws.SIGNED:
        yield from _in_profile(situation)


def _in_profile(situation: Situation) -> Iterator[Rung]:
    """Yield what the AWS profile has that counts here."""
    files = aws.files(situation.scene, situation.view)
    name = situation.view.raw(aws.PROFILE) or "default"
    data = files.merged(name)
    places = {r.source: files.place(name, r.source) for r in _IN_PROFILE}
    first = next((n for n, place in places.items() if place), "")
    headers = situation.verdict.request.headers
    of_profile = any(
        h.source.kind == "aws_profile" and h.source.name == name
        for h in headers
    )
    for rule in _IN_PROFILE if data else ():
        used = of_profile and rule.source == first
        place = places[rule.source]
        order = f"profile {name}"
        yield Rung(order, rule.source, place, used, rule.reason, rule.seen)


_IN_PROFILE = cloud_rules.AWS_IN_PROFILE
