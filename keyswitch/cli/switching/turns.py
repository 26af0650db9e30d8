"""What `use` and `off` say about running sessions, and their --wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from keyswitch.disk.opening import is_below
from keyswitch.errors import KeyswitchError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from keyswitch.cli.session import Session
    from keyswitch.switching.activation.sessions import Followed
    from keyswitch.targets.parts import RunningSession

_OPTIONS = (
    click.option(
        "--wait",
        is_flag=True,
        help="Wait first until no running session is in a turn.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="With --wait: give up after this time, nothing changed.",
    ),
    click.option(
        "--force",
        is_flag=True,
        help="Switch without a look at running sessions.",
    ),
)


def turn_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command take --wait, --timeout and --force."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def check(turn: Mapping[str, Any]) -> None:
    """Raise for options that contradict each other."""
    if turn["wait"] and turn["force"]:
        raise UsageError("--wait and --force exclude each other", "give one")
    if turn["timeout"] is not None and not turn["wait"]:
        raise UsageError("--timeout goes with --wait", "give both")


def look(turn: Mapping[str, Any]) -> bool:
    """Tell whether to look at running sessions at all."""
    return not turn["force"]


def wait_if_asked(session: Session, turn: Mapping[str, Any]) -> None:
    """Wait for the turns of running sessions to end, or raise."""
    if turn["wait"] and not session.dry_run:
        _wait(session, turn["timeout"])


def _wait(session: Session, timeout: float | None) -> None:
    from keyswitch.switching.activation.sessions import wait_for_turns

    workspace = session.workspace()
    told: list[int] = []

    def tell(busy: Sequence[RunningSession]) -> None:
        pids = [found.pid for found in busy]
        if pids != told:
            told[:] = pids
            names = ", ".join(_named(s, workspace.home) for s in busy)
            session.output.say(f"waiting for the turn of {names}")

    busy = wait_for_turns(workspace, tell, timeout)
    if busy:
        names = ", ".join(_named(s, workspace.home) for s in busy)
        raise KeyswitchError(
            f"still in a turn: {names}",
            "nothing was changed; without --wait it is not waited for",
        )


def documents(found: Sequence[Followed] | None) -> list[dict[str, Any]] | None:
    """Return the sessions for --json; None: nobody looked."""
    if found is None:
        return None
    return [
        {
            "pid": one.session.pid,
            "cwd": one.session.cwd or None,
            "status": one.session.status or None,
            "follows": one.follows,
        }
        for one in found
    ]


_SENTENCES = {
    "next turn": "follows at its next turn",
    "minutes": "follows after about five minutes, when it asks for the key",
    "restart": "keeps the old account until it is restarted",
}


def report(session: Session, found: Sequence[Followed] | None) -> None:
    """Say of each running session when it follows."""
    home = session.workspace().home
    for one in found or ():
        name = _named(one.session, home)
        session.output.say(f"{name} {_SENTENCES[one.follows]}")
        if one.in_turn:
            session.output.warn(
                f"{name} may be in a turn and renew the former login just "
                "now; 'use --wait' waits for its end"
            )
    late = [one for one in found or () if one.follows != "restart"]
    if late and "KEYSWITCH_ENV" in session.environ:
        session.output.say(
            "a session that its shell gave an account by variables keeps that "
            "until it is restarted"
        )


def _named(session: RunningSession, home: str) -> str:
    place = session.cwd
    if is_below(place, home):
        place = "~" + place[len(home.rstrip("/")) :]
    where = f", {place}" if place else ""
    return f"claude (pid {session.pid}{where})"
