"""use, off: the active profile."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli import name_argument
from keyswitch.cli.command import (
    Session,
    at_most_one,
    command,
    flag,
    option,
    options,
)
from keyswitch.cli.session import attributes
from keyswitch.disk.opening import is_below
from keyswitch.errors import KeyswitchError, NotFoundError, UsageError
from keyswitch.profiles import state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.switching.activation.use import Followed, Outcome
    from keyswitch.targets.values import RunningSession

_turn_options = options(
    flag(
        "--wait",
        help="Wait until no running session is in the middle of a turn.",
    ),
    option(
        "--timeout",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="With --wait: give up after this time and change nothing.",
    ),
    flag("--force", help="Switch without checking running sessions."),
)
_SENTENCES = {
    "next turn": "follows at its next turn",
    "minutes": "follows when it reads the key again, within about five minutes",
    "restart": "keeps the old account until it is restarted",
}


@command(
    "keyswitch use work",
    "keyswitch use -            the profile before this one",
    "keyswitch use              choose from a list",
    "keyswitch use work --dry-run",
    "keyswitch use --suggest    which account has the most usage left",
    "keyswitch use work --wait --timeout 60    not in the middle of a turn",
    'eval "$(keyswitch use me --here)"    this shell only',
    dry_run=True,
)
@click.argument("name", required=False)
@flag("--here", help="Switch only this shell, with eval.")
@option(
    "--target",
    type=click.Choice(["claude-code", "none"]),
    default="claude-code",
    show_default=True,
    help="Which program to configure; 'none': no program, only shells.",
)
@flag(
    "--suggest",
    help="Show the account with the most usage left; do not switch.",
)
@_turn_options
def use(
    session: Session,
    /,
    name: str | None,
    *,
    here: bool,
    target: str,
    suggest: bool,
    **turn: Any,
) -> int | None:
    """Switch to a profile."""
    _check_turn(turn)
    if suggest:
        _suggest(session, name, here=here)
        return None
    if here:
        _refuse_beside_here(
            session,
            "; 'keyswitch env NAME' on a terminal shows what would be set",
        )
    workspace = session.workspace()
    if name is None:
        name = _pick(session, here=here)
        if name is None:
            return None
    if name == "-":
        name = state.read(workspace.paths).previous
        if not name:
            raise NotFoundError(
                "no previous profile", "name one: keyswitch use NAME"
            )
    if here:
        from keyswitch.cli.switching.env import use_here

        use_here(session, name)
        return None
    from keyswitch.cli.secrets import agreements
    from keyswitch.switching.activation import use as activation

    agreed = agreements.agree_to_profile(session, name)
    keep = agreements.agree_to_settings(session, name)
    _wait_if_asked(session, turn)
    configure = target == "claude-code"
    outcome = activation.use(
        workspace,
        name,
        configure=configure,
        look=configure and not turn["force"],
        agreed=agreed,
        keep_headers=keep,
    )
    return _report(session, outcome)


def _suggest(session: Session, name: str | None, *, here: bool) -> None:
    if name or here:
        raise UsageError(
            "--suggest switches nothing", "leave out NAME and --here"
        )
    from keyswitch.cli.switching import suggestion

    suggestion.suggest(session)


def _refuse_beside_here(session: Session, hint: str = "") -> None:
    """Refuse `--here`, which prints a script, with --dry-run or --json."""
    if session.dry_run or session.json:
        raise UsageError(
            "--here only prints a script for eval",
            f"leave out --dry-run and --json{hint}",
        )


def _pick(session: Session, *, here: bool) -> str | None:
    """Let a person choose; where nobody can, print the names."""
    from keyswitch.profiles import profile_files

    # With `here`, `eval` takes standard output: nothing but a script may be
    # there, and nothing is drawn on it.
    if here and not session.can_choose:
        raise UsageError(
            "no profile given, but keyswitch cannot ask here",
            "name it: keyswitch use NAME --here",
        )
    workspace = session.workspace()
    if not (here or name_argument.is_asked(session)):
        names = profile_files.scan(workspace.paths)
        active = state.read(workspace.paths).active
        session.show(
            {"profiles": names, "active": active or None},
            [[name] for name in names],
        )
        return None
    from keyswitch.cli.choosing import profile_choice
    from keyswitch.switching.activation.glance import at_a_glance

    return profile_choice.profile(
        session, lambda name: at_a_glance(workspace, name, here=here)
    )


def _report(session: Session, outcome: Outcome) -> int:
    """Say which profile is active, and what overrides it."""
    findings = outcome.findings
    if session.json:
        session.document(
            {
                **attributes(outcome, or_null=("active", "previous")),
                "in_effect": outcome.active == outcome.chosen and not findings,
                "shadowed_by": [
                    attributes(f, "what", "why", "fix", or_null=("place",))
                    for f in findings
                ],
                "notes": outcome.notes,
                "sessions": _session_documents(outcome.sessions),
            }
        )
    elif outcome.chosen:
        session.say(f"switched to '{outcome.chosen}'")
    else:
        session.say("no profile is active")
    session.say(*outcome.notes)
    _report_sessions(session, outcome.sessions)
    return session.judge(findings)


@command(
    "keyswitch off",
    "keyswitch off --wait       not in the middle of a turn",
    'eval "$(keyswitch off --here)"    this shell follows switches again',
    dry_run=True,
)
@flag("--here", help="Only undo 'use --here' in this shell, with eval.")
@_turn_options
def off(session: Session, /, *, here: bool, **turn: Any) -> int | None:
    """Deactivate the active profile.

    It restores Claude Code's files to what they were before.
    """
    _check_turn(turn)
    if here:
        _refuse_beside_here(session)
        from keyswitch.cli.switching.env import off_here

        off_here(session)
        return None
    from keyswitch.switching.activation import use as activation

    workspace = session.workspace()
    _wait_if_asked(session, turn)
    return _report(session, activation.off(workspace, look=not turn["force"]))


def _check_turn(turn: Mapping[str, Any]) -> None:
    at_most_one({"--wait": turn["wait"], "--force": turn["force"]})
    if turn["timeout"] is not None and not turn["wait"]:
        raise UsageError("--timeout needs --wait", "add --wait")


def _wait_if_asked(session: Session, turn: Mapping[str, Any]) -> None:
    """Wait for the turns of running sessions to end, or raise."""
    if session.dry_run or not turn["wait"]:
        return
    from keyswitch.switching.activation.use import wait_for_turns

    workspace = session.workspace()

    def names(busy: Sequence[RunningSession]) -> str:
        return ", ".join(_named(one, workspace.home) for one in busy)

    told: list[int] = []

    def tell(busy: Sequence[RunningSession]) -> str:
        pids = [one.pid for one in busy]
        what = f"the turn of {names(busy)}"
        # A terminal shows it for as long as it lasts.
        if pids != told and not os.isatty(2):
            told[:] = pids
            session.say(f"waiting for {what}")
        return what

    busy = wait_for_turns(workspace, tell, turn["timeout"])
    if busy:
        raise KeyswitchError(
            f"still in a turn: {names(busy)}",
            "nothing changed; to switch at once, leave out --wait",
        )


def _session_documents(
    found: Sequence[Followed] | None,
) -> list[dict[str, Any]] | None:
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


def _report_sessions(
    session: Session, found: Sequence[Followed] | None
) -> None:
    home = session.workspace().home
    for one in found or ():
        name = _named(one.session, home)
        session.say(f"{name} {_SENTENCES[one.follows]}")
        if one.in_turn:
            session.warn(
                f"{name} may be in a turn and about to renew the previous "
                "login; to wait until the turn ends: use --wait"
            )
    some_follow = any(one.follows != "restart" for one in found or ())
    if some_follow and "KEYSWITCH_ENV" in session.environ:
        session.say(
            "a session that has its account from this shell's variables keeps "
            "it until restarted"
        )


def _named(session: RunningSession, home: str) -> str:
    place = session.cwd
    root = home.rstrip("/")
    if is_below(place, home):
        place = f"~{place[len(root) :]}"
    where = f", {place}" if place else ""
    return f"claude (pid {session.pid}{where})"
