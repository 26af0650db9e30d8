"""What an organization decides here, and what of it may change by itself."""

from __future__ import annotations

from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.targets.claude_code.resolver import policy
from keyswitch.targets.verdict import NOTE, SERVER, Finding, Source

_FIX = "ask who manages Claude Code at your organization"


def decided(situation: Situation) -> Iterator[Finding]:
    """Find what its server sent, and a program that computes its settings."""
    for source in _of_the_server(situation):
        place = situation.place(source)
        what = f"your organization's server set {source.name}; it may change it"
        why = "Claude Code asks it at each start, and keeps what it said last"
        yield Finding("server-settings", NOTE, what, why, _FIX, place)
    program = policy.program(situation.scene)
    if program is not None:
        place = situation.place(program.source)
        what = f"{program.text} computes your organization's settings"
        why = "Claude Code runs it at each start; here it is not run"
        yield Finding("policy-program", NOTE, what, why, _FIX, place)


def _of_the_server(situation: Situation) -> list[Source]:
    verdict = situation.verdict
    values = filter(None, (verdict.base_url, verdict.flag))
    sources = [header.source for header in verdict.request.headers]
    sources += [value.source for value in values]
    if verdict.request.refused_by:
        sources.append(verdict.request.refused_by)
    found = [source for source in sources if source.set_by == SERVER]
    return list(dict.fromkeys(found))
