"""Credentials of a wrong kind, with something around them, or a wrong model.

Claude Code sends most of these as they are, and the service answers 401 or
404: tests/vectors/claude_code/mix_ups.json has what was observed.
"""

from __future__ import annotations

from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.errors import InputError
from keyswitch.providers.shapes import check_token
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.settings.settings_file import trim
from keyswitch.targets.verdict import ERROR, WARNING, Finding, Source

_KEY, _LOGIN_TOKEN, _REFRESH_TOKEN = "sk-ant-api", "sk-ant-oat", "sk-ant-ort"

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
    for source, text in _values(situation):
        own = bool(situation.verdict.cloud or situation.foreign_url)
        flaw = None if own else _wrong_kind(source.name, text)
        flaw = flaw or _flaw(source, text, own=own)
        if flaw is not None:
            what, why, fix = flaw
            place = situation.place(source)
            yield Finding("credential-mixed-up", ERROR, what, why, fix, place)
    yield from _models(situation)


def _values(situation: Situation) -> Iterator[tuple[Source, str]]:
    """Yield what is sent; or what is set, where that keeps it from sending."""
    request = situation.verdict.request
    for header in request.headers:
        if header.value is not None and header.source.kind != "helper":
            yield header.source, header.value.reveal()
    for name in () if request.sent else _KINDS:
        value = situation.view.given(name)
        if value is not None:
            yield value.source, trim(value.text)


def _wrong_kind(name: str, text: str) -> tuple[str, str, str] | None:
    if text.startswith(_REFRESH_TOKEN):
        return (
            f"{name} contains a refresh token, which no request can use",
            "it only renews a login",
            f"remove it from {name}, then log in: keyswitch login NAME",
        )
    start, kind, right = _KINDS.get(name, ("\0", "", ""))
    if not text.startswith(start):
        return None
    return (
        f"{name} contains {kind}, which Anthropic does not accept there",
        "each kind has its own header",
        f"set {right} instead, or: keyswitch add NAME",
    )


def _flaw(
    source: Source, text: str, *, own: bool
) -> tuple[str, str, str] | None:
    """Return what is wrong with a value; `own`: not Anthropic's service."""
    try:
        check_token(source.name, text, any_word=own)
    except InputError as e:
        return e.message, "Claude Code uses it unchanged", e.hint
    if text.endswith((",", ";")):
        what = f"{source.name} ends with '{text[-1]}'"
        return what, "Claude Code uses it unchanged", "set it without that"
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
            why = "it belongs to another service, and every request asks for it"
            fix = situation.how_to_stop(value.source)
            place = situation.place(value.source)
            yield Finding(
                "model-of-another-service", WARNING, what, why, fix, place
            )
