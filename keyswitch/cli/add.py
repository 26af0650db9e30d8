"""add and rotate: the two commands that take a secret in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keyswitch.cli.dry_run import dry_run_option
from keyswitch.cli.profile_changes import parse_date, parse_settings
from keyswitch.cli.session import Session, global_options
from keyswitch.cli.sources import collect, parse_sources, source_options
from keyswitch.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from keyswitch.providers.schema import Provider

STORE = click.option(
    "--store",
    type=click.Choice(["keychain", "vault"]),
    help="Default: the keychain where there is one.",
)


@click.command(
    epilog="\b\nExamples:\n"
    "  keyswitch add work --provider anthropic           asks for the key\n"
    "  keyswitch add ci --provider anthropic --store vault --stdin < key\n"
    "  keyswitch add client --provider bedrock --set region=eu-central-1 \\\n"
    "      --set access_key_id=AKIA... --from-env AWS_SECRET_ACCESS_KEY\n"
    "  keyswitch providers                               what there is"
)
@click.argument("name")
@click.option("--provider", "provider_id", metavar="PROVIDER")
@click.option("--set", "sets", multiple=True, metavar="FIELD=VALUE")
@click.option("--label", default="", help="Free text for listings.")
@click.option("--expires", metavar="DATE", help="As 2027-02-01.")
@click.option(
    "--expect",
    type=click.Choice(["api", "subscription", "cloud"]),
    help="Refuse to use it if it would be billed otherwise.",
)
@STORE
@source_options
@global_options
@click.pass_obj
@dry_run_option
def add(  # noqa: PLR0913
    session: Session,
    name: str,
    *,
    provider_id: str | None,
    sets: tuple[str, ...],
    label: str,
    expires: str | None,
    expect: str | None,
    store: str | None,
    stdin: bool,
    from_env: tuple[str, ...],
    from_file: tuple[str, ...],
    fd: tuple[str, ...],
) -> int:
    """Make a profile and store its secret."""
    from datetime import date

    from keyswitch.model import Profile
    from keyswitch.profiles.names import check_name
    from keyswitch.switching import profile_changes

    check_name(name)
    expiry = parse_date(expires) if expires else None
    fields = parse_settings(sets)
    workspace = session.workspace()
    profile_changes.refuse_existing(workspace, name)
    provider = workspace.catalogue.get(_provider(session, provider_id))
    provider.check_addable()
    fields = provider.complete_fields(fields)
    sources = parse_sources(
        stdin=stdin,
        from_env=from_env,
        from_file=from_file,
        fd=fd,
        known=[field.name for field in provider.fields if field.secret],
    )
    profile = Profile(
        name=name,
        provider=provider.id,
        label=label,
        created=date.fromisoformat(profile_changes.today()),
        expires=expiry,
        expect=expect or "",
        fields=fields,
    )
    wanted = provider.wanted_secrets(fields)
    secrets = collect(session, provider, wanted, sources)
    place = choose_store_for(session, store) if secrets else ""
    fresh = {
        field: profile_changes.new_secret(workspace, place, value)
        for field, value in secrets.items()
    }
    profile_changes.add(workspace, profile, fresh)
    where = f", secret in the {place}" if secrets else ""
    session.output.say(f"added '{name}' ({provider.id}{where})")
    session.output.say(f"switch to it: keyswitch use {name}")
    return ExitCode.OK


def _provider(session: Session, given: str | None) -> str:
    if given:
        return given
    ids = session.workspace().catalogue.ids()
    if not session.can_ask:
        raise UsageError(
            "the provider is missing", f"--provider {'|'.join(ids)}"
        )
    return str(click.prompt("provider", type=click.Choice(list(ids)), err=True))


def choose_store_for(session: Session, wanted: str | None) -> str:
    """Return the store to write to; say so where it was not asked for."""
    from keyswitch.switching.storing import NoStoreError, choose_store

    workspace = session.workspace()
    try:
        choice = choose_store(workspace, wanted)
    except NoStoreError as e:
        if not session.can_ask or wanted == "keychain":
            raise
        session.output.warn(e.message)
        session.confirm("make an encrypted vault for it?", yes=False)
        from keyswitch.cli.vault import create_vault

        create_vault(session)
        return "vault"
    for line in choice.notes:
        session.output.say(line)
    return choice.store


@click.command(
    epilog="\b\nExamples:\n  keyswitch rotate work\n"
    "  keyswitch rotate client --from-env session_token=AWS_SESSION_TOKEN"
)
@click.argument("name")
@click.option("--expires", metavar="DATE", help="As 2027-02-01.")
@STORE
@source_options
@global_options
@click.pass_obj
@dry_run_option
def rotate(  # noqa: PLR0913
    session: Session,
    name: str,
    *,
    expires: str | None,
    store: str | None,
    stdin: bool,
    from_env: tuple[str, ...],
    from_file: tuple[str, ...],
    fd: tuple[str, ...],
) -> int:
    """Replace a profile's secret."""
    from keyswitch.switching import profile_changes

    workspace = session.workspace()
    profile, _ = workspace.load(name)
    provider: Provider = workspace.provider_of(profile)
    if provider.not_addable:
        raise UsageError(
            f"a login of '{name}' comes from Claude Code only",
            f"log in anew: keyswitch login {name}",
        )
    wanted = provider.wanted_secrets(profile.fields)
    if not wanted:
        raise UsageError(
            f"profile '{name}' ({provider.id}) has no secret",
            f"change its fields: keyswitch edit {name} --set FIELD=VALUE",
        )
    expiry = parse_date(expires) if expires else None
    sources = parse_sources(
        stdin=stdin,
        from_env=from_env,
        from_file=from_file,
        fd=fd,
        known=[field.name for field in wanted],
    )
    named = {source.field for source in sources if source.field}
    if sources and all(source.field for source in sources):
        wanted = [field for field in wanted if field.name in named]
    values = collect(session, provider, wanted, sources)
    kept = {ref.store for ref in profile.secrets.values()}
    place = store or (kept.pop() if len(kept) == 1 else None)
    place = choose_store_for(session, place)
    profile_changes.rotate(
        workspace, name, {f: (place, v) for f, v in values.items()}, expiry
    )
    session.output.say(f"rotated {', '.join(sorted(values))} of '{name}'")
    if provider.revoke_url:
        session.output.say(f"now revoke the old one at {provider.revoke_url}")
    return ExitCode.OK
