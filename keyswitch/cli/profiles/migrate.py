"""migrate: move secrets to another store, or to a manager outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keyswitch.changes.change import DryRun
from keyswitch.cli.command import Session, at_most_one, command, flag, option
from keyswitch.cli.name_argument import PROFILE, chosen_name, is_asked
from keyswitch.cli.secrets.references import allow_commands
from keyswitch.cli.secrets.store_choice import choose_store_for
from keyswitch.disk.ownership import require_own_home
from keyswitch.errors import (
    CleanupLeftError,
    ExitCode,
    InputError,
    KeyswitchError,
    LateInterruptError,
    UsageError,
)
from keyswitch.model import LOGIN_PROVIDER, Frozen
from keyswitch.outcome import so_far
from keyswitch.profiles import profile_files
from keyswitch.progress import Progress
from keyswitch.switching.editing.migration import (
    Migration,
    parse_destination,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.model import Profile

MOVED, PLANNED, THERE, LEFT, FAILED = (
    "moved", "to move", "there already", "left", "failed",
)  # fmt: skip


class MovedProfile(Frozen):
    """What became of one profile."""

    name: str
    state: str
    what: str = ""
    fix: str = ""
    fields: tuple[tuple[str, str, str], ...] = ()  # field, from, to


@command(
    "keyswitch migrate work --to vault",
    "keyswitch migrate work --to op://Eng/claude/key",
    "keyswitch migrate --all --to 'op://Eng/{profile}/{field}' --dry-run",
    "keyswitch migrate work --to keychain      and back",
    dry_run=True,
)
@click.argument("name", required=False, default="")
@option(
    "--to",
    "to",
    required=True,
    metavar="PLACE",
    help="vault, keychain, or a reference, which may contain {profile} and "
    "{field}.",
)
@flag("--all", "all_", help="All profiles that have a secret.")
@flag("--overwrite", help="Overwrite another value at a reference.")
def migrate(
    session: Session, name: str, *, to: str, all_: bool, overwrite: bool
) -> int | None:
    """Move secrets to another store.

    It copies each value, reads it back and compares it. Then it points the
    profile to the new place and removes the old item, but never one in a
    manager. 'undo' cannot revert this; migrate back instead.
    """
    at_most_one({"NAME": name, "--all": all_})
    if not name and not all_ and is_asked(session):
        name = chosen_name(session, PROFILE)
    if not (name or all_):
        raise UsageError(
            "no profile given",
            "name a profile, or give --all",
        )
    require_own_home()  # a manager is asked before anything is written here
    session.refuse_agents()
    destination = parse_destination(to)
    workspace = session.workspace()
    profiles, broken = _wanted(session, name)
    migration = Migration(workspace, destination, overwrite=overwrite)
    chosen = [p for p in profiles if not _why_left(migration, p)]
    migration.check_places(chosen)
    if destination.template:
        _allow(session, migration, chosen)
    elif any(map(migration.left, chosen)):
        choose_store_for(session, destination.store)
    if name:
        found = [_one(migration, profiles[0])]
    else:
        found = broken + _each(migration, profiles)
    return _report(session, found)


def _wanted(
    session: Session, name: str
) -> tuple[list[Profile], list[MovedProfile]]:
    """Return the profiles, and what is known of files that are broken."""
    workspace = session.workspace()
    if name:
        return [workspace.load(name)[0]], []
    found, broken = profile_files.load_all(workspace.paths)
    return [profile for profile in found if profile.secrets], [
        MovedProfile(one.name, FAILED, one.error.message, one.error.hint)
        for one in broken
    ]


def _why_left(migration: Migration, profile: Profile) -> str:
    """Return why a profile is not among all that are moved, or ""."""
    if profile.team:
        return f"managed by team '{profile.team}'"
    if profile.provider == LOGIN_PROVIDER and migration.destination.template:
        return "a login, which renews itself while in use"
    return ""


def _allow(
    session: Session, migration: Migration, profiles: Sequence[Profile]
) -> None:
    """Ask about commands of config.toml that would be started."""
    texts = [
        migration.destination.text(profile.name, field)
        for profile in profiles
        for field in migration.left(profile)
    ]
    if session.may_agree():
        found = {
            one.name: one
            for text in texts
            if (one := migration.outside.needs_yes(text)) is not None
        }
        allow_commands(session, found.values())


def _one(migration: Migration, profile: Profile) -> MovedProfile:
    """Move the secrets of one profile; raise what keeps them."""
    name, place = profile.name, migration.destination
    fields = tuple(
        (
            field,
            str(ref.item if ref.is_reference else ref.store),
            place.named(name, field),
        )
        for field, ref in migration.left(profile).items()
    )
    if not profile.secrets:
        raise InputError(f"'{name}' has no secret", "name another profile")
    try:
        moved = migration.move(name)
    except DryRun:
        return MovedProfile(name, PLANNED, fields=fields)
    return MovedProfile(name, MOVED if moved else THERE, fields=fields)


def _each(
    migration: Migration, profiles: Sequence[Profile]
) -> list[MovedProfile]:
    """Move one after the other; go on after one that failed."""
    found: list[MovedProfile] = []
    to_move = [p for p in profiles if not _why_left(migration, p)]
    so_far.to_come(sum(bool(migration.left(p)) for p in to_move))
    with Progress("moving profiles", len(profiles)) as step:
        for profile in profiles:
            found.append(_try(migration, profile))
            step.done = len(found)
    return found


def _try(migration: Migration, profile: Profile) -> MovedProfile:
    name = profile.name
    why = _why_left(migration, profile)
    if why:
        return MovedProfile(name, LEFT, why)
    try:
        return _one(migration, profile)
    except LateInterruptError:
        raise
    except CleanupLeftError as e:
        return MovedProfile(name, MOVED, e.message, e.hint)
    except KeyswitchError as e:
        return MovedProfile(name, FAILED, e.message, e.hint)


def _report(session: Session, found: Sequence[MovedProfile]) -> int:
    """Show what became of each; say what is left to do."""
    session.show(
        {"profiles": [_document(one) for one in found]},
        [row for one in found for row in _rows(one)] or [("no secrets",)],
    )
    kept = {
        source
        for one in found
        for _, source, _ in one.fields
        if one.state == MOVED and ":" in source
    }
    for source in sorted(kept):
        session.say(f"{source} still exists: keyswitch deletes nothing there")
    failed = sum(one.state == FAILED for one in found)
    if failed:
        session.warn(
            f"{failed} of {len(found)} profiles failed and did not change; to "
            "finish, run the same command again"
        )
    is_unfinished = any(one.state == MOVED and one.what for one in found)
    if so_far.changes and (failed or is_unfinished):
        return ExitCode.CLEANUP_LEFT
    return ExitCode.FAILED if failed else ExitCode.OK


def _document(one: MovedProfile) -> dict[str, object]:
    names = ("field", "from", "to")
    return {
        "name": one.name,
        "state": one.state,
        "secrets": [dict(zip(names, f, strict=True)) for f in one.fields],
        "what": one.what or None,
        "fix": one.fix or None,
    }


def _rows(one: MovedProfile) -> Iterator[tuple[str, str, str]]:
    details = [f"{field}: {a} -> {b}" for field, a, b in one.fields]
    details += [one.what] * bool(one.what)
    details += [f"fix: {one.fix}"] * bool(one.fix)
    first, *more = details or [""]
    yield one.name, one.state, first
    for detail in more:
        yield "", "", detail
