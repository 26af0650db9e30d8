"""What Claude Code would ask in interactive mode before it sends anything.

`claude -p` asks nothing of this. Observed, Claude Code 2.1.330.
"""

from __future__ import annotations

from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.disk.opening import upwards
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login.stored import TAIL, tail_of, trusted
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.targets.verdict import (
    ERROR,
    NOTE,
    WARNING,
    Finding,
    Mend,
    Source,
    Verdict,
)


def questions(situation: Situation) -> tuple[str, ...]:
    """Return what a person would be asked or told, in that order."""
    scene, verdict = situation.scene, situation.verdict
    found = []
    if not scene.config.onboarded:
        found.append("at the first start: a theme and, without a key, a login")
    trusts = trusted(scene.read(scene.places.global_config))
    if trusts.isdisjoint(upwards(scene.cwd)):
        found.append(f"whether to trust the folder {scene.cwd}")
    asked = _asked_about(situation)
    answer = asked[1] if asked else ""
    if answer == "rejected":
        not_used = f"{rules.API_KEY} is not used: it was rejected once"
        found.append(f"nothing, but {not_used}")
    elif asked and not answer:
        found.append(f"whether to use {rules.API_KEY} (the default is no)")
    pair = _two(scene, verdict, answer)
    if pair:
        found.append(f"it warns that both {' and '.join(pair)} are set")
    return tuple(found)


def _asked_about(situation: Situation) -> tuple[str, str] | None:
    """Return the key of the variable in use, and what was answered about it.

    That is "approved", also where it is in both lists, "rejected" or "".
    """
    key, config = situation.verdict.request.key, situation.scene.config
    if key is None or key.value is None or key.source.name != rules.API_KEY:
        return None
    text = key.value.reveal()
    if tail_of(text) in config.approved:
        return text, "approved"
    return text, "rejected" if tail_of(text) in config.rejected else ""


def _two(scene: Scene, verdict: Verdict, answer: str) -> tuple[str, ...]:
    """Return the two credentials that it warns of, one of them maybe unsent.

    It looks at no custom headers, and not at a login beside a token.
    """
    key, bearer = verdict.request.key, verdict.request.bearer
    names = [h.source.name for h in verdict.request.headers]
    if "custom_header" in {h.source.kind for h in verdict.request.headers}:
        return ()
    if key is not None and bearer is not None and key.source != bearer.source:
        return tuple(names)
    has_key = bool(scene.config.managed_key.strip())
    if scene.request.text(rules.OAUTH_TOKEN):
        beside = [n for n in names if n in (rules.API_KEY, rules.HELPER)]
        if has_key and names[-1:] == [rules.OAUTH_TOKEN]:
            beside.append(rules.CONSOLE_KEY)
        if beside:
            return (rules.OAUTH_TOKEN, beside[0])
    if scene.login is not None and scene.login.usable:
        if answer == "approved":
            return (rules.API_KEY, rules.LOGIN)
        if has_key and names[-1:] == [rules.LOGIN]:
            return (rules.CONSOLE_KEY, rules.LOGIN)
    return ()


def answers(situation: Situation) -> Iterator[Finding]:
    """Find that the key in use was rejected, or was never asked about."""
    key, asked = situation.verdict.request.key, _asked_about(situation)
    place = situation.scene.places.global_config
    if key is None or asked is None:
        return
    text, answer = asked
    if answer == "rejected":
        # The end of a short key is as good as the key.
        short = len(text.strip()) < 2 * TAIL
        what = f"{rules.API_KEY} was rejected once: interactive mode ignores it"
        why = "'claude -p' uses it, so the two modes use different accounts"
        rest = _forgetting(place, "" if short else tail_of(text))
        yield Finding("key-rejected", ERROR, what, why, *rest)
    elif not answer and not situation.owner(key).profile:
        yield Finding(
            "key-unanswered",
            NOTE,
            f"interactive mode will ask whether to use {rules.API_KEY}; the "
            "default answer is no",
            "'claude -p' does not ask; Claude Code never asks about a "
            "profile's key",
            _keep(situation, key.source),
            situation.place(key.source),
        )


def _keep(situation: Situation, source: Source) -> str:
    """Return how a key is used without that question."""
    if source.set_by != "process":
        return "answer yes when Claude Code asks"
    name = situation.free_name("work")
    return f"keyswitch add {name} --provider anthropic --from-env {source.name}"


def both_lists(situation: Situation) -> Iterator[Finding]:
    """Find a key that is approved and rejected at once."""
    config = situation.scene.config
    place = situation.scene.places.global_config
    for tail in sorted(set(config.approved) & set(config.rejected)):
        short = len(tail) < TAIL
        shown = "a short key" if short else f"the key that ends in …{tail[-4:]}"
        what = f"{shown} is both approved and rejected"
        why = "Claude Code treats it as approved; other tools may not"
        rest = _forgetting(place, tail)
        yield Finding("key-in-both-lists", WARNING, what, why, *rest)


def _forgetting(place: str, tail: str) -> tuple[str, str, Mend | None]:
    """Return (fix, place, mend); no mend where the end is a whole key.

    What takes a repair back keeps what was removed.
    """
    keys = rules.REJECTED
    if len(tail) < TAIL:
        return f"remove it from '{'.'.join(keys)}' in {place}", place, None
    mend = Mend(Mend.ELEMENT, place, keys, expected=tail)
    return "keyswitch doctor --fix", place, mend
