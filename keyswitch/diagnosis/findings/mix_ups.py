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
        flaw = None if own else _wrong_kind(situation, source, text)
        place = situation.place(source)
        flaw = flaw or _flaw(source, text, place, own=own)
        if flaw is not None:
            what, why, fix = flaw
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


def _wrong_kind(
    situation: Situation, source: Source, text: str
) -> tuple[str, str, str] | None:
    name = source.name
    if text.startswith(_REFRESH_TOKEN):
        return (
            f"{name} contains a refresh token, which no request can use",
            situation.lasting("it only renews a login", source),
            situation.how_to_stop(source),
        )
    start, kind, right = _KINDS.get(name, ("\0", "", ""))
    if not text.startswith(start):
        return None
    return (
        f"{name} contains {kind}, which Anthropic does not accept there",
        "each kind has its own header",
        _renamed(source, right),
    )


def _renamed(source: Source, right: str) -> str:
    """Return how a value gets the right name; it is not typed again."""
    if source.set_by == "process":
        return f'export {right}="${source.name}" && unset {source.name}'
    return f"rename '{source.name}' to '{right}' in {source.place}"


def _flaw(
    source: Source, text: str, place: str, *, own: bool
) -> tuple[str, str, str] | None:
    """Return what is wrong with a value; `own`: not Anthropic's service."""
    as_it_is, fix = "Claude Code uses it unchanged", f"correct {place}"
    try:
        check_token(source.name, text, any_word=own)
    except InputError as e:
        return e.message, f"{as_it_is}; {e.hint}", fix
    if text.endswith((",", ";")):
        return f"{source.name} ends with '{text[-1]}'", as_it_is, fix
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
            why = situation.lasting(why, value.source)
            fix = situation.how_to_stop(value.source)
            place = situation.place(value.source)
            yield Finding(
                "model-of-another-service", WARNING, what, why, fix, place
            )
