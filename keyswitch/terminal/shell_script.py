"""What `keyswitch env` gives a shell, and what it says beside it.

Part of the express lane; both lanes end here. Text for a person is said once a
shell: an exported variable names what was said, by marks that reveal nothing.
"""

from __future__ import annotations

from keyswitch.shells.script import EnvScript
from keyswitch.terminal import fingerprints, marker
from keyswitch.terminal.active_settings import (
    come_first,
    leak,
    refusal,
    sets_folder,
)
from keyswitch.terminal.exports import script_of, terminal_device
from keyswitch.terminal.selection import (
    BY_DIRECTORY,
    BY_NAME,
    BY_TERMINAL,
    BY_USE,
    PROFILE_VARIABLE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keyswitch.compiled import Compiled
    from keyswitch.directories.links import Link
    from keyswitch.profiles.paths import Paths
    from keyswitch.terminal.marker import Marker
    from keyswitch.terminal.selection import Selection

_MOST_MARKS = 32  # of what was said in one shell


def for_shell(
    paths: Paths,
    chosen: Selection,
    profile: Compiled | None,
    environ: Mapping[str, str],
    active: Compiled | None = None,
) -> tuple[EnvScript | None, list[str]]:
    """Return (script or None, lines for a person) for what was chosen.

    `active` is the profile that Claude Code's files are set up for.
    """
    notes = [_note_of(link) for link in chosen.passed_over]
    script: EnvScript | None
    if profile is None:
        script = marker.plan_unset(environ, fingerprints.read_key(paths))
        if chosen.name:
            line = f"{chosen.link} asks for '{chosen.name}', which is not here"
            notes.append((f"gone-{chosen.name}", line))
    elif chosen.how != BY_USE and _is_outranked(
        paths, chosen, profile, active, environ
    ):
        told = refusal(profile, active)
        notes.append((f"way-{profile.name}", f"{told.message} ({told.hint})"))
        script = _nothing(paths, profile, environ)
    elif held := _held_by_direnv(paths, chosen, profile, environ):
        notes.append(_direnv_note(held, profile, environ))
        script = _nothing(paths, profile, environ, spare=held)
    elif chosen.how == BY_NAME or not (profile.only or profile.never):
        script = script_of(paths, profile, environ, how=chosen.how)
    else:
        script = _guarded(paths, chosen, profile, environ, notes)
    if chosen.how == BY_TERMINAL and marker.came_along(
        environ, terminal_device()
    ):
        line = (
            f"'{chosen.name}' was chosen in the terminal that this one was "
            'started from: eval "$(keyswitch off --here)" ends it here'
        )
        notes.append((f"pane-{chosen.name}", line))
    if profile is not None and chosen.how == BY_DIRECTORY:
        notes += _login_note(paths, profile, environ)
    return _said_once(script, environ, notes)


def _is_outranked(
    paths: Paths,
    chosen: Selection,
    profile: Compiled,
    active: Compiled | None,
    environ: Mapping[str, str],
) -> bool:
    """Tell whether Claude Code's settings come before the shell's profile.

    A profile that was named may be for another program. It is refused, by an
    error, only where its key would reach another profile's host.
    """
    if chosen.how != BY_NAME:
        return come_first(paths, profile, active, environ)
    if leak(paths, profile, active, environ):
        raise refusal(profile, active)
    return False


def _guarded(
    paths: Paths,
    chosen: Selection,
    profile: Compiled,
    environ: Mapping[str, str],
    notes: list[tuple[str, str]],
) -> EnvScript | None:
    """Give the shell nothing where a profile that it follows is not allowed."""
    from keyswitch.directories import guard

    refused = guard.refusal(profile, environ)
    if refused is None:
        return script_of(paths, profile, environ, how=chosen.how)
    notes.append((f"at-{profile.name}", refused.message))
    return _nothing(paths, profile, environ)


def _held_by_direnv(
    paths: Paths,
    chosen: Selection,
    profile: Compiled,
    environ: Mapping[str, str],
) -> set[str]:
    """Return the variables of the profile that a project sets by itself.

    Where this shell was told to use the profile, it does.
    """
    if chosen.how not in (BY_USE, BY_DIRECTORY) or "DIRENV_DIR" not in environ:
        return set()
    from keyswitch.terminal import direnv

    wanted = {name for name, _ in profile.literals + profile.secrets}
    held = direnv.holds(environ, wanted | set(profile.rivals))
    present = marker.read_marker(environ)
    if present is None:
        return held
    # An .envrc may well call keyswitch.
    key = fingerprints.read_key(paths)
    return held - (set(present.assigned) - present.not_ours(environ, key))


def _direnv_note(
    held: set[str], profile: Compiled, environ: Mapping[str, str]
) -> tuple[str, str]:
    """Say once of a file that it is in force, and the profile is not."""
    from keyswitch.directories.links import mark_of
    from keyswitch.terminal import direnv

    file = direnv.file_of(environ)
    names = " and ".join(sorted(held))
    line = f"{file} sets {names}, so '{profile.name}' is not used here"
    return f"envrc-{mark_of(file, b'')[:8]}", line


def _nothing(
    paths: Paths,
    profile: Compiled,
    environ: Mapping[str, str],
    spare: Iterable[str] = (),
) -> EnvScript | None:
    """Give a shell back to the person; it goes on to follow."""
    present = marker.read_marker(environ)
    if present is None:
        return None
    return _given_back(paths, present, environ, profile.stamp, spare)


def after_failure(
    paths: Paths, environ: Mapping[str, str], name: str
) -> EnvScript | None:
    """Return how a shell that follows loses another account's values.

    `name` is the profile that cannot be had. What the shell has of the same
    one, unchanged, stays: it may have been locked since.
    """
    from keyswitch.compiled import identity

    present = marker.read_marker(environ)
    if present is None or present.mode == marker.PINNED:
        return None
    if present.name == name and present.stamp == identity(paths.profile(name)):
        return None
    if {*present.assigned, *present.displaced} <= {PROFILE_VARIABLE}:
        return None
    script = _given_back(paths, present, environ)
    script.failed = True
    return script


def _given_back(
    paths: Paths,
    present: Marker,
    environ: Mapping[str, str],
    stamp: str = "",
    spare: Iterable[str] = (),
) -> EnvScript:
    """Return what takes all but a shell's own choice out of it."""
    chosen = environ.get(PROFILE_VARIABLE, "")
    is_ours = chosen and PROFILE_VARIABLE in present.assigned
    return marker.plan_script(
        environ,
        name="",
        mode=marker.FOLLOW,
        stamp=stamp,
        assign=[(PROFILE_VARIABLE, chosen)] if is_ours else [],
        rivals=(),
        key=fingerprints.read_key(paths),
        spare=spare,
    )


def _note_of(link: Link) -> tuple[str, str]:
    if link.name:
        line = f"{link.path} asks for '{link.name}' and is not allowed"
        return link.mark[:12], f"{line} (to use it: keyswitch allow)"
    return link.mark[:12], f"{link.path} is not used: {link.why}"


def _login_note(
    paths: Paths, profile: Compiled, environ: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Say that a login cannot be here and elsewhere in one folder."""
    from keyswitch.compiled import FOLDER_VARIABLE
    from keyswitch.profiles import state

    if profile.provider != "claude-login" or sets_folder(profile):
        return []
    if state.read(paths).active == profile.name or environ.get(
        FOLDER_VARIABLE
    ) == paths.folder_of(profile.name):
        return []
    line = (
        f"the login '{profile.name}' reaches a directory only from a folder "
        f"of its own: keyswitch edit {profile.name} --isolated"
    )
    return [(f"login-{profile.name}", line)]


def _said_once(
    script: EnvScript | None,
    environ: Mapping[str, str],
    notes: list[tuple[str, str]],
) -> tuple[EnvScript | None, list[str]]:
    """Leave out what was said in this shell, and note what is said now."""
    said = environ.get(marker.TOLD, "").split(",")
    new = [(mark, line) for mark, line in notes if mark not in said]
    if script is not None:
        # It lasts as long as the shell does; `env --unset` takes it away.
        script.remove = [n for n in script.remove if n != marker.TOLD]
        changes = (script.restore, script.save, script.remove, script.assign)
        if not any(changes):
            script = None
    if not new:
        return script, []
    script = script or EnvScript()
    marks = [m for m in said if m] + [mark for mark, _ in new]
    told = (marker.TOLD, ",".join(marks[-_MOST_MARKS:]))
    script.assign = sorted([*script.assign, told])
    return script, [line for _, line in new]
