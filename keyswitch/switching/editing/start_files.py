"""The prompt hook in a shell's start file: which file, and the change of it.

A start file is the person's own. It gets one marked block, in the one
transaction, so that `undo` takes it back; every other byte stays.
"""

from __future__ import annotations

import os
import shutil

from keyswitch.changes import hook_files
from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft
from keyswitch.changes.history import splice_of
from keyswitch.disk.atomic import is_link_to_file, read_regular
from keyswitch.errors import ReadOnlyError, UsageError
from keyswitch.model import FileChange
from keyswitch.shells import rc_block
from keyswitch.shells.hook_scripts import WITH_FILE
from keyswitch.workspace import Workspace

FILE_LIMIT = 1 << 20  # bytes; nobody writes a start file of that size
# bash reads the first one that exists, and none of the others.
_BASH_LOGIN = (".bash_profile", ".bash_login", ".profile")
_ALIASES = {"nushell": "nu", "powershell": "pwsh"}
_WITHOUT_HOOK = ("dash", "ksh", "mksh", "sh")


def shell_of(typed: str) -> str:
    """Return the shell that a person means, or say why it has no hook."""
    shell = _ALIASES.get(typed, typed)
    if shell in rc_block.SHELLS:
        return shell
    if shell in _WITHOUT_HOOK:
        raise UsageError(
            f"{shell} has no prompt hook",
            'add this to its start file: eval "$(keyswitch env)"',
        )
    if shell == "cmd":
        raise UsageError(
            "cmd has no prompt hook",
            "run each command with a profile: keyswitch run NAME -- CMD",
        )
    raise UsageError(
        "no prompt hook for that shell",
        f"choose one of: {', '.join(sorted(rc_block.SHELLS))}",
    )


def block_for(workspace: Workspace, shell: str) -> str:
    """Return the marked block that a start file of this shell gets."""
    from keyswitch.shells.hook_scripts import hook_script, quoted

    paths = workspace.paths
    if shell == "nu":
        hook = hook_script(shell, paths.state_file, paths.config_file)
        return rc_block.block(shell, hook=hook)
    if hook_file_for(workspace, shell):
        return rc_block.block(shell, folder=quoted(shell, paths.state))
    return rc_block.block(shell)


def hook_file_for(workspace: Workspace, shell: str) -> str:
    """Return the hook file that the block reads; "": it needs none."""
    return workspace.paths.hook_file(shell) if shell in WITH_FILE else ""


def start_file(workspace: Workspace, shell: str, *, login: bool) -> str:
    """Return the file that this shell reads when it starts."""
    if shell == "bash" and login:
        return _login_files(workspace)[0]
    if shell == "zsh":
        folder = workspace.environ.get("ZDOTDIR") or workspace.home
        return os.path.join(folder, ".zshrc")
    if shell == "bash":
        return os.path.join(workspace.home, ".bashrc")
    if shell == "fish":
        return os.path.join(_config(workspace), "fish", "config.fish")
    if shell == "nu":
        return os.path.join(_nushell(workspace), "nushell", "config.nu")
    if workspace.platform == "win32":
        parts = ("Documents", "PowerShell", "profile.ps1")
        return os.path.join(workspace.home, *parts)
    return os.path.join(_config(workspace), "powershell", "profile.ps1")


def plan_install(
    workspace: Workspace, shell: str, *, login: bool
) -> FileChange:
    """Return the start file with the present block in it."""
    path = start_file(workspace, shell, login=login)
    before = read_regular(path, FILE_LIMIT)
    text = block_for(workspace, shell)
    return FileChange(path, before, rc_block.with_block(path, before, text))


def is_current(workspace: Workspace, shell: str, file: str) -> bool:
    """Tell whether the hook file of an installed block is what it has to be.

    So is the record that the start file has one.
    """
    paths = workspace.paths
    entry = hook_files.StartFile(shell, file)
    return entry in hook_files.recorded(paths) and paths.hook_file(
        shell
    ) not in hook_files.outdated(paths, workspace.environ)


