"""Keys that Claude Code was told to use, or not to, in interactive mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.finding import ERROR, NOTE, WARNING, Finding
from keyswitch.diagnosis.findings.interactive import approval_of
from keyswitch.diagnosis.findings.mend import ELEMENT, Mend
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login.stored import TAIL, tail_of
from keyswitch.targets.claude_code.rules import REJECTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.situation import Situation


def answers(situation: Situation) -> Iterator[Finding]:
    """Find that the key in use was rejected, or was never asked about."""
    key = situation.verdict.request.key
    place = situation.scene.places.global_config
    if key is None or key.value is None or key.source.name != rules.API_KEY:
        return
    answer = approval_of(situation.scene, situation.verdict)
    if answer == "rejected":
        text = key.value.reveal()
        # The end of a short key is as good as the key.
        short = len(text.strip()) < 2 * TAIL
        yield Finding(
            "key-rejected",
            ERROR,
            f"{rules.API_KEY} was rejected once, so interactive mode does "
            "not use it",
            "'claude -p' uses it all the same: the two modes speak for two "
            "accounts",
            *_forgetting(place, "" if short else tail_of(text)),
        )
    elif not answer and not situation.owner(key).profile:
        yield Finding(
            "key-unanswered",
            NOTE,
            f"interactive mode will ask whether to use {rules.API_KEY}, and "
            "the default is no",
            "'claude -p' does not ask",
            "answer yes, or keep it as a profile: keyswitch add NAME "
            f"--provider anthropic --from-env {rules.API_KEY}",
            situation.place(key.source),
        )


def both_lists(situation: Situation) -> Iterator[Finding]:
    """Find a key that is approved and rejected at once."""
    config = situation.scene.config
    place = situation.scene.places.global_config
    for tail in sorted(set(config.approved) & set(config.rejected)):
        short = len(tail) < TAIL
        shown = "a short key" if short else f"the key that ends in …{tail[-4:]}"
        yield Finding(
            "key-in-both-lists",
            WARNING,
            f"{shown} is both approved and rejected",
            "it counts as approved; other tools may read it otherwise",
            *_forgetting(place, tail),
        )


def _forgetting(place: str, tail: str) -> tuple[str, str, Mend | None]:
    """Return (fix, place, mend); no mend where the end is a whole key.

    What takes a repair back keeps what was removed.
    """
    if len(tail) < TAIL:
        return f"remove it from '{'.'.join(REJECTED)}' in {place}", place, None
    fix = "forget that answer: keyswitch doctor --fix"
    return fix, place, Mend(ELEMENT, place, REJECTED, expected=tail)
