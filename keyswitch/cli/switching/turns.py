"""Running sessions of Claude Code: what `use` and `off` say, and `--wait`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli.command import Session, at_most_one, option, options
from keyswitch.cli.session import attributes
from keyswitch.disk.opening import is_below
from keyswitch.errors import KeyswitchError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.switching.activation.use import Followed
    from keyswitch.targets.values import RunningSession

turn_options = options(
    option(
        "--wait",
        is_flag=True,
        help="Wait first until no running session is in a turn.",
    ),
    option(
        "--timeout",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="With --wait: give up after this time, nothing changed.",
    ),
    option(
        "--force",
        is_flag=True,
        help="Switch without a look at running sessions.",
    ),
)
_SENTENCES = {
    "next turn": "follows at its next turn",
    "minutes": "follows after about five minutes, when it asks for the key",
    "restart": "keeps the old account until it is restarted",
}


def check(turn: Mapping[str, Any]) -> None:
    """Raise for options that contradict each other."""
    at_most_one({"--wait": turn["wait"], "--force": turn["force"]})
    if turn["timeout"] is not None and not turn["wait"]:
        raise UsageError("--timeout goes with --wait", "give both")


def wait_if_asked(session: Session, turn: Mapping[str, Any]) -> None:
    """Wait for the turns of running sessions to end, or raise."""
    if session.dry_run or not turn["wait"]:
        return
    from keyswitch.switching.activation.use import wait_for_turns

    workspace = session.workspace()

    def names(busy: Sequence[RunningSession]) -> str:
        return ", ".join(_named(one, workspace.home) for one in busy)

    told: list[int] = []

    def tell(busy: Sequence[RunningSession]) -> None:
        pids = [one.pid for one in busy]
        if pids != told:
            told[:] = pids
            session.say(f"waiting for the turn of {names(busy)}")

    busy = wait_for_turns(workspace, tell, turn["timeout"])
    if busy:
        raise KeyswitchError(
            f"still in a turn: {names(busy)}",
            "nothing was changed; leave out --wait to switch at once",
        )


def documents(found: Sequence[Followed] | None) -> list[dict[str, Any]] | None:
    """Return the sessions for --json; None: nobody looked."""
    if found is None:
        return None
    return [
        {
            **attributes(one.session, "pid", or_null=("cwd", "status")),
            "follows": one.follows,
        }
        for one in found
    ]


def report(session: Session, found: Sequence[Followed] | None) -> None:
    """Say of each running session when it follows."""
    home = session.workspace().home
    for one in found or ():
        name = _named(one.session, home)
        session.say(f"{name} {_SENTENCES[one.follows]}")
        if one.in_turn:
            session.warn(
                f"{name} may be in a turn and renew the former login just "
                "now; 'use --wait' waits for its end"
            )
    some_follow = any(one.follows != "restart" for one in found or ())
    if some_follow and "KEYSWITCH_ENV" in session.environ:
        session.say(
            "a session that got its account from this shell's variables keeps "
            "it until it is restarted"
        )


def _named(session: RunningSession, home: str) -> str:
    place = session.cwd
    root = home.rstrip("/")
    if is_below(place, home):
        place = f"~{place[len(root) :]}"
    where = f", {place}" if place else ""
    return f"claude (pid {session.pid}{where})"
