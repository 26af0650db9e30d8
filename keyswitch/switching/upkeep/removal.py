"""Take keyswitch out of everything that it was written into.

Each place is a change of its own, so that one which cannot be changed keeps
none of the others, and so that a second run finishes the first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial

from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft
from keyswitch.errors import (
    CleanupLeftError,
    KeyswitchError,
    LateInterruptError,
)
from keyswitch.model import LOGIN_PROVIDER, Frozen
from keyswitch.outcome import so_far
from keyswitch.profiles import profile_files, state
from keyswitch.shells import rc_block
from keyswitch.switching.activation import use
from keyswitch.switching.editing import start_files, status_line_setting
from keyswitch.switching.planning import known_folders
from keyswitch.switching.planning.all_folders import plan_one
from keyswitch.switching.planning.known_folders import calls_us
from keyswitch.switching.planning.planned import Switch
from keyswitch.targets.target import Places
from keyswitch.workspace import Workspace


class RemovalStep(Frozen):
    """One place that keyswitch was written into, and the way out of it."""

    place: str
    what: str
    # Returns what a person should know of it.
    carry_out: Callable[[], list[str] | None]


def steps(workspace: Workspace) -> list[RemovalStep]:
    """Return what there is to take back, in the order to do it in."""
    return [
        *_other_folders(workspace),
        *_usual_folder(workspace),
        *_start_files(workspace),
        *_status_lines(workspace),
    ]


def carry_out(
    found: list[RemovalStep], do: Callable[[RemovalStep], list[str] | None]
) -> list[str]:
    """Do every step that can be done, or rehearse it; return what to say.

    Raises the error of a step that failed, once the others are done.
    """
    said: list[str] = []
    left: list[CleanupLeftError] = []
    failed: list[tuple[RemovalStep, KeyswitchError]] = []
    so_far.to_come(len(found))
    for step in found:
        try:
            said += do(step) or ()
        except LateInterruptError:
            raise
        except CleanupLeftError as e:
            left.append(e)
        except KeyswitchError as e:
            failed.append((step, e))
    if left and not failed:
        raise left[0]
    if not failed:
        return said
    step, error = failed[0]
    if len(failed) == len(found):
        raise error
    places = ", ".join(step.place for step, _ in failed)
    raise CleanupLeftError(
        f"not changed: {places} ({error.message})",
        f"{error.hint}; then run again: keyswitch uninstall --all",
    ) from error


def what_stays(workspace: Workspace) -> list[str]:
    """Return what is still there afterwards, and how it goes, a line each."""
    paths = workspace.paths
    lines = [
        f"what keyswitch wrote into {places.config_dir}, which is missing now; "
        "when it is back: keyswitch uninstall --all"
        for places, _ in known_folders.changed(workspace)
        if not os.path.isdir(places.config_dir)
    ]
    names = profile_files.scan(paths)
    if names:
        lines.append(
            f"{len(names)} profile{'s' if len(names) > 1 else ''} in "
            f"{paths.profiles_dir} with {'their' if len(names) > 1 else 'its'} "
            "secrets: keyswitch remove NAME"
        )
    profiles, _ = profile_files.load_all(paths)
    logins = [f"'{p.name}'" for p in profiles if p.provider == LOGIN_PROVIDER]
    if logins:
        lines.append(
            f"the logins of {', '.join(logins)}, which may exist nowhere else; "
            "to use one: keyswitch use NAME"
        )
    if os.path.exists(paths.vault_file):
        lines.append(f"the vault {paths.vault_file}")
    own = (paths.config, paths.data, paths.state)
    present = [p for p in own if os.path.isdir(p)]
    if present:
        lines.append(
            "keyswitch's own folders; delete them after removing the "
            f"profiles: {', '.join(dict.fromkeys(present))}"
        )
    lines.append(
        "'.keyswitch' files in linked directories, which have no effect"
    )
    return lines


def _usual_folder(workspace: Workspace) -> Iterator[RemovalStep]:
    """Yield `off`, where it has something to do."""
    places = workspace.places
    recorded = any(
        places == found for found, _ in known_folders.changed(workspace)
    )
    name = state.read(workspace.paths).active
    if not (name or recorded or calls_us(workspace, places)):
        return
    what = f"'{name}' will be deactivated, " if name else ""
    yield RemovalStep(
        places.config_dir,
        f"{what}the settings from before keyswitch will be restored",
        lambda: use.off(workspace).notes,
    )


def _other_folders(workspace: Workspace) -> Iterator[RemovalStep]:
    for places, moves_login in known_folders.changed(workspace):
        if places == workspace.places or not os.path.isdir(places.config_dir):
            continue
        yield RemovalStep(
            places.config_dir,
            "the settings from before keyswitch will be restored",
            partial(_take_out, workspace, places, moves_login=moves_login),
        )


def _take_out(
    workspace: Workspace, places: Places, *, moves_login: bool
) -> list[str]:
    def make(draft: Draft) -> None:
        switch = Switch(None, moves_login=moves_login)
        plan_one(draft, switch, places)
        if not draft.is_empty:
            draft.command, draft.beside = "uninstall", True

    _, draft = commit(workspace, make, quiet=True)
    return draft.told


def _status_lines(workspace: Workspace) -> Iterator[RemovalStep]:
    for path in status_line_setting.present_in(workspace):
        yield RemovalStep(
            path,
            "the previous status line will be restored",
            lambda: status_line_setting.uninstall(workspace) and None,
        )


def _start_files(workspace: Workspace) -> Iterator[RemovalStep]:
    for shell in sorted(rc_block.SHELLS):
        carry_out = partial(start_files.uninstall, workspace, shell)
        edits = start_files.plan_uninstall(workspace, shell)
        for edit in edits:
            yield RemovalStep(
                edit.path, "the keyswitch block will be removed", carry_out
            )
        path = workspace.paths.hook_file(shell)
        if not edits and os.path.lexists(path):
            yield RemovalStep(path, "the hook file will be removed", carry_out)
