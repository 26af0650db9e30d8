"""edit, rename, copy, remove, undo."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from keyswitch.changes import bindings
from keyswitch.cli.arguments import refuse_secret_fields, typed
from keyswitch.cli.command import SETS, YES, Session, command, option
from keyswitch.cli.name_argument import NEW_NAME, name_argument
from keyswitch.cli.profiles.who_asks import say_who_asks
from keyswitch.cli.secrets.agreements import agree_to_edit
from keyswitch.cli.secrets.references import (
    parse_references,
    reference_options,
    try_references,
)
from keyswitch.directories import patterns
from keyswitch.errors import InputError, KeyswitchError, UsageError
from keyswitch.model import REFERENCE, Profile, stored
from keyswitch.profiles import profile_files, state
from keyswitch.switching.editing import profile_changes
from keyswitch.targets import table
from keyswitch.terminal.selection import own_choice

if TYPE_CHECKING:
    from keyswitch.changes.draft import Draft
    from keyswitch.changes.history import Record


def parse_date(text: str | None) -> date | None:
    """Parse the value of `--expires`; None: it is not given, or empty."""
    try:
        return date.fromisoformat(text) if text else None
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
                "--set takes field=value", "for example: --set region=us-east-1"
            )
        if not value:
            raise UsageError(
                f"--set {field}= has no value",
                f"to remove the field: keyswitch edit NAME --unset {field}",
            )
        fields[field] = typed(f"'{field}'", value)
    return fields


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _parse_shared(text: str) -> tuple[str, ...] | None:
    """Parse the value of `--share`; None: the default."""
    if not text.strip():
        return None
    names = () if text.strip() == "none" else _listed(text)
    table.main().folders.check(names)
    return names


def _parse_places(text: str) -> tuple[str, ...]:
    found = _listed(text)
    for pattern in found:
        patterns.check(pattern)
    return found


# Option -> how its value is parsed; the names are those of a profile's fields.
_PARSERS: dict[str, Callable[[Any], object]] = {
    "label": lambda text: typed("the label", text),
    "expires": parse_date,
    "expect": str,
    "isolated": bool,
    "shared": _parse_shared,
    "only": _parse_places,
    "never": _parse_places,
}
_OF_PLACES = {"isolated", "shared", "only", "never"}


@command(
    "keyswitch edit work --label 'Acme, API' --expires 2027-02-01",
    "keyswitch edit work --set base_url=https://gateway.example.com",
    "keyswitch edit me --isolated --share commands,agents,history",
    "keyswitch edit client --only '~/clients/**,github.com/acme/*'",
    "keyswitch edit work --reference pass:ai/work",
    "keyswitch edit work               in your editor",
    dry_run=True,
)
@name_argument()
@SETS
@option("--unset", "unsets", multiple=True, metavar="FIELD", help="Clear it.")
@option("--label", help="Text for listings.")
@option("--expires", metavar="DATE", help="2027-02-01, or '' for none.")
@option("--expect", help="api, subscription or cloud; '' for none.")
@option(
    "--isolated/--no-isolated",
    default=None,
    help="Give the profile its own configuration folder.",
)
@option(
    "--share",
    "shared",
    metavar="LIST",
    help="What that folder shares: agents, commands, history, memory, "
    "settings, skills; 'none'; '' for the default.",
)
@option(
    "--only",
    metavar="PLACES",
    help="Where it may be used: directories (~/clients/**) and git remotes "
    "(github.com/acme/*), comma-separated; '' for everywhere.",
)
@option("--never", metavar="PLACES", help="Where it may not be used.")
@reference_options
def edit(  # noqa: PLR0913
    session: Session,
    name: str,
    *,
    sets: tuple[str, ...],
    unsets: tuple[str, ...],
    references: tuple[str, ...],
    lifetime: int | None,
    **options: Any,
) -> None:
    """Change a profile's fields."""
    workspace = session.workspace()
    changes: dict[str, Any] = {
        key: _PARSERS[key](value)
        for key, value in options.items()
        if value is not None
    }
    changes |= {"expires_expected": False} if "expires" in changes else {}
    if not (sets or unsets or references or changes or lifetime is not None):
        return _edit_in_editor(session, name)
    profile, _ = workspace.load(name)
    profile_changes.require_own(profile)
    if sets or unsets or references or changes.keys() & _OF_PLACES:
        session.refuse_agents()  # where the secret goes, and may go
    fields = parse_settings(sets)
    provider = workspace.provider_of(profile)
    refuse_secret_fields(provider, fields, f"to: keyswitch rotate {name}")
    provider.check_fields(fields)
    wanted = list(profile.secrets) or [
        field.name for field in provider.wanted_secrets(profile.fields)
    ]
    refs = parse_references(session, provider, references, lifetime, wanted)
    try_references(session, provider, refs)

    def alter(old: Profile) -> Profile:
        gone = {*unsets, *refs}
        kept = {k: v for k, v in old.fields.items() if k not in gone}
        secrets = {**old.secrets, **refs}
        return old._replace(
            fields={**kept, **fields}, secrets=secrets, **changes
        )

    given = {*fields, *unsets, *refs, *([REFERENCE] if refs else [])}
    profile_changes.rewrite(workspace, "edit", name, alter, given=given)
    session.say(f"changed '{name}'")
    return None


