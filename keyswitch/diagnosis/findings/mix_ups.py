"""Credentials of a wrong kind, with something around them, or a wrong model.

Claude Code sends each of these as it is, and the service answers 401 or 404.
Observed, Claude Code 2.1.330: quotes are sent, an API key in the place of a
login's token goes as a bearer, and the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.targets.claude_code import rules
from keyswitch.targets.verdict import ERROR, WARNING, Finding, Header

_KEY, _LOGIN_TOKEN = "sk-ant-api", "sk-ant-oat"

# Variable -> (how a value of another kind begins, what that is, its place).
_KINDS = {
    rules.API_KEY: (_LOGIN_TOKEN, "a login's token", rules.OAUTH_TOKEN),
    rules.OAUTH_TOKEN: (_KEY, "an API key", rules.API_KEY),
    rules.AUTH_TOKEN: (_KEY, "an API key", rules.API_KEY),
}
_MODELS = (
    "ANTHROPIC_MODEL",
    "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL",
    "ANTHROPIC_SMALL_FAST_MODEL",
)
_OWN_MODELS = ("claude", "opus", "sonnet", "haiku", "default")


def mix_ups(situation: Situation) -> Iterator[Finding]:
    """Find what Claude Code sends and no service can take."""
    for header in situation.verdict.request.headers:
        found = _of_value(situation, header)
        if found is not None:
            what, why, fix = found
            place = situation.place(header.source)
            yield Finding("credential-mixed-up", ERROR, what, why, fix, place)
    yield from _models(situation)


def _of_value(
    situation: Situation, header: Header
) -> tuple[str, str, str] | None:
    """Return what is wrong with a value, why it matters and what to do."""
    text = header.value.reveal() if header.value else ""
    name = header.source.name
    start, kind, right = _KINDS.get(name, ("\0", "", ""))
    to_anthropic = not situation.verdict.cloud and not situation.foreign_url
    if text.startswith(start) and to_anthropic:
        return (
            f"{name} holds {kind}, which Anthropic does not take there",
            "each kind has a header of its own",
            f"set {right} instead, or: keyswitch add NAME",
        )
    sent = "Claude Code sends it as it is"
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return (f"{name} has quotes around it", sent, "set it without them")
    if text.lower().startswith("bearer "):
        return (
            f"{name} begins with the word Bearer",
            "Claude Code adds that word itself",
            "set the token alone",
        )
    if not text.isascii():
        return (f"{name} has a character that no key has", sent, "copy it anew")
    return None


def _models(situation: Situation) -> Iterator[Finding]:
    """Find a model of another service, left over after a switch."""
    if situation.verdict.cloud or situation.foreign_url:
        return
    for name in _MODELS:
        value = situation.view.given(name)
        model = value.text.strip() if value else ""
        if value and not model.lower().startswith(_OWN_MODELS):
            what = f"{name} is '{model}', which Anthropic does not have"
            why = "it is of another service, and every request asks for it"
            fix = situation.how_to_stop(value.source)
            place = situation.place(value.source)
            yield Finding(
                "model-of-another-service", WARNING, what, why, fix, place
            )
