"""verify: whether the stored secrets of profiles still work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keyswitch.cli.command import Session, at_most_one, command, flag
from keyswitch.cli.session import attributes
from keyswitch.cli.style import ERROR, GOOD, NAME, WARNING, Cell, Styled
from keyswitch.disk.ownership import require_own_home
from keyswitch.errors import ExitCode
from keyswitch.profiles import profile_files
from keyswitch.progress import Progress
from keyswitch.switching.verifying.askable import ACCEPTED, REFUSED, UNREAD
from keyswitch.switching.verifying.verified import Verified, Verifier
from keyswitch.terminal import selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_ROLES = {ACCEPTED: GOOD, REFUSED: ERROR}


@command(
    "keyswitch verify                 the active profile",
    "keyswitch verify work client",
    "keyswitch verify --all --json",
    note="\nExit status 0: all accepted; 1: a service rejected one; 4: no "
    "answer for one; 5: a secret could not be read.",
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@flag("--all", "all_", help="Every profile.")
def verify(session: Session, names: tuple[str, ...], *, all_: bool) -> int:
    """Ask the services if secrets still work.

    It sends one request for each profile, to that profile's own host, and
    renews or changes nothing.
    """
    at_most_one({"NAME": names, "--all": all_})
    require_own_home()
    session.refuse_agents()
    wanted = _wanted(session, names, all_=all_)
    workspace = session.workspace()
    with Progress("verifying profiles", len(wanted)) as step:
        found = Verifier(workspace, step).verify(wanted)
    session.show(
        {"profiles": [_document(one) for one in found]},
        [row for one in found for row in _rows(one)],
        ("PROFILE", "STATE", "TOOK", "WHAT THE SERVICE SAYS"),
    )
    return _status(found)


def _wanted(
    session: Session, names: Sequence[str], *, all_: bool
) -> Sequence[str]:
    """Return the names, each once. Raises NotFoundError for an unknown one."""
    paths = session.workspace().paths
    if all_:
        found = profile_files.scan(paths)
        if not found:
            session.say("no profiles yet; add one: keyswitch add NAME")
        return found
    if not names:
        chosen = selection.select_here(paths, session.environ)
        selection.require_there(paths, chosen)
        return [selection.require(chosen)]
    for name in names:
        profile_files.read(paths, name)
    return list(dict.fromkeys(names))


def _document(one: Verified) -> dict[str, object]:
    shown = ("name", "state", "status", "milliseconds", "what")
    document = attributes(one, *shown, or_null=("provider", "asked", "fix"))
    document["ok"] = {ACCEPTED: True, REFUSED: False}.get(one.state)
    document["account"] = one.who or None
    document["permissions"] = one.may or None
    return document


def _rows(one: Verified) -> Iterator[tuple[Cell, ...]]:
    took = "" if one.milliseconds is None else f"{one.milliseconds} ms"
    told = "; ".join(filter(None, (one.who, one.may)))
    state = Styled(one.state, _ROLES.get(one.state, WARNING))
    yield Styled(one.name, NAME), state, took, told or one.what
    if told and one.fix:
        yield "", "", "", one.what
    if one.fix:
        yield "", "", "", Styled(f"fix: {one.fix}", GOOD)


def _status(found: Sequence[Verified]) -> int:
    states = {one.state for one in found}
    if REFUSED in states:
        return ExitCode.FAILED
    if UNREAD in states:
        return ExitCode.LOCKED
    accepted = states <= {ACCEPTED}
    return ExitCode.OK if accepted else ExitCode.NOT_IN_EFFECT
