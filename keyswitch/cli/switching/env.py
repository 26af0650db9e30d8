"""env, shell, use --here: a profile for one shell."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from keyswitch import experimental, shells
from keyswitch.changes import bindings
from keyswitch.changes.compiling import compiled_active, compiled_profile
from keyswitch.cli.command import (
    Session,
    at_most_one,
    command,
    flag,
    option,
)
from keyswitch.cli.listings import outside
from keyswitch.cli.name_argument import name_argument
from keyswitch.cli.style import WHOLE, Styled
from keyswitch.compiled import FOLDER_VARIABLE, Compiled
from keyswitch.directories import guard, patterns
from keyswitch.disk.ownership import require_own_home
from keyswitch.errors import KeyswitchError, NotFoundError, UsageError
from keyswitch.express import (
    give_back,
    ignored,
    print_script,
    warn,
    warn_of_settings,
)
from keyswitch.shells import EnvScript
from keyswitch.terminal import marker, selection
from keyswitch.terminal.exports import script_of
from keyswitch.terminal.kept_headers import settled
from keyswitch.terminal.marker import PANE, read_key
from keyswitch.terminal.shell_script import for_shell
from keyswitch.workspace import Workspace


@command(
    'eval "$(keyswitch env)"               bash, zsh, sh, dash, ksh',
    "keyswitch env --shell fish | source   fish",
    'eval "$(keyswitch env work)"          this shell only',
    'eval "$(keyswitch env --unset)"       undo it',
    "keyswitch env work --format dotenv > .env",
    note=f"\n{experimental.HELP}",
)
@click.argument("name", required=False, default="")
@option("--shell", metavar="SHELL", help="Default: the shell that runs this.")
@flag("--unset", help="Undo what env did in this shell.")
@option(
    "--format",
    "format_",
    type=click.Choice(marker.DOCUMENTS),
    help="Print JSON or a dotenv file instead.",
)
@flag("--reveal", help="Print real values on a terminal too.")
def env(  # noqa: PLR0913
    session: Session,
    name: str,
    *,
    shell: str | None,
    unset: bool,
    format_: str | None,
    reveal: bool,
) -> int | None:
    """Print export statements for eval."""
    if unset and name:
        raise UsageError(
            "--unset takes no profile name", "keyswitch env --unset"
        )
    if not unset:
        require_own_home()
    workspace = session.reader()
    paths, environ = workspace.paths, workspace.environ
    language = _language(session, shell, format_)
    patterns.work_out(paths, keep_them=True)
    chosen = selection.select(paths, environ, name)
    compiled = None
    if chosen.name and not unset:
        session.refuse_agents(always=reveal)
        if os.isatty(1) and not reveal and not format_:
            _preview(session, chosen.name)
            return None
    if unset:
        script = marker.plan_unset(environ, read_key(paths))
    else:
        try:
            script, compiled = _script(
                workspace, chosen, environ, document=format_
            )
        except KeyswitchError as e:
            if name or os.isatty(1):
                raise
            return give_back(paths, environ, chosen.name, language, e)
    if script is not None:
        print_script(script, language)
        if not format_:
            warn_of_settings(script, environ, compiled)
            if name:
                warn(ignored(compiled, environ))
    return None


def _script(
    workspace: Workspace,
    chosen: selection.Selection,
    environ: Mapping[str, str],
    *,
    document: str | None = None,
) -> tuple[EnvScript | None, Compiled | None]:
    """Work out the script, and say what a person has to know."""
    compiled = None
    if chosen.name:
        try:
            compiled = compiled_profile(workspace, chosen.name)
        except NotFoundError:
            # A directory may ask for a profile that is not on this machine.
            if chosen.how != selection.BY_DIRECTORY:
                raise
    script, notes = for_shell(
        workspace.paths,
        chosen,
        compiled,
        environ,
        # A document is for another program than this shell's.
        None if document else compiled_active(workspace),
    )
    warn(notes)
    return script, compiled


def _language(session: Session, shell: str | None, format_: str | None) -> str:
    """Return the language that was asked for; "": the parent's."""
    at_most_one({"--format": format_, "--shell": shell})
    language = format_ or shell or ("json" if session.json else "")
    if language and language not in shells.SHELLS:
        raise UsageError(
            f"unknown shell '{language}'",
            f"choose one of: {', '.join(shells.SHELLS)}",
        )
    return language