def plan_uninstall(workspace: Workspace, shell: str) -> list[FileChange]:
    """Return every start file of this shell that has a block, without it.

    Those that `install` wrote are known, wherever the environment says now
    that the shell's start file is.
    """
    files = [start_file(workspace, shell, login=False)]
    if shell == "bash":
        files += [os.path.join(workspace.home, n) for n in _BASH_LOGIN]
    recorded = hook_files.recorded(workspace.paths)
    files += [entry.path for entry in recorded if entry.shell == shell]
    edits = []
    # Several names may be links to one file.
    for path in {os.path.realpath(f): f for f in reversed(files)}.values():
        if not os.path.isfile(path):
            continue  # no block is in a device, or behind a link to nothing
        before = read_regular(path, FILE_LIMIT)
        if before is not None:
            after = rc_block.without_block(path, before)
            if after is None and not _is_text(before):
                after = b""  # `undo` could not bring it back
            if after != before:
                edits.append(FileChange(path, before, after))
    return edits[::-1]


def require_plain(workspace: Workspace, shell: str) -> None:
    """Raise for a start file with a block that cannot be looked into now."""
    for entry in hook_files.recorded(workspace.paths):
        if entry.shell == shell:
            read_regular(entry.path, FILE_LIMIT)


def install(workspace: Workspace, shell: str, *, login: bool) -> None:
    """Put the block into the start file."""

    def make(draft: Draft) -> None:
        edit = plan_install(workspace, shell, login=login)
        _add(draft, [edit])
        entry = hook_files.StartFile(shell, edit.path)
        entries = [*hook_files.recorded(workspace.paths), entry]
        hook_files.record(draft, entries)
        draft.command = f"install {shell}"
        # A hook file that is written again is nothing to take back.
        draft.beside = draft.is_empty

    try:
        commit(workspace, make)
    except ReadOnlyError as e:
        e.hint += ": it needs the block"
        raise


def uninstall(workspace: Workspace, shell: str) -> None:
    """Take the block out of every start file of the shell."""

    def make(draft: Draft) -> None:
        _add(draft, plan_uninstall(workspace, shell))
        entries = hook_files.recorded(workspace.paths)
        others = [entry for entry in entries if entry.shell != shell]
        hook_files.record(draft, others)
        if not draft.is_empty:
            draft.command = f"uninstall {shell}"

    commit(workspace, make)


def notes(workspace: Workspace, shell: str, *, login: bool) -> list[str]:
    """Return why the block may not do in every terminal what one expects."""
    found = []
    if shell == "bash" and not login:
        path = _login_files(workspace)[0]
        data = read_regular(path, FILE_LIMIT)
        if (
            data is not None
            and b".bashrc" not in data
            and rc_block.BEGIN not in data
        ):
            found.append(
                f"login shells read {path}, which does not mention .bashrc; "
                "for those: keyswitch install bash --login"
            )
    if shell == "zsh" and not workspace.environ.get("ZDOTDIR"):
        path = os.path.join(workspace.home, ".zshenv")
        if b"ZDOTDIR" in (read_regular(path, FILE_LIMIT) or b""):
            found.append(
                f"{path} mentions ZDOTDIR, which is not exported here; if zsh "
                "reads another .zshrc: ZDOTDIR=FOLDER keyswitch install zsh"
            )
    if shutil.which("keyswitch", path=workspace.environ.get("PATH")) is None:
        found.append("keyswitch is not on PATH, so the block has no effect yet")
    return found


def _add(draft: Draft, edits: list[FileChange]) -> None:
    for planned in edits:
        change = planned
        if change.after is None and is_link_to_file(change.path):
            change = change._replace(after=b"")  # the link is a person's
        path, before, after = change[:3]
        if before is None or planned.after is None:
            # A file that comes or goes as a whole holds nothing else.
            draft.edit(change, own=True)
        elif before != after:
            draft.edit(change)
            draft.splices.append(splice_of(path, before, after))


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _login_files(workspace: Workspace) -> list[str]:
    """Return bash's login files that exist, or the one that it tries first."""
    files = [os.path.join(workspace.home, name) for name in _BASH_LOGIN]
    return [path for path in files if os.path.lexists(path)] or files[:1]


def _config(workspace: Workspace) -> str:
    given = workspace.environ.get("XDG_CONFIG_HOME", "")
    # The specification says to ignore a relative one.
    if os.path.isabs(given):
        return given
    return os.path.join(workspace.home, ".config")


def _nushell(workspace: Workspace) -> str:
    """https://www.nushell.sh/book/configuration.html."""
    if not os.path.isabs(workspace.environ.get("XDG_CONFIG_HOME", "")):
        if workspace.platform == "darwin":
            return os.path.join(
                workspace.home, "Library", "Application Support"
            )
        if workspace.platform == "win32":
            return workspace.environ.get("APPDATA") or os.path.join(
                workspace.home, "AppData", "Roaming"
            )
    return _config(workspace)
