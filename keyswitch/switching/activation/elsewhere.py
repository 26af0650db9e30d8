"""Why a profile that is active is not the one of this terminal or directory."""

from __future__ import annotations

import os
from shlex import quote

from keyswitch.directories import guard
from keyswitch.errors import KeyswitchError
from keyswitch.targets.verdict import ERROR, Finding
from keyswitch.terminal import selection
from keyswitch.terminal.selection import Selection
from keyswitch.workspace import Workspace

_BACK = 'eval "$(keyswitch off --here)"'
_FOLLOW = 'eval "$(keyswitch env)"'


def again(chosen: Selection) -> str:
    """Return what puts a profile into effect once more, where it was chosen.

    A shell's or a directory's own choice is no reason to switch all.
    """
    if chosen.how == selection.BY_TERMINAL:
        return f'eval "$(keyswitch use {chosen.name} --here)"'
    if chosen.how == selection.BY_SHELL:
        return f'eval "$(keyswitch env {chosen.name})"'
    if chosen.how == selection.BY_DIRECTORY:
        return _FOLLOW
    return f"keyswitch use {chosen.name}".rstrip()


def ended_by(workspace: Workspace, chosen: Selection) -> str:
    """Return what lets another profile count where this one was chosen."""
    if chosen.how == selection.BY_DIRECTORY:
        return _unlinked_by(chosen.link, workspace.cwd)
    own = {selection.BY_SHELL: _FOLLOW, selection.BY_TERMINAL: _BACK}
    if chosen.how not in own:
        return "keyswitch use"
    is_shell = workspace.environ.get(selection.SHELL_VARIABLE) == chosen.name
    return "exit" if is_shell else own[chosen.how]


def _unlinked_by(link: str, cwd: str) -> str:
    """Return what removes a link, which may be one of a directory above."""
    if not link.startswith("/"):
        return f"keyswitch unlink --remote {quote(link)}"
    if os.path.realpath(os.path.dirname(link)) == os.path.realpath(cwd):
        return "keyswitch unlink"
    return f"rm {quote(link)}"


def kept_elsewhere(workspace: Workspace, name: str) -> list[Finding]:
    """Return why a profile that was just made active is not the one here."""
    try:
        chosen = selection.select_here(workspace.paths, workspace.environ)
    except KeyswitchError:
        return []  # `env` says that
    here = chosen.how not in (selection.BY_USE, selection.NOT_CHOSEN)
    if here and chosen.name != name:
        return [_of_choice(workspace, chosen)]
    return guarded_elsewhere(workspace, name)


def guarded_elsewhere(workspace: Workspace, name: str) -> list[Finding]:
    """Return why a profile's guard keeps it out of this directory."""
    try:
        # Not the worked-out form: `whoami` asks, too, and keeps nothing.
        profile, _ = workspace.load(name)
        refused = guard.refusal(profile, workspace.environ, workspace.cwd)
    except KeyswitchError:
        return []  # the profile's file is broken, which is said elsewhere
    if refused is None:
        return []
    from keyswitch.diagnosis.one_step import one_step

    return [
        Finding(
            "elsewhere",
            ERROR,
            f"'{name}' may not be used here, and no other profile is active",
            *one_step(refused, refused.message, f"keyswitch edit {name}"),
        )
    ]


def _of_choice(workspace: Workspace, chosen: Selection) -> Finding:
    if chosen.how == selection.BY_DIRECTORY:
        return Finding(
            "directory-choice",
            ERROR,
            f"this directory still uses '{chosen.name}'",
            f"{chosen.link} links to it; 'keyswitch use NAME --here' is for "
            "this terminal alone",
            ended_by(workspace, chosen),
            chosen.link,
        )
    return Finding(
        "terminal-choice",
        ERROR,
        f"this terminal still uses '{chosen.name}'",
        f"it was chosen by {chosen.how}",
        ended_by(workspace, chosen),
    )
