"""list, show, edit, rename, copy, remove, providers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode, InputError, UsageError

if TYPE_CHECKING:
    from keyswitch.model import Profile
    from keyswitch.switching.workspace import Workspace

NO_SECRET = "-"
SOON = 14  # days before an expiry date that it is worth a word


def document_of(profile: Profile, active: str) -> dict[str, Any]:
    """Return a profile as `--json` shows it: references, never values."""
    return {
        "name": profile.name,
        "active": profile.name == active,
        "provider": profile.provider,
        "label": profile.label,
        "created": profile.created.isoformat() if profile.created else None,
        "expires": profile.expires.isoformat() if profile.expires else None,
        "expect": profile.expect or None,
        "fields": dict(sorted(profile.fields.items())),
        "secrets": {
            field: {
                "store": ref.store,
                "generation": ref.generation,
                "fingerprint": ref.fingerprint,
                "hint": ref.hint,
            }
            for field, ref in sorted(profile.secrets.items())
        },
    }


def expiry_note(profile: Profile, today: date) -> str:
    """Say when a profile expires, if that is soon or past."""
    if profile.expires is None:
        return ""
    days = (profile.expires - today).days
    if days < 0:
        return f"expired {profile.expires.isoformat()}"
    if days <= SOON:
        return f"expires in {days} d"
    return ""


@click.command("list", epilog="\b\nExample:\n  keyswitch list --json")
@global_options
@click.pass_obj
def list_(session: Session) -> int:
    """List the profiles."""
    from keyswitch.profiles import files, state

    workspace = session.workspace()
    profiles, broken = files.load_all(workspace.paths)
    active = state.read(workspace.paths).active
    if session.output.json:
        session.output.document(
            {
                "profiles": [document_of(p, active) for p in profiles],
                "broken": [
                    {"name": b.name, "error": b.error.message} for b in broken
                ],
            }
        )
    else:
        _print_table(session, profiles, active)
    for entry in broken:
        session.output.warn(f"{entry.error.message}; {entry.error.hint}")
    if not profiles and not broken:
        session.output.say(
            "no profiles yet; make one: keyswitch add NAME --provider anthropic"
        )
    return ExitCode.OK


def _print_table(
    session: Session, profiles: list[Profile], active: str
) -> None:
    today = date.today()  # noqa: DTZ011 - the person's own calendar
    session.output.table(
        [
            "*" if profile.name == active else " ",
            profile.name,
            profile.provider,
            next(
                (ref.hint for _, ref in sorted(profile.secrets.items())),
                NO_SECRET,
            ),
            ",".join(sorted({r.store for r in profile.secrets.values()}))
            or "-",
            expiry_note(profile, today) or profile.label,
        ]
        for profile in profiles
    )


@click.command(
    epilog=(
        "\b\nExamples:\n  keyswitch show work\n"
        "  keyswitch show work --reveal    on a terminal, after asking"
    )
)
@click.argument("name")
@click.option("--reveal", is_flag=True, help="Show the secrets, after asking.")
@global_options
@click.pass_obj
def show(session: Session, name: str, *, reveal: bool) -> int:
    """Show one profile."""
    from keyswitch.profiles import state

    workspace = session.workspace()
    profile, _ = workspace.load(name)
    active = state.read(workspace.paths).active
    if reveal:
        return _reveal(session, workspace, profile)
    if session.output.json:
        session.output.document({"profile": document_of(profile, active)})
        return ExitCode.OK
    provider = workspace.provider_of(profile)
    rows = [
        ("name", name),
        ("provider", f"{profile.provider}, {provider.title}"),
    ]
    if name == active:
        rows.append(("active", "yes"))
    for key in ("label", "created", "expires", "expect"):
        value = getattr(profile, key)
        if value:
            rows.append((key, str(value)))
    rows += sorted(profile.fields.items())
    for field, ref in sorted(profile.secrets.items()):
        rows.append(
            (
                field,
                f"{ref.hint}  in the {ref.store}, generation "
                f"{ref.generation}, fingerprint {ref.fingerprint}",
            )
        )
    rows.append(("file", workspace.paths.profile(name)))
    session.output.table(rows)
    return ExitCode.OK


def _reveal(session: Session, workspace: Workspace, profile: Profile) -> int:
    import os

    from keyswitch.cli.environment import refuse_agents
    from keyswitch.switching.exports import values_of

    refuse_agents(workspace, always=True)
    if not os.isatty(1) or not session.can_ask:
        raise UsageError(
            "secrets are shown on a terminal only",
            "programs use 'keyswitch env', 'run' or 'helper'",
        )
    session.confirm(
        f"show the secrets of '{profile.name}' on this screen?", yes=False
    )
    compiled = workspace.compiled(profile.name)
    values = values_of(
        workspace.paths, compiled, sorted(compiled.refs), ask=workspace.ask
    )
    session.output.table(sorted(values.items()))
    return ExitCode.OK


def parse_date(text: str) -> date:
    """Parse a date that was typed."""
    try:
        return date.fromisoformat(text)
    except ValueError as e:
        raise InputError(
            f"'{text}' is not a date", "write it as 2027-02-01"
        ) from e


def parse_settings(pairs: tuple[str, ...]) -> dict[str, str]:
    """Parse `--set field=value` options."""
    fields = {}
    for pair in pairs:
        field, equals, value = pair.partition("=")
        if not equals or not field:
            raise UsageError(
                "--set takes field=value", "for example --set region=us-east-1"
            )
        fields[field] = value
    return fields


@click.command(
    epilog="\b\nExamples:\n"
    "  keyswitch edit work --label 'Acme, API' --expires 2027-02-01\n"
    "  keyswitch edit work --set base_url=https://gateway.example.com\n"
    "  keyswitch edit work               in your editor"
)
@click.argument("name")
@click.option("--set", "sets", multiple=True, metavar="FIELD=VALUE")
@click.option("--unset", "unsets", multiple=True, metavar="FIELD")
@click.option("--label", help="Free text for listings.")
@click.option("--expires", metavar="DATE", help="As 2027-02-01; '' for none.")
@click.option("--expect", help="api, subscription or cloud; '' for none.")
@global_options
@click.pass_obj
def edit(  # noqa: PLR0913
    session: Session,
    name: str,
    *,
    sets: tuple[str, ...],
    unsets: tuple[str, ...],
    label: str | None,
    expires: str | None,
    expect: str | None,
) -> int:
    """Change a profile's fields."""
    from keyswitch.switching import profile_changes

    workspace = session.workspace()
    if not (sets or unsets) and label is expires is expect is None:
        from keyswitch.cli.editor import edit_in_editor

        return edit_in_editor(session, name)
    profile, _ = workspace.load(name)
    fields = parse_settings(sets)
    workspace.provider_of(profile).check_fields(fields)

    def alter(old: Profile) -> Profile:
        kept = {k: v for k, v in old.fields.items() if k not in unsets}
        return replace(
            old,
            fields={**kept, **fields},
            label=old.label if label is None else label,
            expires=old.expires
            if expires is None
            else (parse_date(expires) if expires else None),
            expect=old.expect if expect is None else expect,
        )

    profile_changes.rewrite(workspace, "edit", name, alter)
    session.output.say(f"changed '{name}'")
    return ExitCode.OK


