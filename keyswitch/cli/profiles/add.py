"""add: make a profile, and ask for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, count
from typing import Any

import click

from keyswitch.cli.arguments import refuse_secret_fields, typed
from keyswitch.cli.command import SETS, Session, command, option
from keyswitch.cli.profiles.editing import parse_date, parse_settings
from keyswitch.cli.prompt import ask_line, choose_one
from keyswitch.cli.secrets.agreements import agree_to_variables
from keyswitch.cli.secrets.references import (
    parse_references,
    reference_options,
    sources_of,
    try_references,
)
from keyswitch.cli.secrets.store_choice import STORE, choose_store_for
from keyswitch.cli.session import hand_over
from keyswitch.cli.sources import (
    SourceOption,
    collect,
    is_meant,
    parse_sources,
    source_options,
)
from keyswitch.errors import InputError, UsageError
from keyswitch.model import Profile
from keyswitch.profiles import profile_files
from keyswitch.profiles.names import check_name
from keyswitch.providers.schema import Provider
from keyswitch.providers.shapes import Field, check_plain
from keyswitch.secret import Secret
from keyswitch.switching.editing import profile_changes

EXPIRES = option("--expires", metavar="DATE", help="A date such as 2027-02-01.")


@command(
    "keyswitch add                                     asks for everything",
    "keyswitch add work --provider anthropic           asks for the key",
    "keyswitch add ci --provider anthropic --store vault --stdin < key",
    "keyswitch add client --provider bedrock --set region=eu-central-1 \\",
    "    --set access_key_id=AKIA... --from-env AWS_SECRET_ACCESS_KEY",
    "keyswitch add team --provider anthropic --reference op://Eng/claude/key",
    "keyswitch providers                               lists the providers",
    dry_run=True,
)
@click.argument("name", required=False)
@option(
    "--provider",
    "provider_id",
    metavar="PROVIDER",
    help="The kind of account; 'keyswitch providers' lists them.",
)
@SETS
@option("--label", default="", help="Text for listings.")
@EXPIRES
@option(
    "--expect",
    type=click.Choice(["api", "subscription", "cloud"]),
    help="Refuse to use the profile if its billing differs.",
)
@STORE
@reference_options
@source_options
def add(  # noqa: PLR0913
    session: Session,
    name: str | None,
    *,
    provider_id: str | None,
    sets: tuple[str, ...],
    label: str,
    expires: str | None,
    expect: str | None,
    store: str | None,
    references: tuple[str, ...],
    lifetime: int | None,
    **given: Any,
) -> int | None:
    """Add a profile and store its secret.

    On a terminal it asks for whatever is missing.
    """
    session.refuse_agents()  # a new profile may have any host
    workspace = session.workspace()
    if name is not None:
        check_name(name)
        profile_changes.refuse_existing(workspace, name, adds=True)
    parse_date(expires)  # before anybody is asked
    fields = parse_settings(sets)
    label = typed("the label", label)
    provider = workspace.catalogue.get(_provider_of(session, name, provider_id))
    is_plain = not (
        sets or expires or expect or references or any(given.values())
    )
    if provider.not_addable and session.can_ask and is_plain:
        name = name or _ask_name(session, provider.id)
        return _log_in(name, store=store, label=label)
    provider.check_addable()
    refuse_secret_fields(provider, fields)
    fields = provider.complete_fields(fields)
    known = [field.name for field in provider.fields if field.secret]
    sources = parse_sources(given, known)
    outside = [*sources, *sources_of(provider, references)]
    name, fields, wanted = _complete(session, provider, name, fields, outside)
    needed = [f.name for f in wanted if f.required] or [f.name for f in wanted]
    refs = parse_references(session, provider, references, lifetime, needed)
    left = [field for field in wanted if field.name not in refs]
    secrets = collect(session, provider, left, sources, fields)
    try_references(session, provider, refs)
    profile = Profile(
        name=name,
        provider=provider.id,
        label=label,
        created=profile_changes.today(),
        **_end(provider, expires, is_stored=bool(secrets)),
        expect=expect or "",
        fields=fields,
        secrets=refs,
    )
    _store(session, profile, secrets, store)
    return None


def _end(
    provider: Provider, expires: str | None, *, is_stored: bool
) -> dict[str, Any]:
    """Return when a secret ends: as it was given, else as its kind does."""
    if expires is None and is_stored:
        usual = provider.expected_end(profile_changes.today())
        return {"expires": usual, "expires_expected": bool(usual)}
    return {"expires": parse_date(expires)}


def expectation(profile: Profile) -> list[str]:
    """Return what to say of an end that nobody gave."""
    if not profile.expires_expected:
        return []
    return [
        f"expires about {profile.expires}, expected: no date was given",
        f"to set the exact date: keyswitch edit {profile.name} --expires DATE",
    ]


def _log_in(name: str, *, store: str | None, label: str) -> int | None:
    """Hand over to `login`, which makes the profiles that `add` cannot."""
    how = choose_one(
        "which login",
        {
            "new": "log in to another account and keep the current login",
            "present": "save Claude Code's current login",
        },
    )
    options = {"capture": how == "present", "store": store, "label": label}
    return hand_over("login", name=name, **options)


def _store(
    session: Session,
    profile: Profile,
    secrets: Mapping[str, Secret],
    store: str | None,
) -> None:
    """Store the profile and its secrets.

    What can be refused is refused before a passphrase is asked for.
    """
    workspace = session.workspace()
    agree_to_variables(session, profile)
    profile_changes.check_new(workspace, profile, secrets)
    place = choose_store_for(session, store) if secrets else ""
    fresh = {
        field: profile_changes.new_secret(workspace, place, value)
        for field, value in secrets.items()
    }
    profile_changes.add(workspace, profile, fresh)
    where = f", secret in the {place}" if secrets else ""
    if profile.secrets:
        where += "".join(f", {ref.item}" for ref in profile.secrets.values())
    session.say(f"added '{profile.name}' ({profile.provider}{where})")
    session.say(*expectation(profile))
    session.say(f"switch to it: keyswitch use {profile.name}")


def _provider_of(session: Session, name: str | None, given: str | None) -> str:
    if name is None and not session.can_ask:
        raise UsageError(
            "missing argument 'NAME'", "see 'keyswitch add --help'"
        )
    if given:
        return given
    ids = session.workspace().catalogue.ids()
    session.require_terminal("no provider given", f"--provider {'|'.join(ids)}")
    from keyswitch.cli.choosing import choices, picker

    workspace = session.workspace()
    providers = choices.providers(workspace)
    how = workspace.settings.picker
    return picker.choose("provider", providers, session.environ, how=how)


def _ask_name(session: Session, provider_id: str) -> str:
    """Ask what the profile shall be called; propose a name that is free."""
    workspace = session.workspace()
    taken = set(profile_files.scan(workspace.paths))
    numbered = (f"{provider_id}-{number}" for number in count(2))
    proposed = next(n for n in chain([provider_id], numbered) if n not in taken)

    def check(name: str) -> str:
        check_name(name)
        profile_changes.refuse_existing(workspace, name, adds=True)
        return name

    return session.ask_until(
        lambda: ask_line("name of the profile", proposed), check
    )


def _complete(
    session: Session,
    provider: Provider,
    name: str | None,
    fields: dict[str, str],
    sources: list[SourceOption],
) -> tuple[str, dict[str, str], list[Field]]:
    """Return name, plain fields and the secrets that go with them."""
    if not session.can_ask:
        for field_name, value in fields.items():
            is_meant(session, provider.field(field_name), value, fields)
        named = [*fields, *(source.field for source in sources)]
        group = ""
        if any(provider.field(one).group for one in named if one):
            group = provider.group_of(filter(None, named))
        elif provider.groups and not sources:
            plain = [f.name for f in provider.required("") if not f.secret]
            lacking = [one for one in plain if one not in fields]
            session.require_terminal(
                f"a {provider.id} profile is incomplete",
                provider.how_to_complete(lacking),
            )
        return name or "", fields, provider.wanted_secrets(fields, group)
    name = name or _ask_name(session, provider.id)
    group = _ask_alternative(provider, fields, sources)
    wanted = provider.wanted_secrets(fields, group)
    if wanted and provider.help_url and not sources:
        session.say(f"get one: {provider.help_url}")
    group = group or provider.group_of([f.name for f in wanted])
    fields = dict(fields)
    given = {*fields, *(source.field for source in sources)}
    for field in provider.fields:
        is_plain = field.required and not field.secret
        if is_plain and field.group in ("", group) and field.name not in given:
            fields[field.name] = _ask_field(session, field, fields)
    return name, fields, wanted


def _ask_alternative(
    provider: Provider, fields: Mapping[str, str], sources: list[SourceOption]
) -> str:
    if not provider.groups:
        return ""
    given = [*fields, *(source.field for source in sources if source.field)]
    if any(provider.field(name).group for name in given):
        return provider.group_of(given)
    needed = {group: provider.required(group) for group in provider.groups}
    unnamed = any(not source.field for source in sources)
    if unnamed and any(all(f.secret for f in n) for n in needed.values()):
        return ""  # the alternative that needs only a secret
    return choose_one(
        "which of these",
        {g: " and ".join(f.title for f in n) for g, n in needed.items()},
    )


def _ask_field(
    session: Session, field: Field, fields: Mapping[str, str]
) -> str:
    title = field.title or field.name
    question = f"{title} ({field.help})" if field.help else title

    def check(value: str) -> str | None:
        if not value:
            raise InputError(f"the {title} is needed", "Ctrl-C leaves")
        check_plain(field, value)
        return value if is_meant(session, field, value, fields) else None

    return session.ask_until(lambda: ask_line(question), check)
