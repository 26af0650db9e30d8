"""edit, rename, copy, remove."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import click

from keyswitch.cli.arguments import refuse_secret_fields, typed
from keyswitch.cli.dry_run import dry_run_option
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode, InputError, UsageError

if TYPE_CHECKING:
    from keyswitch.model import Profile


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
        fields[field] = typed(f"'{field}'", value)
    return fields


def parse_shared(text: str) -> tuple[str, ...] | None:
    """Parse the value of `--share`; None: what is usual."""
    from keyswitch.targets import table

    if not text.strip():
        return None
    if text.strip() == "none":
        return ()
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    table.main().folders.check(names)
    return names


def parse_places(text: str) -> tuple[str, ...]:
    """Parse the value of `--only` and `--never`."""
    from keyswitch.directories import patterns

    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for pattern in found:
        patterns.check(pattern)
    return found


@click.command(
    epilog="\b\nExamples:\n"
    "  keyswitch edit work --label 'Acme, API' --expires 2027-02-01\n"
    "  keyswitch edit work --set base_url=https://gateway.example.com\n"
    "  keyswitch edit me --isolated --share commands,agents,history\n"
    "  keyswitch edit client --only '~/clients/**,github.com/acme/*'\n"
    "  keyswitch edit work               in your editor"
)
@click.argument("name")
@click.option("--set", "sets", multiple=True, metavar="FIELD=VALUE")
@click.option("--unset", "unsets", multiple=True, metavar="FIELD")
@click.option("--label", help="Free text for listings.")
@click.option("--expires", metavar="DATE", help="As 2027-02-01; '' for none.")
@click.option("--expect", help="api, subscription or cloud; '' for none.")
@click.option(
    "--isolated/--no-isolated",
    default=None,
    help="Give it a configuration folder of its own.",
)
@click.option(
    "--share",
    metavar="LIST",
    help="What that folder shares: agents, commands, history, memory, "
    "settings, skills; 'none'; '' for what is usual.",
)
@click.option(
    "--only",
    metavar="PLACES",
    help="Where it may be used: directories (~/clients/**) and git remotes "
    "(github.com/acme/*), with commas; '' for everywhere.",
)
@click.option("--never", metavar="PLACES", help="Where it may not.")
@global_options
@click.pass_obj
@dry_run_option
def edit(  # noqa: PLR0913
    session: Session,
    name: str,
    *,
    sets: tuple[str, ...],
    unsets: tuple[str, ...],
    label: str | None,
    expires: str | None,
    expect: str | None,
    isolated: bool | None,
    share: str | None,
    only: str | None,
    never: str | None,
) -> int:
    """Change a profile's fields."""
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.switching.editing import profile_changes

    workspace = session.workspace()
    if label is not None:
        label = typed("the label", label)
    options = (label, expires, expect, isolated, share, only, never)
    if not (sets or unsets) and all(o is None for o in options):
        from keyswitch.cli.profiles.editor import edit_in_editor

        return edit_in_editor(session, name)
    profile, _ = workspace.load(name)
    moving = (isolated, share, only, never)
    if sets or unsets or any(o is not None for o in moving):
        refuse_agents(workspace)  # where the secret goes, and may go
    fields = parse_settings(sets)
    provider = workspace.provider_of(profile)
    refuse_secret_fields(provider, fields, f"to: keyswitch rotate {name}")
    provider.check_fields(fields)

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
            isolated=old.isolated if isolated is None else isolated,
            shared=old.shared if share is None else parse_shared(share),
            only=old.only if only is None else parse_places(only),
            never=old.never if never is None else parse_places(never),
        )

    given = {*fields, *unsets}
    profile_changes.rewrite(workspace, "edit", name, alter, given=given)
    session.output.say(f"changed '{name}'")
    return ExitCode.OK


def _say_who_asks(session: Session, name: str, new_name: str) -> None:
    """Say what asks for a profile that is not there any more."""
    from keyswitch.switching.editing.link_changes import asking_for
    from keyswitch.terminal.selection import ENDS, own_choice

    own = own_choice(session.workspace().environ)
    if own.name == name:
        session.output.say(
            f"this shell still has '{name}', chosen by {own.how}: "
            f"{ENDS[own.how]}"
        )
    for place in asking_for(session.workspace(), name):
        remote = "" if place.startswith("/") else f"--remote '{place}' "
        fix = f"link {remote}{new_name}" if new_name else f"unlink {remote}"
        session.output.say(
            f"{place} still asks for '{name}': keyswitch {fix.strip()}"
        )


@click.command(epilog="\b\nExample:\n  keyswitch rename work acme")
@click.argument("name")
@click.argument("new_name")
@global_options
@click.pass_obj
@dry_run_option
def rename(session: Session, name: str, new_name: str) -> int:
    """Give a profile another name."""
    from keyswitch.switching.editing import profile_changes

    profile_changes.rename(session.workspace(), name, new_name)
    session.output.say(f"renamed '{name}' to '{new_name}'")
    _say_who_asks(session, name, new_name)
    return ExitCode.OK


@click.command(epilog="\b\nExample:\n  keyswitch copy work work-eu")
@click.argument("name")
@click.argument("new_name")
@global_options
@click.pass_obj
@dry_run_option
def copy(session: Session, name: str, new_name: str) -> int:
    """Copy a profile, secrets included."""
    from keyswitch.switching.editing import profile_changes

    profile_changes.copy(session.workspace(), name, new_name)
    session.output.say(f"copied '{name}' to '{new_name}'")
    return ExitCode.OK


@click.command(epilog="\b\nExample:\n  keyswitch remove old --yes")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@global_options
@click.pass_obj
@dry_run_option
def remove(session: Session, name: str, *, yes: bool) -> int:
    """Remove a profile."""
    from keyswitch.switching.editing import profile_changes

    workspace = session.workspace()
    profile, _ = workspace.load(name)
    session.confirm(f"remove profile '{name}'?", yes=yes)
    was_active = profile_changes.remove(workspace, name)
    session.output.say(f"removed '{name}'")
    if was_active:
        session.output.say("it was active; now no profile is")
    _say_who_asks(session, name, "")
    folder = workspace.paths.folder_of(name)
    if os.path.isdir(folder):
        session.output.say(f"its folder stays, with its history: {folder}")
    if profile.secrets:
        session.output.say(
            "its secret stays in the store for 'keyswitch undo'; "
            "'keyswitch revoke-local' removes it now"
        )
    return ExitCode.OK
