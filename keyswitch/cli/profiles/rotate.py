"""rotate: replace a profile's secret."""

from __future__ import annotations

from typing import Any

from keyswitch.cli.command import Session, command
from keyswitch.cli.name_argument import name_argument
from keyswitch.cli.profiles.add import EXPIRES, expectation
from keyswitch.cli.profiles.editing import parse_date
from keyswitch.cli.secrets.references import refuse_rotation
from keyswitch.cli.secrets.store_choice import STORE, choose_store_for
from keyswitch.cli.sources import collect, parse_sources, source_options
from keyswitch.errors import UsageError
from keyswitch.switching.editing import profile_changes


@command(
    "keyswitch rotate work",
    "keyswitch rotate client --from-env session_token=AWS_SESSION_TOKEN",
    dry_run=True,
)
@name_argument()
@EXPIRES
@STORE
@source_options
def rotate(
    session: Session,
    name: str,
    *,
    expires: str | None,
    store: str | None,
    **given: Any,
) -> None:
    """Replace a profile's secret."""
    session.refuse_agents()
    workspace = session.workspace()
    profile, _ = workspace.load(name)
    provider = workspace.provider_of(profile)
    if provider.not_addable:
        raise UsageError(
            f"the login of '{name}' can only come from Claude Code",
            f"log in again: keyswitch login {name}",
        )
    wanted = provider.wanted_secrets(profile.fields)
    if not wanted:
        raise UsageError(
            f"profile '{name}' ({provider.id}) has no secret",
            f"change its fields: keyswitch edit {name} --set FIELD=VALUE",
        )
    expiry = parse_date(expires)
    sources = parse_sources(given, [field.name for field in wanted])
    named = {source.field for source in sources}
    if named and "" not in named:
        wanted = [field for field in wanted if field.name in named]
    refuse_rotation(session, profile, [field.name for field in wanted])
    values = collect(session, provider, wanted, sources, profile.fields)
    kept = {ref.store for ref in profile.secrets.values()}
    place = store or (kept.pop() if len(kept) == 1 else None)
    place = choose_store_for(session, place)
    profile_changes.rotate(
        workspace, name, {f: (place, v) for f, v in values.items()}, expiry
    )
    session.say(f"rotated {', '.join(sorted(values))} of '{name}'")
    session.say(*expectation(workspace.load(name)[0]))
    if provider.revoke_url:
        session.say(f"now revoke the old secret at {provider.revoke_url}")
