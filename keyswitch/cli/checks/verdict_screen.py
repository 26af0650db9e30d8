"""One screen of whoami: who pays, the two headers, and what is behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.cli import style
from keyswitch.cli.style import DIM, ERROR, GOOD, NAME, WARNING, Cell, Styled
from keyswitch.diagnosis import urls
from keyswitch.diagnosis.findings.installations import prediction
from keyswitch.diagnosis.findings.interactive import questions
from keyswitch.display import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keyswitch.cli.session import Session
    from keyswitch.diagnosis.findings.accounts import Owner
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.targets.verdict import Source

_KINDS = {
    "login": "the stored login",
    "managed_key": "the Console login's API key",
    "anthropic_profile": "Anthropic profile",
    "helper": "the helper",
    "aws_profile": "AWS profile",
    "sign_in": "a sign-in with the aws command",
    "federation": "the identity federation",
}
_TITLE = len("authorization")  # columns that every title has


def show(
    session: Session,
    situation: Situation,
    sentence: str,
    further: Iterable[tuple[str, str]],
) -> None:
    """Print the sentence, the headers, what is shadowed, and the facts."""
    width = style.columns(session.environ)
    lines = [printable(sentence)]
    if session.for_person:
        lines = style.wrapped(lines[0], width)
    for line in lines:
        session.data(Styled(line, _role(situation)))
    session.raw("\n")
    session.table([_titled(row) for row in _credentials(situation)])
    session.raw("\n")
    facts = [*_facts(situation), *further]
    session.table([_titled(row) for row in facts])


def _role(situation: Situation) -> str:
    if not situation.verdict.request.sent:
        return ERROR
    return WARNING if situation.in_use is False else GOOD


def _titled(row: tuple[Cell, ...]) -> tuple[Cell, ...]:
    title, *cells = row
    return (Styled(f"{title:{_TITLE}}", DIM), *cells)


def _credentials(situation: Situation) -> Iterator[tuple[Cell, ...]]:
    request = situation.verdict.request
    owners = [situation.owner(header) for header in request.headers]
    of_several = len({owner.profile for owner in owners}) > 1
    for title, header in (
        ("x-api-key", request.key if request.sent else None),
        ("authorization", request.bearer if request.sent else None),
    ):
        if header is None:
            yield title, "not sent", ""
        else:
            shown = _shown(situation.owner(header), named=of_several)
            where = _where(situation, header.source)
            yield title, Styled(shown, NAME), where
    for number, entry in enumerate(request.shadowed):
        owner = situation.accounts.owner_of(entry.value, entry.source)
        because = situation.short(entry.because)
        place = f"{_where(situation, entry.source)}: {because}"
        shown = owner.masked or "(not read)"
        whose = f" ({owner.profile})" if owner.profile else ""
        yield "" if number else "shadowed", f"{shown}{whose}", place


def _shown(owner: Owner, *, named: bool) -> str:
    if owner.masked is None:
        return "(not known)"
    whose = f" ({owner.profile})" if owner.profile and named else ""
    return f"{owner.masked or '(empty)'}{whose}"


def _facts(situation: Situation) -> Iterator[tuple[Cell, ...]]:
    request, status = situation.verdict.request, situation.verdict.status
    if request.sent:
        yield "sent to", _address(situation)
        yield "billing", _billing(situation)
    method = status.auth_method
    if status.api_key_source and status.api_key_source != method:
        method += f", {status.api_key_source}"
    yield "auth status", f"{method} ({status.api_provider})"
    for number, question in enumerate(questions(situation)):
        yield "" if number else "would ask", question
    doubt = prediction(situation).doubt
    if doubt:
        yield "may be wrong", Styled(doubt, WARNING)


def _where(situation: Situation, source: Source) -> str:
    kind = _KINDS.get(source.kind)
    place = _short(situation, source)
    if kind is None:
        return f"{source.name} in {place}" if source.path else place
    if source.kind in ("aws_profile", "anthropic_profile"):
        return f"{kind} '{source.name}' in {place}"
    return f"{kind} in {place}"


def _short(situation: Situation, source: Source) -> str:
    return situation.short(situation.place(source))


def _address(situation: Situation) -> str:
    url, provider = situation.verdict.base_url, situation.verdict.provider
    if url is not None:
        return f"{urls.shown(url.text)}  {_short(situation, url.source)}"
    return provider.title if provider else "https://api.anthropic.com"


def _billing(situation: Situation) -> str:
    bill = situation.bill or "not known"
    profile = situation.wanted
    if profile is None or not profile.expect:
        return bill
    if profile.expect == situation.bill:
        return f"{bill}, as '{profile.name}' expects"
    return f"{bill}, but '{profile.name}' expects {profile.expect}"
