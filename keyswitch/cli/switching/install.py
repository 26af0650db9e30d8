"""hook, install, uninstall: what a shell reads when it starts."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from keyswitch import experimental
from keyswitch.cli.command import YES, Session, command, flag, option, rehearsed
from keyswitch.display import printable
from keyswitch.errors import UsageError
from keyswitch.express import write_out
from keyswitch.profiles.paths import resolve
from keyswitch.shells.detect import parent_shell
from keyswitch.shells.hook_scripts import hook_script

if TYPE_CHECKING:
    from keyswitch.switching.upkeep.removal import RemovalStep

_STATUS_LINE = "claude-statusline"  # in the place of a shell


@command(
    "keyswitch install              the shell that this is typed in",
    "keyswitch install zsh --dry-run",
    "keyswitch install bash --login     ~/.bash_profile, ~/.profile",
    "keyswitch install fish --yes",
    "keyswitch install claude-statusline    records how much is used",
    note=f"\n{experimental.HELP}",
    dry_run=True,
)
@click.argument("shell", required=False, default="")
@option(
    "--login/--no-login",
    default=None,
    help="Use the start file of bash's login shells (the default on macOS).",
)
@YES
def install(
    session: Session, shell: str, *, login: bool | None, yes: bool
) -> None:
    """Make every terminal follow a switch.

    It adds a marked block to the end of the shell's start file. The block loads
    a hook that checks at each prompt which profile is active. bash, zsh and
    fish read the hook from a file, so a new terminal starts no program.
    `claude-statusline` instead of a shell sets Claude Code's status line.
    """
    from keyswitch.switching.editing import start_files

    workspace = session.workspace()
    if shell == _STATUS_LINE:
        _install_status_line(session, yes=yes)
        return
    shell = _shell(shell)
    if login is None:
        login = shell == "bash" and workspace.platform == "darwin"
    elif login and shell != "bash":
        raise UsageError(
            f"{shell} reads the same file in login shells", "leave out --login"
        )
    edit = start_files.plan_install(workspace, shell, login=login)
    is_new = edit.before != edit.after
    block = start_files.block_for(workspace, shell)
    hook_file = start_files.hook_file_for(workspace, shell)  # "": needs none
    changes = is_new or not start_files.is_current(workspace, shell, edit.path)
    document = {
        "file": edit.path,
        "block": block,
        "hook_file": hook_file or None,
        "changed": changes,
    }
    if rehearsed(
        session,
        lambda: start_files.install(workspace, shell, login=bool(login)),
    ):
        shown = filter(None, (edit.path, *block.splitlines(), hook_file))
        session.show(document, [[line] for line in shown])
        return
    _announce(session, shell, document, is_new=is_new)
    if is_new:
        session.confirm("write the block?", yes=yes)
    if changes:
        start_files.install(workspace, shell, login=login)
    session.warn(*start_files.notes(workspace, shell, login=login))
    if is_new:
        load = "." if shell == "pwsh" else "source"
        session.say(f"open a new terminal, or: {load} {shlex.quote(edit.path)}")
    session.show(document, [])


def _announce(
    session: Session, shell: str, document: dict[str, Any], *, is_new: bool
) -> None:
    experimental.say_once(shell, session.environ)
    file, hook_file = document["file"], document["hook_file"]
    if not is_new:
        session.say(f"{file} already has the block")
        if document["changed"] and hook_file:
            session.say(f"{hook_file} will be rewritten")
        return
    session.say(f"this block will be added to {file}:")
    if not session.quiet:
        for line in document["block"].splitlines():
            sys.stderr.write(f"  {printable(line)}".rstrip() + "\n")
    if hook_file:
        session.say(f"the hook will be written to {hook_file}")


def _install_status_line(session: Session, *, yes: bool) -> None:
    """Set Claude Code's status line; a former one is called."""
    from keyswitch.switching.editing import status_line_setting

    workspace = session.workspace()
    file = workspace.places_here.settings
    if not session.dry_run:
        session.confirm(f"set the status line in {file}?", yes=yes)
    changed = status_line_setting.install(workspace)
    if not changed:
        session.say(f"{file} already has it")
    elif former := status_line_setting.former_command(workspace):
        session.say(f"your own status line still runs: {former}")
    session.show({"file": file, "changed": changed}, [])