@click.command(epilog="\b\nExample:\n  keyswitch rename work acme")
@click.argument("name")
@click.argument("new_name")
@global_options
@click.pass_obj
def rename(session: Session, name: str, new_name: str) -> int:
    """Give a profile another name."""
    from keyswitch.switching import profile_changes

    profile_changes.rename(session.workspace(), name, new_name)
    session.output.say(f"renamed '{name}' to '{new_name}'")
    return ExitCode.OK


@click.command(epilog="\b\nExample:\n  keyswitch copy work work-eu")
@click.argument("name")
@click.argument("new_name")
@global_options
@click.pass_obj
def copy(session: Session, name: str, new_name: str) -> int:
    """Copy a profile, secrets included."""
    from keyswitch.switching import profile_changes

    profile_changes.copy(session.workspace(), name, new_name)
    session.output.say(f"copied '{name}' to '{new_name}'")
    return ExitCode.OK


@click.command(epilog="\b\nExample:\n  keyswitch remove old --yes")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@global_options
@click.pass_obj
def remove(session: Session, name: str, *, yes: bool) -> int:
    """Remove a profile."""
    from keyswitch.switching import profile_changes

    workspace = session.workspace()
    profile, _ = workspace.load(name)
    session.confirm(f"remove profile '{name}'?", yes=yes)
    was_active = profile_changes.remove(workspace, name)
    session.output.say(f"removed '{name}'")
    if was_active:
        session.output.say("it was active; now no profile is")
    if profile.secrets:
        session.output.say(
            "its secret stays in the store for 'keyswitch undo'; "
            "'keyswitch revoke-local' removes it now"
        )
    return ExitCode.OK


@click.command(epilog="\b\nExample:\n  keyswitch providers bedrock")
@click.argument("name", required=False)
@global_options
@click.pass_obj
def providers(session: Session, name: str | None) -> int:
    """List the providers and fields."""
    catalogue = session.workspace().catalogue
    ids = [name] if name else catalogue.ids()
    found = [catalogue.get(provider_id) for provider_id in ids]
    if session.output.json:
        session.output.document(
            {
                "providers": [
                    {
                        "id": p.id,
                        "title": p.title,
                        "bill": p.bill or None,
                        "fields": [
                            {
                                "name": f.name,
                                "secret": f.secret,
                                "required": f.required,
                                "env": list(f.env),
                            }
                            for f in p.fields
                        ],
                    }
                    for p in found
                ]
            }
        )
    elif name:
        session.output.table(
            (
                f.name,
                "secret" if f.secret else "field",
                "required" if f.required else "optional",
                " ".join(f.env),
                f.title,
            )
            for f in found[0].fields
        )
        if found[0].help_url:
            session.output.say(f"get one: {found[0].help_url}")
    else:
        session.output.table((p.id, p.title) for p in found)
    return ExitCode.OK
