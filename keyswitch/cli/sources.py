"""Where a secret or a passphrase comes from: a person, or an option's source.

Sources are standard input, a variable, a file or a descriptor. No option takes
a value itself: an argument is visible to every program on the machine and
stays in the shell's history.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from keyswitch.cli.arguments import how_to_give
from keyswitch.cli.command import Session, flag, option, options
from keyswitch.cli.failures import take
from keyswitch.cli.prompt import ask_secret, confirm
from keyswitch.errors import CancelledError, InputError, UsageError
from keyswitch.model import Frozen
from keyswitch.providers.schema import Provider
from keyswitch.providers.shapes import Field, check_secret, doubt
from keyswitch.providers.wrapping import WrappedSecretError
from keyswitch.secret import Secret

# Where nobody can type a passphrase.
passphrase_options = options(
    option(
        "--passphrase-fd",
        metavar="N",
        help="Read the passphrase from this file descriptor.",
    ),
    option(
        "--passphrase-file",
        metavar="PATH",
        help="Read the passphrase from this file.",
    ),
)

LIMIT = 1 << 20  # bytes that are read before giving up


class SourceOption(Frozen):
    """One source option: which field it fills, and where from."""

    field: str  # "": the provider's main secret
    kind: str  # the option's name: stdin, from_env, from_file or fd
    place: str


_KINDS = (
    ("--from-env", "NAME", "environment variable"),
    ("--from-file", "PATH", "file"),
    ("--fd", "N", "open file descriptor"),
)
source_options = options(
    flag("--stdin", help="Read the secret from stdin."),
    *(
        option(
            name,
            multiple=True,
            metavar=f"[FIELD=]{place}",
            help=f"Read it from this {kind}.",
        )
        for name, place, kind in _KINDS
    ),
)


def parse_sources(
    given_options: Mapping[str, Any], known: Sequence[str]
) -> list[SourceOption]:
    """Return what the source options say; `known` are the secret fields."""
    found = [SourceOption("", "stdin", "0")] if given_options["stdin"] else []
    for kind in ("from_env", "from_file", "fd"):
        for value in given_options[kind]:
            field, equals, place = value.partition("=")
            named = equals and field in known
            source = (field, kind, place) if named else ("", kind, value)
            found.append(SourceOption(*source))
    return found


def _read(source: SourceOption) -> bytes:
    """Return the bytes of a source, at most `LIMIT` and one more."""
    place = source.place
    if source.kind == "from_env":
        value = os.environb.get(os.fsencode(place))
        if value is None:
            raise InputError(
                f"{place} is not set",
                "export it first, or use another source",
            )
        return value
    is_file = source.kind == "from_file"
    try:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(place, flags) if is_file else os.dup(int(place))
        with os.fdopen(descriptor, "rb") as stream:
            return stream.read(LIMIT + 1) or b""
    except ValueError as e:
        raise UsageError(
            f"'{place}' is not the number of a file descriptor",
            "for example 3, with 3<FILE at the end of the command",
        ) from e
    except (OSError, OverflowError) as e:
        if not is_file:
            stdin = place == "0"
            place = "standard input" if stdin else f"file descriptor {place}"
        # No descriptor has a number that the system has no room for.
        reason = e.strerror if isinstance(e, OSError) else "no such descriptor"
        raise InputError(f"cannot read {place}: {reason}", how_to_give()) from e


def read_source(source: SourceOption) -> bytes:
    """Return the bytes of a source, which can be read only once."""
    return take(f"{source.kind} {source.place}", lambda: _read(source))


def collect(
    session: Session,
    provider: Provider,
    wanted: Sequence[Field],
    sources: Sequence[SourceOption],
    fields: Mapping[str, str],
) -> dict[str, Secret]:
    """Return the checked secret of each wanted field that has a source.

    Required fields without a source are asked for on a terminal. `fields` are
    the profile's plain ones.
    """

    def checked(
        field: Field, raw: bytes, *, hidden: bool = False
    ) -> Secret | None:
        try:
            secret = check_secret(field, raw, provider.id, provider.help_url)
        except WrappedSecretError as e:
            if not session.can_ask:
                raise
            session.say(e.message)
            if not confirm("use what is inside?", hidden=hidden):
                raise
            inner = e.inner.reveal().encode()
            return checked(field, inner, hidden=hidden)
        meant = is_meant(session, field, secret.reveal(), fields, hidden=hidden)
        return secret if meant else None

    def asked(field: Field) -> Secret:
        session.require_terminal(
            f"the {field.title or field.name} is missing", how_to_give()
        )
        question = f"{provider.title}, {field.title or field.name}: "
        return session.ask_until(
            lambda: ask_secret(question).reveal().encode(),
            lambda raw: checked(field, raw, hidden=True),
        )

    values: dict[str, Secret] = {}
    queue = [field for field in wanted if field.required]
    names = {field.name: field for field in wanted}
    for source in sources:
        field = names[source.field] if source.field else _next(queue, wanted)
        if field in queue:
            queue.remove(field)
        secret = checked(field, read_source(source))
        if secret is None:
            raise CancelledError
        values[field.name] = secret
    for field in queue:
        if field.name not in values:
            values[field.name] = asked(field)
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
    return not session.can_ask or confirm("use it anyway?", hidden=hidden)


def _next(queue: Sequence[Field], wanted: Sequence[Field]) -> Field:
    if queue:
        return queue[0]
    if len(wanted) == 1:
        return wanted[0]
    raise UsageError(
        "more secrets than fields for them",
        "name the fields: --from-file FIELD=PATH",
    )


def given_passphrase(options: Mapping[str, Any]) -> Secret | None:
    """Return the passphrase that the options give, or None."""
    kinds = {"passphrase_fd": "fd", "passphrase_file": "from_file"}
    for name, kind in kinds.items():
        if options[name] is not None:
            source = SourceOption("", kind, options[name])
            try:
                text = read_source(source).decode()
            except UnicodeDecodeError as e:
                raise InputError(
                    "the passphrase is not valid UTF-8",
                    "check where it comes from",
                ) from e
            return Secret(text.removesuffix("\n").removesuffix("\r"))
    return None


def new_passphrase(session: Session, options: Mapping[str, Any]) -> Secret:
    """Return the passphrase that the options give, or ask for a new one."""
    given = given_passphrase(options)
    if given is None:
        return ask_new_passphrase(session)
    return _checked(session, given)


def ask_new_passphrase(session: Session) -> Secret:
    """Ask for a new passphrase twice."""
    session.require_terminal("a new passphrase is needed", how_to_give())

    def check(first: Secret) -> Secret:
        _checked(session, first)
        if ask_secret("confirm passphrase: ") != first:
            raise InputError("the passphrases do not match", "try again")
        return first

    return session.ask_until(lambda: ask_secret("new passphrase: "), check)


def _checked(session: Session, passphrase: Secret) -> Secret:
    from keyswitch.secrets.vault.access import check_passphrase

    warning = check_passphrase(passphrase)
    if warning:
        session.warn(warning)
    return passphrase