def _edit_in_editor(session: Session, name: str) -> None:
    """Let a person edit the file; keep nothing that does not parse."""
    session.refuse_agents()
    session.require_terminal(
        "nothing to change",
        f"for example: keyswitch edit {name} --label TEXT",
    )
    workspace = session.workspace()
    path = workspace.paths.profile(name)
    data = profile_files.read(workspace.paths, name)
    before = text = data.decode("utf-8", "surrogateescape")
    while True:
        edited = click.edit(text, extension=".toml")
        if edited is None or edited == before:
            session.say("nothing changed")
            return
        try:
            profile = profile_files.parse(edited, path)
            bindings.check_complete(workspace, profile)
            break
        except KeyswitchError as e:
            if session.dry_run:
                raise
            session.warn(f"{e.message}; {e.hint}")
            session.confirm("open the editor again?")
            text = edited  # nothing that was typed is lost
    agreed = agree_to_edit(session, name, before, profile)
    profile_changes.replace_text(workspace, name, before, edited, agreed)
    session.say(f"changed '{name}'")


@command("keyswitch rename work acme", dry_run=True)
@name_argument()
@name_argument("new_name", kind=NEW_NAME)
def rename(session: Session, name: str, new_name: str) -> None:
    """Rename a profile."""
    profile_changes.rename(session.workspace(), name, new_name)
    session.say(f"renamed '{name}' to '{new_name}'")
    say_who_asks(session, name, new_name)


@command("keyswitch copy work work-eu", dry_run=True)
@name_argument()
@name_argument("new_name", kind=NEW_NAME)
def copy(session: Session, name: str, new_name: str) -> None:
    """Copy a profile and its secrets."""
    profile_changes.copy(session.workspace(), name, new_name)
    session.say(f"copied '{name}' to '{new_name}'")


@command("keyswitch remove old --yes", dry_run=True)
@name_argument()
@YES
def remove(session: Session, name: str, *, yes: bool) -> None:
    """Remove a profile."""
    workspace = session.workspace()
    profile, _ = workspace.load(name)
    session.confirm(f"remove profile '{name}'?", yes=yes)
    was_active = profile_changes.remove(workspace, name)
    session.say(f"removed '{name}'")
    if was_active:
        own = own_choice(session.environ).name
        kept = f"; this shell uses '{own}'" if own not in ("", name) else ""
        session.say(f"it was active; no profile is active now{kept}")
    say_who_asks(session, name)
    if os.path.isdir(folder := workspace.paths.folder_of(name)):
        session.say(f"its folder and history remain: {folder}")
    if profile.team:
        session.say(
            f"team '{profile.team}' still has it: 'keyswitch team update' "
            "restores it"
        )
    if stored(profile.secrets.values()):
        session.say(
            "its secret stays in the store so that 'keyswitch undo' works; "
            "'keyswitch revoke-local' removes it now"
        )


def _put_team_back(draft: Draft, record: Record) -> None:
    if record.command.startswith("team "):
        from keyswitch.team import team_changes

        team_changes.put_back(draft, record)


@command("keyswitch undo", dry_run=True)
def undo(session: Session) -> int | None:
    """Undo the last change."""
    from keyswitch.switching.upkeep.undo import undo_last

    session.refuse_agents()  # a former address may come back
    workspace = session.workspace()
    done = undo_last(workspace, _put_team_back)
    session.say(f"undid '{done.what}'")
    active = state.read(workspace.paths).active
    if done.pointer_before is None or not active:
        return None
    from keyswitch.switching.activation.effect import undelivered

    return session.judge(undelivered(workspace, active))