def _uninstall_status_line(session: Session, *, yes: bool) -> None:
    from keyswitch.switching.editing import status_line_setting

    workspace = session.workspace()
    files = status_line_setting.present_in(workspace)
    for file in files:
        session.say(f"the status line in {file} will be restored")
    if files and not session.dry_run:
        session.confirm("continue?", yes=yes)
    changed = status_line_setting.uninstall(workspace)
    if not files:
        session.say("no status line to remove")
    session.show({"files": changed, "changed": bool(changed)}, [])


def _shell(typed: str, command: str = "install") -> str:
    """Return the shell that was named, or the one this was typed in."""
    from keyswitch.switching.editing import start_files

    if not typed:
        typed = parent_shell()
        if typed == "sh":  # which also stands for any program
            raise UsageError(
                "cannot tell which shell this is",
                f"name one: keyswitch {command} bash",
            )
    return start_files.shell_of(typed)


@command(
    "keyswitch uninstall bash",
    "keyswitch uninstall fish --yes",
    "keyswitch uninstall claude-statusline",
    "keyswitch uninstall --all --dry-run    before the program is removed",
    dry_run=True,
)
@click.argument("shell", required=False, default="")
@flag(
    "--all",
    "everything",
    help="For every shell, and in Claude Code's files too.",
)
@YES
def uninstall(
    session: Session, shell: str, *, everything: bool, yes: bool
) -> None:
    """Remove the hook from a start file.

    It changes no other byte of the start file, and removes the file if nothing
    else is in it. With --all it also deactivates the active profile and
    restores every configuration folder of Claude Code. Profiles and secrets
    stay.
    """
    if everything:
        if shell:
            raise UsageError(
                "--all means every shell", "leave out the shell's name"
            )
        _uninstall_all(session, yes=yes)
        return
    if shell == _STATUS_LINE:
        _uninstall_status_line(session, yes=yes)
        return
    from keyswitch.switching.editing import start_files

    workspace = session.workspace()
    shell = _shell(shell, "uninstall")
    start_files.require_plain(workspace, shell)
    edits = start_files.plan_uninstall(workspace, shell)
    files = [edit.path for edit in edits]
    if rehearsed(session, lambda: start_files.uninstall(workspace, shell)):
        rows = [[line] for line in files or ["nothing to change"]]
        session.show({"files": files, "changed": False}, rows)
        return
    if files:
        for file in files:
            session.say(f"the block in {file} will be removed")
        session.confirm("remove it?", yes=yes)
        start_files.uninstall(workspace, shell)
        session.say("open terminals keep the hook until they close")
    else:
        session.say(f"no start file of {shell} has the block")
        start_files.uninstall(workspace, shell)  # what is recorded of one
    session.show({"files": files, "changed": bool(files)}, [])


def _uninstall_all(session: Session, *, yes: bool) -> None:
    """Take everything back, and say what stays."""
    from keyswitch.switching.upkeep import removal

    workspace = session.workspace()
    steps = removal.steps(workspace)
    stays = removal.what_stays(workspace)
    lines = [f"{step.place}: {step.what}" for step in steps]
    shown: list[str] = []
    if session.dry_run:
        shown = lines or ["nothing to change"]
    elif steps:
        session.say(*lines)
        session.confirm("continue?", yes=yes)
        session.say(*removal.carry_out(steps, lambda step: step.carry_out()))
    else:
        session.say("no other program's files here refer to keyswitch")
    changed = bool(steps) and not session.dry_run
    session.show(
        {"changes": lines, "changed": changed, "stays": stays},
        [[line] for line in shown],
    )
    for line in () if session.json else stays:
        session.say(f"kept: {line}")
    if session.dry_run:
        removal.carry_out(steps, lambda step: _rehearse(session, step))
    elif not session.json:
        if changed:
            session.say("open terminals keep the hook until they close")
        session.say(
            "now uninstall the program the way you installed it, for example: "
            "pipx uninstall keyswitch"
        )


def _rehearse(session: Session, step: RemovalStep) -> None:
    rehearsed(session, step.carry_out)


@command(
    'eval "$(keyswitch hook bash)"     at the end of ~/.bashrc',
    'eval "$(keyswitch hook zsh)"      at the end of ~/.zshrc',
    "keyswitch hook fish | source",
    note=f"'keyswitch install' does that for you.\n\n{experimental.HELP}",
)
@click.argument("shell")
def hook(session: Session, shell: str) -> None:
    """Print a shell's prompt hook.

    With it a terminal follows a switch at its next prompt and uses the profile
    of a linked directory. It starts no process if nothing has changed.
    """
    paths = resolve(session.environ)
    write_out(hook_script(shell, paths.state_file, paths.config_file))
    experimental.say_once(shell, session.environ)