def _preview(session: Session, name: str) -> None:
    """Show on a terminal what would be set, with masked values."""
    workspace = session.workspace()
    compiled = compiled_profile(workspace, name)
    profile, _ = workspace.load(name)
    environ, key = workspace.environ, read_key(workspace.paths)
    _, rivals, notes = settled(environ, compiled.literals, compiled.rivals, key)
    hints = {f: outside.hint_of(ref) for f, ref in profile.secrets.items()}
    rows = [
        *compiled.literals,
        *((n, hints.get(field, "…")) for n, field in compiled.secrets),
        *((n, "(unset)") for n in rivals if n in environ),
    ]
    shown = [(Styled(n, WHOLE), value) for n, value in sorted(rows)]
    session.table(shown, ("VARIABLE", "VALUE"))
    session.say(*notes)
    session.say(
        'values are masked on a terminal; to use them: eval "$(keyswitch env '
        f'{name})"'
    )


@command("keyswitch shell work", "keyswitch shell work --shell fish")
@name_argument()
@option(
    "--shell", "program", metavar="PROGRAM", help="Default: your current shell."
)
def shell(session: Session, name: str, *, program: str | None) -> int:
    """Start a shell that uses one profile.

    The shell keeps that profile until 'exit', whatever you switch elsewhere.
    It cannot be started inside another such shell.
    """
    from keyswitch.cli.switching.run import warn_of_lacking
    from keyswitch.switching.running import subshell
    from keyswitch.terminal.selection import SHELL_VARIABLE

    workspace = session.workspace()
    inside = workspace.environ.get(SHELL_VARIABLE, "")
    if inside:
        raise UsageError(
            f"this is already a keyswitch shell for '{inside}'",
            "leave it first: exit",
        )
    session.refuse_agents()
    compiled = compiled_profile(workspace, name)
    guard.require(compiled, workspace.environ)
    warn_of_lacking(session, compiled)
    argv, environ, notes = subshell.prepare(workspace, compiled, program)
    session.say(*notes)
    session.warn(*subshell.overridden(compiled, environ))
    session.say(f"this shell uses '{name}'; to leave it: exit")
    status = subshell.run(argv, environ)
    session.say(f"left the shell of '{name}'")
    return status


def use_here(session: Session, name: str) -> None:
    """Print what makes this shell alone use a profile, for `eval`.

    A login gets a configuration folder of its own, so that the one in use
    elsewhere stays. So does a key that the usual settings would send to
    another profile's host.
    """
    from keyswitch.switching.planning import isolation

    session.refuse_agents()
    workspace = session.workspace()
    paths, environ = workspace.paths, workspace.environ
    profile, _ = workspace.load(name)
    bindings.check_complete(workspace, profile)
    compiled = compiled_profile(workspace, name)
    guard.require(compiled, environ)  # before a login is moved
    if os.isatty(1):
        session.say(
            f'to switch this shell: eval "$(keyswitch use {name} --here)"',
            'to switch it back: eval "$(keyswitch off --here)"',
        )
        return
    if isolation.wants_folder(workspace, compiled):
        session.say(*isolation.move_in(workspace, profile))
        pair = (FOLDER_VARIABLE, paths.folder_of(name))
        if pair not in compiled.literals:
            compiled.literals.append(pair)
    script = script_of(
        paths, compiled, environ, how=selection.BY_TERMINAL, pin=True
    )
    said = f"this terminal uses '{name}' until 'keyswitch off --here'"
    _print(session, script, compiled, environ, said)


def off_here(session: Session) -> None:
    """Print what ends this shell's own choice, so that it follows `use`.

    Also a choice that the person exported by hand: other variables get their
    former values back, this one is removed.
    """
    workspace = session.workspace()
    if os.isatty(1):
        session.say('to switch this shell back: eval "$(keyswitch off --here)"')
        return
    variable = selection.PROFILE_VARIABLE
    environ = dict(workspace.environ)
    own = environ.pop(variable, "")
    chosen = selection.select(workspace.paths, environ)
    if chosen.name:
        session.refuse_agents()
    script, compiled = _script(workspace, chosen, environ)
    script = script or EnvScript()
    removed = {*script.remove}
    if own or variable in script.restore:
        removed.add(variable)
    if PANE in environ:
        removed.add(PANE)
    script.remove = sorted(removed)
    name = f"'{chosen.name}'" if chosen.name else "no profile"
    said = f"this terminal follows switches again and uses {name}"
    _print(session, script, compiled, environ, said)


def _print(
    session: Session,
    script: EnvScript,
    compiled: Compiled | None,
    environ: Mapping[str, str],
    said: str,
) -> None:
    """Print the script, and warn of settings that override it.

    What it does is said on a terminal only: a start file may have this line.
    """
    print_script(script, "")
    gone = script.unset()
    left = {n: v for n, v in environ.items() if n not in gone}
    warn_of_settings(script, left | dict(script.assign), compiled)
    if os.isatty(2):
        session.say(said)
