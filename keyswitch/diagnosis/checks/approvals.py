"""Keys that Claude Code was told to use, or not to, in interactive mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.finding import ERROR, NOTE, WARNING, Finding
from keyswitch.diagnosis.interactive import approval_of
from keyswitch.diagnosis.mending import ELEMENT, Mend
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.logins import tail_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.situation import Situation

REJECTED = ("customApiKeyResponses", "rejected")


def answers(situation: Situation) -> Iterator[Finding]:
    """Find the answer that was given once for the key in use."""
    key = situation.verdict.request.key
    place = situation.scene.places.global_config
    if key is None or key.value is None or key.source.name != rules.API_KEY:
        return
    answer = approval_of(situation.scene, situation.verdict)
    tail = tail_of(key.value.reveal())
    if answer == "rejected":
        yield Finding(
            "key-rejected",
            ERROR,
            f"{rules.API_KEY} was rejected once, so interactive mode does "
            "not use it",
            "'claude -p' uses it all the same: the two modes speak for two "
            "accounts",
            "forget that answer: keyswitch doctor --fix",
            place,
            Mend(ELEMENT, place, REJECTED, expected=tail),
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
        yield Finding(
            "key-in-both-lists",
            WARNING,
            f"the key that ends in …{tail[-4:]} is both approved and rejected",
            "it counts as approved; other tools may read it otherwise",
            "forget the rejection: keyswitch doctor --fix",
            place,
            Mend(ELEMENT, place, REJECTED, expected=tail),
        )
