"""use, off, current: the active profile."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli.command import Session, command, option
from keyswitch.cli.session import attributes
from keyswitch.cli.switching import turns
from keyswitch.errors import ExitCode, KeyswitchError, NotFoundError, UsageError
from keyswitch.profiles import state
from keyswitch.terminal import selection

if TYPE_CHECKING:
    from keyswitch.switching.activation.use import Outcome


@command(
    "keyswitch use work",
    "keyswitch use -            the profile before this one",
    "keyswitch use              choose from a list",
    "keyswitch use work --dry-run",
    "keyswitch use work --wait --timeout 60    not in the middle of a turn",
    'eval "$(keyswitch use me --here)"    this shell only',
    dry_run=True,
)
@click.argument("name", required=False)
@option("--here", is_flag=True, help="For this shell only, by eval.")
@option(
    "--target",
    type=click.Choice(["claude-code", "none"]),
    default="claude-code",
    show_default=True,
    help="Which program to configure; 'none' moves the pointer only.",
)
@turns.turn_options
def use(
    session: Session,
    /,
    name: str | None,
    *,
    here: bool,
    target: str,
    **turn: Any,
) -> int | None:
    """Switch to a profile."""
    turns.check(turn)
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
                "there is no previous profile", "name one: keyswitch use NAME"
            )
    if here:
        from keyswitch.cli.switching.env import use_here

        use_here(session, name)
        return None
    from keyswitch.cli.secrets.agreements import agree_to_profile
    from keyswitch.switching.activation import use as activation

    agreed = agree_to_profile(session, name)
    turns.wait_if_asked(session, turn)
    configure = target == "claude-code"
    outcome = activation.use(
        workspace,
        name,
        configure=configure,
        look=configure and not turn["force"],
        agreed=agreed,
    )
    return _report(session, outcome)


def _refuse_beside_here(session: Session, hint: str = "") -> None:
    """Refuse `--here`, which prints a script, with --dry-run or --json."""
    if session.dry_run or session.json:
        raise UsageError(
            "--here prints a script for eval, and nothing else",
            f"leave --dry-run and --json away{hint}",
        )


def _pick(session: Session, *, here: bool) -> str | None:
    """Let a person choose; where nobody can, print the names."""
    from keyswitch.profiles import profile_files

    # With `here`, `eval` takes standard output: nothing but a script may be
    # there, and nothing is drawn on it.
    if here and not session.can_ask:
        raise UsageError(
            "nobody can be asked which profile",
            "name it: keyswitch use NAME --here",
        )
    workspace = session.workspace()
    names = profile_files.scan(workspace.paths)
    active = state.read(workspace.paths).active
    if session.json or not session.can_ask or not (here or os.isatty(1)):
        session.show(
            {"profiles": names, "active": active or None},
            [[name] for name in names],
        )
        return None
    if not names:
        raise NotFoundError(
            "there are no profiles", "make one: keyswitch add NAME"
        )
    from keyswitch.cli.profiles import choices, picker

    used = choices.used_here(workspace, active)
    profiles = choices.profiles(workspace.paths, names, used)
    return picker.choose("profile", profiles, session.environ)


def _report(session: Session, outcome: Outcome) -> int:
    """Say which profile is active, and what overrides it."""
    from keyswitch.switching.activation.effect import LOCKED

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
                "sessions": turns.documents(outcome.sessions),
            }
        )
    elif outcome.chosen:
        session.say(f"switched to '{outcome.chosen}'")
    else:
        session.say("no profile is active")
    for note in outcome.notes:
        session.say(note)
    turns.report(session, outcome.sessions)
    for finding in findings:
        session.warn(f"{finding.what}; {finding.why}")
        session.say(f"to mend it: {finding.fix}")
    if any(f.check == LOCKED for f in findings):
        return ExitCode.LOCKED
    return ExitCode.NOT_IN_EFFECT if findings else ExitCode.OK


@command(
    "keyswitch off",
    "keyswitch off --wait       not in the middle of a turn",
    'eval "$(keyswitch off --here)"    this shell follows again',
    dry_run=True,
)
@option(
    "--here", is_flag=True, help="End this shell's own choice only, by eval."
)
@turns.turn_options
def off(session: Session, /, *, here: bool, **turn: Any) -> int | None:
    """Make no profile active.

    Claude Code's files get back what was there before.
    """
    turns.check(turn)
    if here:
        _refuse_beside_here(session)
        from keyswitch.cli.switching.env import off_here

        off_here(session)
        return None
    from keyswitch.switching.activation import use as activation

    workspace = session.workspace()
    turns.wait_if_asked(session, turn)
    return _report(session, activation.off(workspace, look=not turn["force"]))


@command("PS1='$(keyswitch current --prompt) $ '")
@option(
    "--prompt",
    is_flag=True,
    help="Print nothing, and no error, where no profile is active.",
)
def current(session: Session, *, prompt: bool) -> int | None:
    """Print the active profile's name."""
    workspace = session.reader()
    try:
        chosen = selection.select_here(workspace.paths, workspace.environ)
        selection.require_there(workspace.paths, chosen)
    except KeyswitchError:
        if prompt:
            return None  # a prompt has no room for it
        raise
    if prompt:
        if chosen.name:
            session.data(chosen.name)
        return None
    if session.json:
        session.document(
            {
                "active": chosen.name or None,
                "chosen_by": chosen.how or None,
                "link": chosen.link or None,
            }
        )
        return ExitCode.OK if chosen.name else ExitCode.FAILED
    session.data(selection.require(chosen))
    if session.verbose or os.isatty(1):
        where = f" ({chosen.link})" if chosen.link else ""
        session.say(f"chosen by: {chosen.how}{where}")
    return None
