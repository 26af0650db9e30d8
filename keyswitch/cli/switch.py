"""use, off, current, undo, history."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli import turns
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode, NotFoundError

if TYPE_CHECKING:
    from keyswitch.switching.activate import Outcome

PREVIOUS = "-"


@click.command(
    epilog="\b\nExamples:\n  keyswitch use work\n"
    "  keyswitch use -            the profile before this one\n"
    "  keyswitch use              choose from a list\n"
    "  keyswitch use work --dry-run\n"
    "  keyswitch use work --wait --timeout 60    not in the middle of a turn\n"
    '  eval "$(keyswitch use me --here)"    this shell only'
)
@click.argument("name", required=False)
@click.option("--dry-run", is_flag=True, help="Show what would be changed.")
@click.option("--here", is_flag=True, help="For this shell only, by eval.")
@click.option(
    "--target",
    type=click.Choice(["claude-code", "none"]),
    default="claude-code",
    show_default=True,
    help="Which program to configure; 'none' moves the pointer only.",
)
@turns.turn_options
@global_options
@click.pass_obj
def use(
    session: Session,
    /,
    name: str | None,
    *,
    dry_run: bool,
    here: bool,
    target: str,
    **turn: Any,
) -> int:
    """Switch to a profile."""
    turns.check(turn)
    from keyswitch.profiles import state
    from keyswitch.switching import activate

    workspace = session.workspace()
    if name is None:
        name = _pick(session)
        if name is None:
            return ExitCode.OK
    if name == PREVIOUS:
        name = state.read(workspace.paths).previous
        if not name:
            raise NotFoundError(
                "there is no previous profile", "name one: keyswitch use NAME"
            )
    if dry_run:
        return _show_plan(session, activate.preview(workspace, name))
    if here:
        from keyswitch.cli.own_folder import use_here

        return use_here(session, name)
    turns.wait_if_asked(session, turn)
    configure = target == "claude-code"
    outcome = activate.use(
        workspace,
        name,
        configure=configure,
        look=configure and turns.look(turn),
    )
    return _report(session, outcome)


def _pick(session: Session) -> str | None:
    """Let a person choose; without a terminal print the names."""
    from keyswitch.profiles import files, state

    workspace = session.workspace()
    names = files.scan(workspace.paths)
    active = state.read(workspace.paths).active
    if session.output.json or not session.can_ask or not os.isatty(1):
        if session.output.json:
            session.output.document(
                {"profiles": names, "active": active or None}
            )
        else:
            for name in names:
                session.output.data(name)
        return None
    if not names:
        raise NotFoundError(
            "there are no profiles", "make one: keyswitch add NAME"
        )
    for number, name in enumerate(names, 1):
        mark = "*" if name == active else " "
        click.echo(f"{number:4} {mark} {name}", err=True)
    answer = click.prompt("profile (number or name)", err=True).strip()
    if answer.isdigit() and 1 <= int(answer) <= len(names):
        return names[int(answer) - 1]
    return str(answer)


def _show_plan(session: Session, lines: list[str]) -> int:
    if session.output.json:
        session.output.document({"changes": lines})
    else:
        for line in lines or ["nothing to change"]:
            session.output.data(line)
    return ExitCode.OK


def _report(session: Session, outcome: Outcome) -> int:
    """Say what was switched, and what stands in its way."""
    if session.output.json:
        session.output.document(
            {
                "active": outcome.active or None,
                "previous": outcome.previous or None,
                "in_effect": not outcome.findings,
                "shadowed_by": [
                    {
                        "what": f.what,
                        "why": f.why,
                        "fix": f.fix,
                        "place": f.place or None,
                    }
                    for f in outcome.findings
                ],
                "notes": outcome.notes,
                "sessions": turns.documents(outcome.sessions),
            }
        )
    elif outcome.active:
        session.output.say(f"switched to '{outcome.active}'")
    else:
        session.output.say("no profile is active")
    for note in outcome.notes:
        session.output.say(note)
    turns.report(session, outcome.sessions)
    for finding in outcome.findings:
        session.output.warn(f"{finding.what}; {finding.why}")
        session.output.say(f"to mend it: {finding.fix}")
    return ExitCode.NOT_IN_EFFECT if outcome.findings else ExitCode.OK


@click.command(
    epilog="\b\nExamples:\n  keyswitch off\n"
    "  keyswitch off --wait       not in the middle of a turn"
)
@click.option("--dry-run", is_flag=True, help="Show what would be changed.")
@turns.turn_options
@global_options
@click.pass_obj
def off(session: Session, /, *, dry_run: bool, **turn: Any) -> int:
    """Make no profile active; restore what was."""
    turns.check(turn)
    from keyswitch.switching import activate

    workspace = session.workspace()
    if dry_run:
        return _show_plan(session, activate.preview(workspace, ""))
    turns.wait_if_asked(session, turn)
    return _report(session, activate.off(workspace, look=turns.look(turn)))


@click.command(
    epilog="\b\nExample:\n  PS1='$(keyswitch current 2>/dev/null) $ '"
)
@global_options
@click.pass_obj
def current(session: Session) -> int:
    """Print the active profile's name."""
    from keyswitch.switching import selection

    workspace = session.workspace()
    chosen = selection.select(workspace.paths, workspace.environ)
    if session.output.json:
        session.output.document(
            {"active": chosen.name or None, "chosen_by": chosen.how or None}
        )
        return ExitCode.OK if chosen.name else ExitCode.FAILED
    session.output.data(selection.require(chosen))
    if session.output.verbose or os.isatty(1):
        session.output.say(f"chosen by: {chosen.how}")
    return ExitCode.OK


@click.command(epilog="\b\nExample:\n  keyswitch undo")
@global_options
@click.pass_obj
def undo(session: Session) -> int:
    """Take back the last change."""
    from keyswitch.switching.undo import undo_last

    done = undo_last(session.workspace())
    session.output.say(
        f"took back '{' '.join(p for p in (done.command, done.profile) if p)}'"
    )
    return ExitCode.OK


@click.command(epilog="\b\nExample:\n  keyswitch history --json")
@click.option("-n", "--number", default=20, show_default=True, metavar="N")
@global_options
@click.pass_obj
def history(session: Session, number: int) -> int:
    """List what was changed when."""
    from keyswitch.profiles.atomic import read_regular
    from keyswitch.switching import history as log

    workspace = session.workspace()
    entries = log.parse(read_regular(workspace.paths.history_file, 1 << 24))
    entries = entries[-number:] if number > 0 else []
    if session.output.json:
        session.output.document(
            {
                "entries": [
                    {
                        "at": e.at,
                        "command": e.command,
                        "profile": e.profile or None,
                        "fingerprint": e.fingerprint or None,
                    }
                    for e in entries
                ]
            }
        )
    else:
        session.output.table(
            (e.at, e.command, e.profile, e.fingerprint) for e in entries
        )
    return ExitCode.OK
