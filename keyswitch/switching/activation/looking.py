"""The situation of one command: what was chosen, and what Claude Code does."""

from __future__ import annotations

import contextlib
import shlex
from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.accounts import Accounts
from keyswitch.diagnosis.findings.finding import ERROR, Finding
from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.diagnosis.resolver.scene import Scene, parse_flags
from keyswitch.directories import guard
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import KeyswitchError
from keyswitch.model import FILE_LIMIT
from keyswitch.targets import table
from keyswitch.terminal import selection
from keyswitch.terminal.marker import read_key, read_marker
from keyswitch.terminal.selection import Selection
from keyswitch.workspace import own_command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from keyswitch.diagnosis.verdict import Value
    from keyswitch.workspace import Workspace


def situation_of(
    workspace: Workspace,
    claude_options: Sequence[str] = (),
    trusts: Callable[[Value], bool] | None = None,
) -> Situation:
    """Return what Claude Code would do here, started with these options.

    With `trusts` helpers are run; it is asked about a command that a
    repository brings along.
    """
    scene = Scene(
        workspace.environ,
        home=workspace.home,
        cwd=workspace.cwd,
        flags=parse_flags(claude_options),
    )
    see_keychain(workspace, scene)
    answers = _answers_here(workspace)
    run = None
    if trusts is not None:
        from keyswitch.diagnosis.findings.commands import Runner, require_trust

        require_trust(scene, trusts)
        run = Runner(scene)
    return Situation(
        scene,
        accounts_of(workspace, answers=answers.name),
        chosen=answers.name,
        how=answers.how,
        exported=exported_here(workspace),
        run=run,
    )


def see_keychain(workspace: Workspace, scene: Scene) -> None:
    """Let a scene see the login that Claude Code has in no file."""
    if workspace.keychain is None:
        return  # and the scene reads nothing before it is asked
    places = scene.places
    keychain = workspace.keychain_at(places)
    with contextlib.suppress(KeyswitchError):  # or the files count
        place = table.main().logins.place(places, _read, keychain)
        scene.hold(place.as_files(_read(places.global_config)))


def _read(path: str) -> bytes | None:
    return read_regular(path, FILE_LIMIT)


def accounts_of(
    workspace: Workspace,
    known: Mapping[str, str] | None = None,
    answers: str = "",
) -> Accounts:
    """Return this person's profiles, and who the helper answers for.

    `known` names the profiles of values that no fingerprint tells; `answers`
    is for whom the helper will answer, where that is not as it is now.
    """
    return Accounts(
        workspace.paths,
        shlex.join(own_command()),
        helper_profile=answers or _answers_here(workspace).name,
        known=known,
    )


def exported_here(workspace: Workspace) -> frozenset[str]:
    """Return the variables that `keyswitch env` set in this shell."""
    marker = read_marker(workspace.environ)
    if not marker:
        return frozenset()
    theirs = marker.not_ours(workspace.environ, read_key(workspace.paths))
    return frozenset(marker.assigned) - theirs


def _answers_here(workspace: Workspace) -> Selection:
    """Return the profile that counts in this environment, if one does."""
    try:
        return selection.select_for_helper(workspace.paths, workspace.environ)
    except KeyswitchError:
        return Selection("", selection.NOT_CHOSEN)


_BACK = 'eval "$(keyswitch off --here)"'
_FOLLOW = 'eval "$(keyswitch env)"'


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
    return [
        Finding(
            "elsewhere",
            ERROR,
            f"'{name}' is not used here, and no other one is",
            refused.message,
            refused.hint,
        )
    ]


def _of_choice(workspace: Workspace, chosen: Selection) -> Finding:
    if chosen.how == selection.BY_DIRECTORY:
        link = chosen.link
        remote = "" if link.startswith("/") else f" --remote '{link}'"
        return Finding(
            "directory-choice",
            ERROR,
            f"this directory keeps '{chosen.name}'",
            f"{link} asks for it",
            f"keyswitch unlink{remote}, or another one in this terminal: "
            "keyswitch use NAME --here",
            link,
        )
    fix = _FOLLOW if chosen.how == selection.BY_SHELL else _BACK
    if workspace.environ.get(selection.SHELL_VARIABLE) == chosen.name:
        fix = "exit"
    return Finding(
        "terminal-choice",
        ERROR,
        f"this terminal keeps '{chosen.name}'",
        f"it was chosen by {chosen.how}",
        fix,
    )
