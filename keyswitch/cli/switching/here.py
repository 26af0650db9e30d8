"""`use --here` and `off --here`: for this terminal only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch import shells
from keyswitch.changes import bindings
from keyswitch.changes.compiling import compiled_active, compiled_profile
from keyswitch.compiled import FOLDER_VARIABLE, Compiled
from keyswitch.directories import guard
from keyswitch.express import warn, warn_of_settings, write_out
from keyswitch.shells.detect import parent_shell
from keyswitch.shells.script import EnvScript
from keyswitch.terminal import selection
from keyswitch.terminal.exports import script_of
from keyswitch.terminal.marker import PANE
from keyswitch.terminal.shell_script import for_shell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.cli.session import Session


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
            f'this shell: eval "$(keyswitch use {name} --here)"; back again: '
            'eval "$(keyswitch off --here)"'
        )
        return
    if isolation.wants_folder(workspace, compiled):
        for note in isolation.move_in(workspace, profile):
            session.say(note)
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
        session.say('this shell: eval "$(keyswitch off --here)"')
        return
    variable = selection.PROFILE_VARIABLE
    environ = dict(workspace.environ)
    own = environ.pop(variable, "")
    chosen = selection.select(workspace.paths, environ)
    compiled = None
    if chosen.name:
        session.refuse_agents()
        compiled = compiled_profile(workspace, chosen.name)
    script, notes = for_shell(
        workspace.paths, chosen, compiled, environ, compiled_active(workspace)
    )
    warn(notes)
    script = script or EnvScript()
    removed = {*script.remove}
    if own or variable in script.restore:
        removed.add(variable)
    if PANE in environ:
        removed.add(PANE)
    script.remove = sorted(removed)
    name = f"'{chosen.name}'" if chosen.name else "no profile"
    said = f"this terminal follows again, and uses {name}"
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
    write_out(shells.render(parent_shell(), script))
    gone = script.unset()
    left = {n: v for n, v in environ.items() if n not in gone}
    warn_of_settings(script, left | dict(script.assign), compiled)
    if os.isatty(2):
        session.say(said)
