"""env and run: a profile's variables for this shell, or for one command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from keyswitch.changes.compiling import compiled_active, compiled_profile
from keyswitch.cli.agents import refuse_agents
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import (
    ExitCode,
    KeyswitchError,
    NotFoundError,
    UsageError,
)

if TYPE_CHECKING:
    from keyswitch.compiled import Compiled
    from keyswitch.shells.script import EnvScript
    from keyswitch.terminal.selection import Selection
    from keyswitch.workspace import Workspace

FORMATS = ("json", "dotenv")


@click.command(
    epilog="\b\nExamples:\n"
    '  eval "$(keyswitch env)"               bash, zsh, sh, dash, ksh\n'
    "  keyswitch env --shell fish | source   fish\n"
    '  eval "$(keyswitch env work)"          this shell only\n'
    '  eval "$(keyswitch env --unset)"       take it back\n'
    "  keyswitch env work --format dotenv > .env"
)
@click.argument("name", required=False, default="")
@click.option("--shell", metavar="SHELL", help="Default: the parent process.")
@click.option("--unset", is_flag=True, help="Undo what env did here.")
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), help="A document."
)
@click.option("--reveal", is_flag=True, help="Real values on a terminal too.")
@global_options
@click.pass_obj
def env(  # noqa: PLR0913
    session: Session,
    name: str,
    *,
    shell: str | None,
    unset: bool,
    format_: str | None,
    reveal: bool,
) -> int:
    """Print export statements for eval."""
    from keyswitch import shells
    from keyswitch.directories import remote_links
    from keyswitch.disk.ownership import require_own_home
    from keyswitch.express import give_back, warn_of_settings, write_out
    from keyswitch.shells.detect import parent_shell
    from keyswitch.terminal import marker, selection
    from keyswitch.terminal.fingerprints import read_key

    if unset and name:
        raise UsageError(
            "--unset takes no profile name", "keyswitch env --unset"
        )
    if not unset:
        require_own_home()
    workspace = session.reader()
    language = _language(session, shell, format_)
    remote_links.work_out(workspace.paths, keep_them=True)
    chosen = selection.select(workspace.paths, workspace.environ, name)
    compiled = None
    if chosen.name and not unset:
        refuse_agents(workspace, always=reveal)
        if os.isatty(1) and not reveal and not format_:
            return _preview(session, workspace, chosen.name)
    if unset:
        key = read_key(workspace.paths)
        script = marker.plan_unset(workspace.environ, key)
    else:
        try:
            script, compiled = _script(workspace, chosen, document=format_)
        except KeyswitchError as e:
            if name or os.isatty(1):
                raise
            paths, environ = workspace.paths, workspace.environ
            return give_back(paths, environ, chosen.name, language, e)
    if script is not None:
        script = marker.for_language(script, language)
        write_out(shells.render(language or parent_shell(), script))
        if not format_:
            warn_of_settings(script, workspace.environ, compiled)
    return ExitCode.OK


def _script(
    workspace: Workspace, chosen: Selection, *, document: str | None
) -> tuple[EnvScript | None, Compiled | None]:
    """Work out the script, and say what a person has to know."""
    from keyswitch.express import warn
    from keyswitch.terminal.shell_script import for_shell

    compiled = _compiled(workspace, chosen) if chosen.name else None
    script, notes = for_shell(
        workspace.paths,
        chosen,
        compiled,
        workspace.environ,
        # A document is for another program than this shell's.
        None if document else compiled_active(workspace),
    )
    warn(notes)
    return script, compiled


def _language(session: Session, shell: str | None, format_: str | None) -> str:
    """Return the language that was asked for; "": the parent's."""
    from keyswitch import shells

    if format_ and shell:
        raise UsageError("--format and --shell exclude each other", "drop one")
    language = format_ or shell or ("json" if session.output.json else "")
    if language and language not in shells.SHELLS:
        raise UsageError(
            f"there is no shell '{language}'",
            f"known are {', '.join(shells.SHELLS)}",
        )
    return language


def _compiled(workspace: Workspace, chosen: Selection) -> Compiled | None:
    """Return the profile; None: a directory asks for one that is not here."""
    from keyswitch.terminal import selection

    try:
        return compiled_profile(workspace, chosen.name)
    except NotFoundError:
        if chosen.how != selection.BY_DIRECTORY:
            raise
        return None


def _preview(session: Session, workspace: Workspace, name: str) -> int:
    """Show on a terminal what would be set, with masked values."""
    compiled = compiled_profile(workspace, name)
    profile, _ = workspace.load(name)
    hints = {field: ref.hint for field, ref in profile.secrets.items()}
    rows = [(n, v) for n, v in compiled.literals]
    rows += [(n, hints.get(field, "…")) for n, field in compiled.secrets]
    rows += [(n, "(unset)") for n in compiled.rivals if n in workspace.environ]
    session.output.table(sorted(rows))
    session.output.say(
        'values are masked on a terminal; use it as: eval "$(keyswitch env'
        + (f' {name})"' if name else ')"')
    )
    return ExitCode.OK


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog="\b\nExamples:\n  keyswitch run work -- claude\n"
    "  keyswitch run client -- aws sts get-caller-identity",
)
@click.argument("name")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
@click.pass_obj
def run(session: Session, name: str, command: tuple[str, ...]) -> int:
    """Run one command with a profile.

    Nothing else is touched: no file, no other shell. The command gets the
    profile's variables and none that would compete with them; its exit code
    is passed on. Claude Code is also told to ignore what files on disk say
    about credentials.
    """
    from keyswitch.directories.guard import require
    from keyswitch.disk.ownership import require_own_home
    from keyswitch.switching.running.run import execute

    require_own_home()
    workspace = session.workspace()
    refuse_agents(workspace)
    compiled = compiled_profile(workspace, name)
    require(compiled, workspace.environ)
    return execute(workspace, compiled, list(command))
