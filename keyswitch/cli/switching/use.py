"""use, off, current: which profile is the active one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli.dry_run import dry_run_option
from keyswitch.cli.session import Session, global_options
from keyswitch.cli.switching import turns
from keyswitch.errors import (
    ExitCode,
    KeyswitchError,
    NotFoundError,
    UsageError,
)

if TYPE_CHECKING:
    from keyswitch.switching.activation.use import Outcome
    from keyswitch.workspace import Workspace

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
@dry_run_option
def use(
    session: Session,
    /,
    name: str | None,
    *,
    here: bool,
    target: str,
    **turn: Any,
) -> int:
    """Switch to a profile."""
    turns.check(turn)
    if here and (session.dry_run or session.output.json):
        raise UsageError(
            "--here prints a script for eval, and nothing else",
            "leave --dry-run and --json away; 'keyswitch env NAME' on a "
            "terminal shows what would be set",
        )
    from keyswitch.profiles import state
    from keyswitch.switching.activation import use as activate

    workspace = session.workspace()
    if name is None:
        name = _pick(session, here=here)
        if name is None:
            return ExitCode.OK
    if name == PREVIOUS:
        name = state.read(workspace.paths).previous
        if not name:
            raise NotFoundError(
                "there is no previous profile", "name one: keyswitch use NAME"
            )
    if here:
        from keyswitch.cli.switching.here import use_here

        return use_here(session, name)
    from keyswitch.cli.secrets.other_use import agreed_to
    from keyswitch.cli.secrets.own_variables import ask_about_named

    agreed = agreed_to(session, name)
    ask_about_named(session, name)
    turns.wait_if_asked(session, turn)
    configure = target == "claude-code"
    outcome = activate.use(
        workspace,
        name,
        configure=configure,
        look=configure and turns.look(turn),
        agreed=agreed,
    )
    return _report(session, outcome)


def _pick(session: Session, *, here: bool) -> str | None:
    """Let a person choose; where nobody can, print the names."""
    from keyswitch.profiles import profile_files, state

    # With `here`, `eval` takes standard output: nothing but a script may be
    # there, and nothing is drawn on it.
    if here and (session.output.json or not session.can_ask):
        raise UsageError(
            "nobody can be asked which profile",
            "name it: keyswitch use NAME --here",
        )
    workspace = session.workspace()
    names = profile_files.scan(workspace.paths)
    active = state.read(workspace.paths).active
    if session.output.json:
        session.output.document({"profiles": names, "active": active or None})
        return None
    if not session.can_ask or not (here or os.isatty(1)):
        for name in names:
            session.output.data(name)
        return None
    if not names:
        raise NotFoundError(
            "there are no profiles", "make one: keyswitch add NAME"
        )
    from keyswitch.cli.profiles import picker

    if picker.can_draw(session.environ):
        used = picker.used_here(session.environ, active)
        linked = _linked_here(workspace)
        if linked:
            used.setdefault(linked, []).append("this directory")
        return picker.choose(picker.Listing(workspace.paths, names, used))
    from keyswitch.cli.prompt import ask_line

    for number, name in enumerate(names, 1):
        mark = "*" if name == active else " "
        click.echo(f"{number:4} {mark} {name}", err=True)
    answer = ""
    while not answer:
        answer = ask_line("profile (number or name)")
    if answer.isdecimal() and 1 <= int(answer) <= len(names):
        return names[int(answer) - 1]
    return answer


def _linked_here(workspace: Workspace) -> str:
    """Return the profile that this directory asks for, and may."""
    from keyswitch.terminal import selection

    environ = dict(workspace.environ)
    environ.pop(selection.PROFILE_VARIABLE, None)
    chosen = selection.select(workspace.paths, environ)
    return chosen.name if chosen.how == selection.BY_DIRECTORY else ""


def _report(session: Session, outcome: Outcome) -> int:
    """Say what was switched, and what stands in its way."""
    if session.output.json:
        session.output.document(
            {
                "active": outcome.active or None,
                "previous": outcome.previous or None,
                "in_effect": outcome.active == outcome.chosen
                and not outcome.findings,
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
    elif outcome.chosen:
        session.output.say(f"switched to '{outcome.chosen}'")
    else:
        session.output.say("no profile is active")
    for note in outcome.notes:
        session.output.say(note)
    turns.report(session, outcome.sessions)
    for finding in outcome.findings:
        session.output.warn(f"{finding.what}; {finding.why}")
        session.output.say(f"to mend it: {finding.fix}")
    from keyswitch.switching.activation.delivery import LOCKED

    if any(f.check == LOCKED for f in outcome.findings):
        return ExitCode.LOCKED
    return ExitCode.NOT_IN_EFFECT if outcome.findings else ExitCode.OK


@click.command(
    epilog="\b\nExamples:\n  keyswitch off\n"
    "  keyswitch off --wait       not in the middle of a turn\n"
    '  eval "$(keyswitch off --here)"    this shell follows again'
)
@click.option(
    "--here", is_flag=True, help="End this shell's own choice only, by eval."
)
@turns.turn_options
@global_options
@click.pass_obj
@dry_run_option
def off(session: Session, /, *, here: bool, **turn: Any) -> int:
    """Make no profile active; restore what was."""
    turns.check(turn)
    if here:
        if session.dry_run or session.output.json:
            raise UsageError(
                "--here prints a script for eval, and nothing else",
                "leave --dry-run and --json away",
            )
        from keyswitch.cli.switching.here import off_here

        return off_here(session)
    from keyswitch.switching.activation import use as activate

    workspace = session.workspace()
    turns.wait_if_asked(session, turn)
    return _report(session, activate.off(workspace, look=turns.look(turn)))


@click.command(epilog="\b\nExample:\n  PS1='$(keyswitch current --prompt) $ '")
@click.option(
    "--prompt", is_flag=True, help="Nothing, and no error, where there is none."
)
@global_options
@click.pass_obj
def current(session: Session, *, prompt: bool) -> int:
    """Print the active profile's name."""
    from keyswitch.terminal import selection

    workspace = session.reader()
    try:
        chosen = selection.select_here(workspace.paths, workspace.environ)
        selection.require_there(workspace.paths, chosen)
    except KeyswitchError:
        if not prompt:
            raise
        return ExitCode.OK  # a prompt has no room for it
    if prompt:
        if chosen.name:
            session.output.data(chosen.name)
        return ExitCode.OK
    if session.output.json:
        session.output.document(
            {
                "active": chosen.name or None,
                "chosen_by": chosen.how or None,
                "link": chosen.link or None,
            }
        )
        return ExitCode.OK if chosen.name else ExitCode.FAILED
    session.output.data(selection.require(chosen))
    if session.output.verbose or os.isatty(1):
        where = f" ({chosen.link})" if chosen.link else ""
        session.output.say(f"chosen by: {chosen.how}{where}")
    return ExitCode.OK
