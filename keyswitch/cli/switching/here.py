"""`use --here` and `off --here`: for this terminal only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.changes import own_variables
from keyswitch.changes.compiling import compiled_active, compiled_profile
from keyswitch.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.cli.session import Session
    from keyswitch.compiled import Compiled
    from keyswitch.shells.script import EnvScript


def use_here(session: Session, name: str) -> int:
    """Print what makes this shell alone use a profile, for `eval`.

    A login gets a folder of its own, so that what is in use elsewhere stays,
    and so does a key that would go another profile's way otherwise.
    """
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.compiled import FOLDER_VARIABLE
    from keyswitch.directories.guard import require
    from keyswitch.switching.folders import isolation
    from keyswitch.terminal.exports import script_of
    from keyswitch.terminal.selection import BY_TERMINAL

    workspace = session.workspace()
    refuse_agents(workspace)
    profile, _ = workspace.load(name)
    own_variables.check(workspace, profile)
    compiled = compiled_profile(workspace, name)
    # Before a login moves for nothing.
    require(compiled, workspace.environ)
    if os.isatty(1):
        session.output.say(
            f'this shell: eval "$(keyswitch use {name} --here)"; back again: '
            'eval "$(keyswitch off --here)"'
        )
        return ExitCode.OK
    if isolation.wants_folder(workspace, compiled):
        for note in isolation.move_in(workspace, profile):
            session.output.say(note)
        pair = (FOLDER_VARIABLE, workspace.paths.folder_of(name))
        if pair not in compiled.literals:
            compiled.literals.append(pair)
    script = script_of(
        workspace.paths, compiled, workspace.environ, how=BY_TERMINAL, pin=True
    )
    said = f"this terminal uses '{name}' until 'keyswitch off --here'"
    return _hand_over(session, script, compiled, workspace.environ, said)


def off_here(session: Session) -> int:
    """Print what ends this shell's own choice, so that it follows again.

    Also a choice that the person exported himself: what he had of other
    variables comes back, of this one nothing does.
    """
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.express import warn
    from keyswitch.shells.script import EnvScript
    from keyswitch.terminal.marker import PANE
    from keyswitch.terminal.selection import PROFILE_VARIABLE, select
    from keyswitch.terminal.shell_script import for_shell

    workspace = session.workspace()
    if os.isatty(1):
        session.output.say('this shell: eval "$(keyswitch off --here)"')
        return ExitCode.OK
    environ = dict(workspace.environ)
    own = environ.pop(PROFILE_VARIABLE, "")
    chosen = select(workspace.paths, environ)
    compiled = None
    if chosen.name:
        refuse_agents(workspace)
        compiled = compiled_profile(workspace, chosen.name)
    script, notes = for_shell(
        workspace.paths, chosen, compiled, environ, compiled_active(workspace)
    )
    warn(notes)
    script = script or EnvScript()
    if own or PROFILE_VARIABLE in script.restore:
        script.remove = sorted({*script.remove, PROFILE_VARIABLE})
    if PANE in environ and PANE not in script.remove:
        script.remove = sorted([*script.remove, PANE])
    name = f"'{chosen.name}'" if chosen.name else "no profile"
    said = f"this terminal follows again, and uses {name}"
    return _hand_over(session, script, compiled, environ, said)


def _hand_over(
    session: Session,
    script: EnvScript,
    compiled: Compiled | None,
    environ: Mapping[str, str],
    said: str,
) -> int:
    """Print the script; say what it does, and what it does not reach.

    The former is said on a terminal only: a start file may have the same line.
    """
    from keyswitch import shells
    from keyswitch.express import warn_of_settings, write_out
    from keyswitch.shells.detect import parent_shell

    write_out(shells.render(parent_shell(), script))
    gone = script.unset()
    warn_of_settings(
        script,
        {n: v for n, v in environ.items() if n not in gone}
        | dict(script.assign),
        compiled,
    )
    if os.isatty(2):
        session.output.say(said)
    return ExitCode.OK
