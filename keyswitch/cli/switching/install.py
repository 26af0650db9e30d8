"""install and uninstall: the prompt hook in a shell's start file."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

import click

from keyswitch.cli.dry_run import rehearse
from keyswitch.cli.session import Session, global_options
from keyswitch.display import printable
from keyswitch.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from keyswitch.switching.editing.start_files import Edit


@click.command(
    epilog="\b\nExamples:\n"
    "  keyswitch install              the shell that this is typed in\n"
    "  keyswitch install zsh --dry-run\n"
    "  keyswitch install bash --login     ~/.bash_profile, ~/.profile\n"
    "  keyswitch install fish --yes"
)
@click.argument("shell", required=False, default="")
@click.option(
    "--login/--no-login",
    default=None,
    help="The file of bash's login shells; the default on macOS.",
)
@click.option("--dry-run", is_flag=True, help="Show file and block only.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@global_options
@click.pass_obj
def install(
    session: Session,
    shell: str,
    *,
    login: bool | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Let every terminal follow a switch.

    A marked block goes to the end of the shell's start file. It loads a hook
    that looks at each prompt whether another profile was chosen. bash, zsh and
    fish read it from a file in keyswitch's own folder, so that a new terminal
    starts no program.
    """
    from keyswitch.switching.editing import start_files

    workspace = session.workspace()
    shell = _shell(shell)
    if login is None:
        login = shell == "bash" and workspace.platform == "darwin"
    elif login and shell != "bash":
        raise UsageError(
            f"{shell} reads the same file in login shells", "leave out --login"
        )
    edit = start_files.plan_install(workspace, shell, login=login)
    found = _Planned(
        edit,
        start_files.block_for(workspace, shell),
        start_files.hook_file_for(workspace, shell),
        edit.changes or not start_files.is_current(workspace, shell, edit.file),
    )
    if dry_run:
        rehearse(
            session,
            lambda: start_files.install(workspace, shell, login=bool(login)),
        )
        return _show(session, found)
    _announce(session, found)
    if edit.changes:
        session.confirm("write it?", yes=yes)
    if found.changes:
        start_files.install(workspace, shell, login=login)
    for note in start_files.notes(workspace, shell, login=login):
        session.output.warn(note)
    if edit.changes:
        command = "." if shell == "pwsh" else "source"
        session.output.say(
            f"open a new terminal, or: {command} {shlex.quote(edit.file)}"
        )
    return _document(session, found)


class _Planned(NamedTuple):
    """What `install` does: the start file, its block, the file of the hook."""

    edit: Edit
    block: str
    hook_file: str  # "": the shell needs none
    changes: bool


def _announce(session: Session, found: _Planned) -> None:
    """Say what is going to be written."""
    say = session.output.say
    if found.edit.changes:
        say(f"{found.edit.file} gets this block:")
        _talk(session, found.block)
        if found.hook_file:
            say(f"the hook goes to {found.hook_file}")
        return
    say(f"{found.edit.file} has the block already")
    if found.changes and found.hook_file:
        say(f"{found.hook_file} is written again")


def _shell(typed: str) -> str:
    """Return the shell that was named, or the one this was typed in."""
    from keyswitch.shells.detect import parent_shell
    from keyswitch.switching.editing.start_files import shell_of

    if not typed:
        typed = parent_shell()
        if typed == "sh":  # which also stands for any program
            raise UsageError(
                "cannot tell for which shell", "name it: keyswitch install bash"
            )
    return shell_of(typed)


def _show(session: Session, found: _Planned) -> int:
    if session.output.json:
        return _document(session, found)
    session.output.data(found.edit.file)
    for line in found.block.splitlines():
        session.output.data(line)
    if found.hook_file:
        session.output.data(found.hook_file)
    return ExitCode.OK


def _document(session: Session, found: _Planned) -> int:
    if session.output.json:
        session.output.document(
            {
                "file": found.edit.file,
                "block": found.block,
                "hook_file": found.hook_file or None,
                "changed": found.changes,
            }
        )
    return ExitCode.OK


def _talk(session: Session, block: str) -> None:
    if not session.output.quiet:
        for line in block.splitlines():
            click.echo(f"  {printable(line)}".rstrip(), err=True)


@click.command(
    epilog="\b\nExamples:\n  keyswitch uninstall bash\n"
    "  keyswitch uninstall fish --yes\n"
    "  keyswitch uninstall --all --dry-run    before the program is removed"
)
@click.argument("shell", required=False, default="")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Of every shell, and out of Claude Code's files as well.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be changed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@global_options
@click.pass_obj
def uninstall(
    session: Session, shell: str, *, everything: bool, dry_run: bool, yes: bool
) -> int:
    """Take the shell integration out again.

    Every other byte of the start file stays; a file that was made for the
    block, and holds nothing else, is removed, and so is the hook's. With --all
    no profile is active any more, and every configuration folder of Claude
    Code gets back what was there before; profiles and secrets stay.
    """
    if everything:
        if shell:
            raise UsageError(
                "--all is for every shell", "leave the shell's name out"
            )
        from keyswitch.cli.profiles.removal import uninstall_all

        return uninstall_all(session, dry_run=dry_run, yes=yes)
    from keyswitch.switching.editing import start_files

    workspace = session.workspace()
    shell = _shell(shell)
    edits = start_files.plan_uninstall(workspace, shell)
    files = [edit.file for edit in edits]
    if dry_run:
        rehearse(session, lambda: start_files.uninstall(workspace, shell))
    if dry_run and not session.output.json:
        for file in files or ["nothing to change"]:
            session.output.data(file)
        return ExitCode.OK
    if edits and not dry_run:
        for file in files:
            session.output.say(f"the block in {file} will be removed")
        session.confirm("remove it?", yes=yes)
        start_files.uninstall(workspace, shell)
        session.output.say("terminals that are open keep it until they end")
    elif not edits:
        session.output.say(f"there is no block in a start file of {shell}")
        if not dry_run:
            start_files.uninstall(workspace, shell)  # what is recorded of one
    if session.output.json:
        changed = bool(files) and not dry_run
        session.output.document({"files": files, "changed": changed})
    return ExitCode.OK
