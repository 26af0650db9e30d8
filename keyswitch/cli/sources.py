"""Where a secret value comes from: prompt, stdin, variable, file, descriptor.

No option takes a value itself: an argument is visible to every program on the
machine and stays in the shell's history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from keyswitch.cli.command import Session, option, options
from keyswitch.cli.prompt import ask_secret, confirm
from keyswitch.cli.starting_over import take
from keyswitch.errors import CancelledError, UsageError
from keyswitch.providers.shapes import check_secret, doubt
from keyswitch.secrets import given

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.providers.schema import Provider
    from keyswitch.providers.shapes import Field
    from keyswitch.secret import Secret

# option -> how its source is read
_READERS = {
    "stdin": given.from_descriptor,
    "from_env": given.from_variable,
    "from_file": given.from_file,
    "fd": given.from_descriptor,
}


class Source(NamedTuple):
    """One source option: which field it fills, and where from."""

    field: str  # "": the provider's main secret
    kind: str  # one of `_READERS`
    place: str


source_options = options(
    option("--stdin", is_flag=True, help="Read the secret from stdin."),
    option(
        "--from-env",
        multiple=True,
        metavar="[FIELD=]NAME",
        help="Read it from this environment variable.",
    ),
    option(
        "--from-file",
        multiple=True,
        metavar="[FIELD=]PATH",
        help="Read it from this file.",
    ),
    option(
        "--fd",
        multiple=True,
        metavar="[FIELD=]N",
        help="Read it from this open file descriptor.",
    ),
)


def parse_sources(
    given_options: Mapping[str, Any], known: Sequence[str]
) -> list[Source]:
    """Return what the source options say; `known` are the secret fields."""
    found = [Source("", "stdin", "0")] if given_options["stdin"] else []
    for kind in ("from_env", "from_file", "fd"):
        for value in given_options[kind]:
            field, equals, place = value.partition("=")
            named = equals and field in known
            source = (field, kind, place) if named else ("", kind, value)
            found.append(Source(*source))
    return found


def read_source(source: Source) -> bytes:
    """Return the bytes of a source."""
    read, place = _READERS[source.kind], source.place
    return take(f"{source.kind} {place}", lambda: read(place))


def collect(
    session: Session,
    provider: Provider,
    wanted: Sequence[Field],
    sources: Sequence[Source],
    fields: Mapping[str, str],
) -> dict[str, Secret]:
    """Return the checked secret of each wanted field that has a source.

    Required fields without a source are asked for on a terminal. `fields` are
    the profile's plain ones.
    """
    values: dict[str, Secret] = {}
    queue = [field for field in wanted if field.required]
    names = {field.name: field for field in wanted}
    for source in sources:
        field = names[source.field] if source.field else _next(queue, wanted)
        if field in queue:
            queue.remove(field)
        raw = read_source(source)
        secret = check_secret(field, raw, provider=provider)
        if not is_meant(session, field, secret.reveal(), fields):
            raise CancelledError
        values[field.name] = secret
    for field in queue:
        if field.name not in values:
            values[field.name] = _ask(session, provider, field, fields)
    return values


def is_meant(
    session: Session,
    field: Field,
    value: str,
    fields: Mapping[str, str],
    *,
    hidden: bool = False,
) -> bool:
    """Ask whether a value of unusual length is right; a script is told."""
    why = doubt(field, value, fields)
    if not why:
        return True
    session.say(why)
    return not session.can_ask or confirm("take it as it is?", hidden=hidden)


def _next(queue: Sequence[Field], wanted: Sequence[Field]) -> Field:
    if queue:
        return queue[0]
    if len(wanted) == 1:
        return wanted[0]
    raise UsageError(
        "there are more secrets than fields for them",
        "say which is which: --from-file FIELD=PATH",
    )


def _ask(
    session: Session,
    provider: Provider,
    field: Field,
    fields: Mapping[str, str],
) -> Secret:
    session.require_terminal(
        f"the {field.name} is missing", f"give it by {given.SOURCES}"
    )

    def check(answer: Secret) -> Secret | None:
        raw = answer.reveal().encode()
        secret = check_secret(field, raw, provider=provider)
        meant = is_meant(session, field, secret.reveal(), fields, hidden=True)
        return secret if meant else None

    question = f"{provider.title}, {field.title or field.name}: "
    return session.ask_until(lambda: ask_secret(question), check)
