"""team: profiles that a team shares, by one file, after a yes."""

from __future__ import annotations

import os
from typing import Any

import click

from keyswitch.cli.command import (
    HELP,
    YES,
    Group,
    Session,
    command,
    option,
    options,
    rehearsed,
)
from keyswitch.cli.name_argument import TEAM, name_argument
from keyswitch.cli.profiles.team_consent import (
    Pin,
    agreed_signer,
    check_pin,
    require_yes,
    signer_unasked,
)
from keyswitch.cli.profiles.team_report import (
    list_row,
    profile_rows,
    record_document,
    record_rows,
    say_left,
    say_what_went,
    show_difference,
    summary,
)
from keyswitch.cli.style import Cell
from keyswitch.errors import (
    ExitCode,
    InputError,
    KeyswitchError,
    NotFoundError,
    UsageError,
)
from keyswitch.outcome import so_far
from keyswitch.profiles import team_records
from keyswitch.profiles.team_records import TeamRecord
from keyswitch.team import pinned_text, team_changes, team_source
from keyswitch.team.comparison import Comparison
from keyswitch.team.team_source import Offer

_TAG = option(
    "--tag",
    metavar="TAG",
    default="",
    help="Read the file from this signed tag of the git checkout.",
)
_SHA256 = option(
    "--sha256",
    metavar="HEX",
    default="",
    help="Accept the file with this hash, without asking.",
)
_SIGNER = option(
    "--signer",
    metavar="KEY",
    default="",
    help="With --tag: accept this signing key, given by its fingerprint.",
)
_pins = options(_TAG, _SHA256, _SIGNER)


@click.group(
    cls=Group,
    epilog="\b\nExamples:\n  keyswitch team add ~/src/team-profiles\n"
    "  keyswitch team add ~/src/team-profiles --tag v3\n"
    "  keyswitch team update acme",
)
@HELP
def team() -> None:
    """Share profiles, but never secrets."""


@command(
    "keyswitch team add ~/src/team-profiles",
    "keyswitch team add ~/src/team-profiles --tag v3",
    "keyswitch team add /etc/keyswitch/team.toml --sha256 HEX",
    group=team,
    dry_run=True,
)
@click.argument("source")
@_pins
def add(
    session: Session, source: str, *, tag: str, sha256: str, signer: str
) -> None:
    """Take over the profiles of a team file.

    SOURCE is a file, or a directory with a keyswitch-team.toml. It shows the
    changes first. Your own profiles win over team profiles of the same name.
    """
    session.refuse_agents()
    workspace = session.workspace()
    offer = team_source.read(workspace, source, tag)
    record = None
    if offer.team.name in team_records.names(workspace.paths):
        record = team_records.get(workspace.paths, offer.team.name)
        if os.path.realpath(record.source) != os.path.realpath(offer.source):
            raise InputError(
                f"team '{record.name}' already exists, from {record.source}",
                "if it has moved: keyswitch team update "
                f"{record.name} --source PATH",
            )
    _offered(session, offer, record, Pin(sha256, signer))


@command(
    "keyswitch team update acme",
    "keyswitch team update acme --tag v4",
    group=team,
    dry_run=True,
)
@click.argument("name", required=False)
@option("--source", metavar="PATH", default="", help="Its new location.")
@_pins
def update(  # noqa: PLR0913
    session: Session,
    name: str | None,
    *,
    source: str,
    tag: str,
    sha256: str,
    signer: str,
) -> None:
    """Take over a team's changes; without a name, those of every team."""
    session.refuse_agents()
    given = any((source, tag, sha256, signer, session.json))
    for record in _records(session, name, one=given):
        so_far.to_come(1)  # other teams may be done
        offer = _of_record(session, record, source, tag)
        _offered(session, offer, record, Pin(sha256, signer))


@command(
    "keyswitch team diff acme",
    note="\n\nExit status 0: no difference; 1: a difference, or an error.",
    group=team,
)
@click.argument("name", required=False)
@option("--source", metavar="PATH", default="", help="Its new location.")
@_TAG
def diff(session: Session, name: str | None, *, source: str, tag: str) -> int:
    """Show what an update would change, and ask nothing."""
    status: int = ExitCode.OK
    given = bool(source or tag) or session.json
    for record in _records(session, name, one=given):
        offer = _of_record(session, record, source, tag)
        found = _preview(session, offer)
        show_difference(session, offer, found)
        session.say(*say_left(found.left))
        if found.differences or offer.sha256 != record.sha256:
            session.say(f"team '{record.name}': {summary(found)}")
            status = ExitCode.FAILED
    return status


