"""How a team's file, and what it would change, is printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from keyswitch.cli.listings.moments import now, when
from keyswitch.cli.profiles.who_asks import say_who_asks
from keyswitch.cli.session import Session, attributes
from keyswitch.cli.style import NAME, Cell, Styled
from keyswitch.display import printable
from keyswitch.profiles.team_records import TeamRecord
from keyswitch.providers.binding import shown_host
from keyswitch.team import comparison
from keyswitch.team.comparison import Comparison, TakenName
from keyswitch.team.destinations import hosts_of, new_hosts
from keyswitch.team.team_file import Team
from keyswitch.team.team_source import Offer

_FEW = 20  # removed profiles of which is said who asks for them


def show_difference(session: Session, offer: Offer, found: Comparison) -> None:
    """Print a team file's differences: all of it, as it would be written."""
    hosts = new_hosts(offer.team, found)
    if session.json:
        session.document(_document(offer, found, hosts))
        return
    for one in found.differences:
        for line in comparison.unified(one):
            session.raw(printable(line) + "\n")
    for host, count in sorted(hosts.items()):
        session.raw(f"sends to {shown_host(host)}: {count_of(count)}\n")


def _document(
    offer: Offer, found: Comparison, hosts: Counter[str]
) -> dict[str, Any]:
    team = offer.team
    return {
        "team": {
            **attributes(team, "name", "description"),
            **attributes(offer, "source", "sha256"),
            **attributes(offer, or_null=("tag", "signer")),
        },
        "changes": [
            {
                **one.item._asdict(),
                "what": one.what,
                "decides": list(one.decides),
                "diff": list(comparison.unified(one)),
            }
            for one in found.differences
        ],
        "left": [
            {**one.item._asdict(), "team": one.owner or None}
            for one in found.left
        ],
        "hosts": dict(sorted(hosts.items())),
    }


def summary(found: Comparison) -> str:
    """Say in a few words what a team file would change."""
    counts = Counter((one.item.kind, one.what) for one in found.differences)
    parts = [
        f"{number} {kind}{'s'[: number > 1]} {what}"
        for (kind, what), number in sorted(counts.items())
    ]
    return ", ".join(parts) or "only its text"


def say_left(left: tuple[TakenName, ...]) -> Iterator[str]:
    """Say which names of the team are taken here."""
    for one in left:
        whose = f"the one of team '{one.owner}'" if one.owner else "your own"
        yield (
            f"{one.item.kind} '{one.item.name}': kept {whose} and ignored this "
            "team's"
        )


def say_what_went(
    session: Session, found: Comparison, *, was_active: bool
) -> None:
    """Say who asks for profiles that are removed."""
    if was_active:
        session.say("one of them was active; no profile is active now")
    gone = [
        one.item.name
        for one in found.differences
        if one.item.kind == "profile" and one.after is None
    ]
    for name in gone[:_FEW]:
        say_who_asks(session, name)


def list_row(record: TeamRecord, team: Team) -> tuple[Cell, ...]:
    """Return a team's row: name, number of profiles, where its file is."""
    place = f"{record.source} {record.tag}".strip()
    return Styled(record.name, NAME), count_of(len(team.profiles)), place


def record_rows(
    record: TeamRecord, team: Team, *, person: bool
) -> list[tuple[str, str]]:
    """Return what is known of a team; a person's say how old it is."""
    since = when(record.at, now()) if person else record.at
    values = {
        "name": record.name,
        "description": team.description,
        "source": record.source,
        "tag": record.tag,
        "signer": record.signer,
        "sha256": record.sha256,
        "since": since,
    }
    return [(key, value) for key, value in values.items() if value]


def profile_rows(team: Team) -> Iterator[tuple[str, str]]:
    """Yield what each profile of a team is, and where its secrets go."""
    for name, profile in sorted(team.profiles.items()):
        host = ", ".join(map(shown_host, hosts_of(team, profile)))
        items = ", ".join(ref.item for ref in profile.secrets.values())
        yield f"profile {name}", f"{profile.provider}: {items} for {host}"


def record_document(
    record: TeamRecord, team: Team, left: tuple[TakenName, ...]
) -> dict[str, Any]:
    """Return a team as `--json` shows it."""
    return {
        **attributes(record, "name"),
        "description": team.description,
        **attributes(record, "source", "sha256", "at"),
        **attributes(record, or_null=("tag", "signer")),
        "profiles": sorted(team.profiles),
        "providers": sorted(team.providers),
        "left": [
            {**one.item._asdict(), "team": one.owner or None} for one in left
        ],
    }


def count_of(count: int) -> str:
    """Return a number of profiles in words."""
    return f"{count} profile{'s'[: count > 1]}"