@command("keyswitch team list --json", group=team, name="list")
def list_(session: Session) -> None:
    """List the teams."""
    paths = session.workspace().paths
    documents: list[dict[str, Any]] = []
    rows: list[tuple[Cell, ...]] = []
    for record in _records(session, None):
        try:
            known = pinned_text.pinned(paths, record)
        except KeyswitchError as e:
            session.warn(f"{e.message}; {e.hint}")
            continue
        found = team_changes.preview(session.workspace(), record.name, known)
        documents.append(record_document(record, known, found.left))
        rows.append(list_row(record, known))
        session.say(*say_left(found.left))
    if session.json or rows:
        session.show({"teams": documents}, rows, ("NAME", "PROFILES", "SOURCE"))


@command("keyswitch team show acme", group=team)
@name_argument(kind=TEAM)
def show(session: Session, name: str) -> None:
    """Show one team: its profiles, and where their secrets go."""
    workspace = session.workspace()
    record = team_records.get(workspace.paths, name)
    known = pinned_text.pinned(workspace.paths, record)
    found = team_changes.preview(workspace, name, known)
    document = {"team": record_document(record, known, found.left)}
    about = record_rows(record, known, person=session.for_person)
    session.show(document, [*about, *profile_rows(known)])
    session.say(*say_left(found.left))


@command("keyswitch team remove acme --yes", group=team, dry_run=True)
@name_argument(kind=TEAM)
@YES
def remove(session: Session, name: str, *, yes: bool) -> None:
    """Take a team's profiles away."""
    workspace = session.workspace()
    team_records.get(workspace.paths, name)
    found = team_changes.preview(workspace, name, None)
    what = summary(found)
    session.warn(*team_changes.left_without_provider(workspace, name, found))
    session.confirm(f"remove team '{name}' ({what})?", yes=yes)
    was_active = team_changes.remove(workspace, name, found)
    session.say(f"removed team '{name}': {what}")
    say_what_went(session, found, was_active=was_active)


def _records(
    session: Session, name: str | None, *, one: bool = False
) -> list[TeamRecord]:
    """Return the record of a team, or of all; `one`: there may be no more."""
    paths = session.workspace().paths
    if name is not None:
        return [team_records.get(paths, name)]
    known = team_records.names(paths)
    if not known:
        session.say("no teams yet; add one: keyswitch team add SOURCE")
    if one and len(known) > 1:
        raise UsageError(
            f"no team given, and there are {len(known)}",
            f"name one: {', '.join(known)}",
        )
    return [team_records.get(paths, found) for found in known]


def _of_record(
    session: Session, record: TeamRecord, source: str, tag: str
) -> Offer:
    place = source or record.source
    try:
        offer = team_source.read(session.workspace(), place, tag)
    except NotFoundError as e:
        where = f"keyswitch team update {record.name} --source PATH"
        hint = e.hint if source else f"if it has moved: {where}"
        raise NotFoundError(e.message, hint) from e
    if offer.team.name != record.name:
        raise InputError(
            f"{offer.source} is now the file of team '{offer.team.name}', not "
            f"'{record.name}'",
            "to have both: keyswitch team add SOURCE",
        )
    return offer


def _preview(session: Session, offer: Offer) -> Comparison:
    return team_changes.preview(
        session.workspace(), offer.team.name, offer.team
    )


def _offered(
    session: Session, offer: Offer, record: TeamRecord | None, pin: Pin
) -> None:
    """Show what a team file would change, ask, and take it over."""
    check_pin(offer, record, pin)
    name = offer.team.name
    found = _preview(session, offer)
    session.say(*say_left(found.left))
    signer = signer_unasked(offer, record, pin)
    show_difference(session, offer, found)
    workspace = session.workspace()
    session.warn(*team_changes.left_without_provider(workspace, name, found))
    if not found.differences and _is_known(session, offer, record, signer):
        session.say(f"team '{name}': nothing changed")
        return
    if not session.dry_run:
        signer = agreed_signer(session, offer, record, pin)
        require_yes(session, offer, found, pin)

    def change() -> bool:
        return team_changes.take_over(workspace, offer, found, signer=signer)

    if not rehearsed(session, change):
        was_active = change()
        session.say(f"team '{name}': {summary(found)}")
        say_what_went(session, found, was_active=was_active)


def _is_known(
    session: Session, offer: Offer, record: TeamRecord | None, signer: str
) -> bool:
    """Tell whether this very file, of this place, counts already."""
    paths = session.workspace().paths
    if record is None or not pinned_text.is_kept(paths, record):
        return False
    offered = (offer.source, offer.sha256, offer.tag, signer)
    return offered == (record.source, record.sha256, record.tag, record.signer)
