"""What `keyswitch env` gives a shell, and what it says beside it.

Part of the express lane; both lanes end here. Text for a person is said once a
shell: an exported variable names what was said, by marks that reveal nothing.
"""

from __future__ import annotations

import os

from keyswitch.compiled import FOLDER_VARIABLE, Compiled, identity
from keyswitch.shells import EnvScript
from keyswitch.terminal import marker
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

    from keyswitch.directories.links import Link
    from keyswitch.profiles.paths import Paths
    from keyswitch.terminal.selection import Selection

    Note = tuple[str, str]  # what marks it as said, and the line for a person

_DIRENV_FOLDER = "DIRENV_DIR"  # with a `-` before it
_DIRENV_DIFF = "DIRENV_DIFF"
_DIRENV_LIMIT = 1 << 20  # bytes; an environment is no larger

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
    shell = _Shell(paths, environ)
    shell.notes += map(_note_of, chosen.passed_over)
    if profile is None:
        script = (
            shell.given_back()
            if shell.spare()
            else marker.plan_unset(environ, marker.read_key(paths))
        )
        if chosen.name:
            line = (
                f"{chosen.link} links to '{chosen.name}', which does not exist"
            )
            shell.notes.append((f"gone-{chosen.name}", line))
    else:
        script = shell.script_for(chosen, profile, active)
    device = terminal_device()
    if chosen.how == BY_TERMINAL and marker.came_along(environ, device):
        line = (
            f"'{chosen.name}' was chosen in the terminal that started this "
            'one; to end it here: eval "$(keyswitch off --here)"'
        )
        shell.notes.append((f"pane-{chosen.name}", line))
    if profile is not None and chosen.how == BY_DIRECTORY:
        shell.notes += shell.login_note(profile)
    return shell.said_once(script)


def after_failure(
    paths: Paths, environ: Mapping[str, str], name: str
) -> EnvScript | None:
    """Return how a shell that follows loses another account's values.

    `name` is the profile that cannot be had. What the shell has of the same
    one, unchanged, stays: it may have been locked since.
    """
    present = marker.read_marker(environ)
    if present is None or present.mode == marker.PINNED:
        return None
    if present.name == name and present.stamp == identity(paths.profile(name)):
        return None
    if {*present.assigned, *present.displaced} <= {PROFILE_VARIABLE}:
        return None
    script = _Shell(paths, environ).given_back()
    if script is not None:
        script.failed = True
    return script


class _Shell:
    """One shell: its environment, and the notes for its person."""

    def __init__(self, paths: Paths, environ: Mapping[str, str]) -> None:
        self.paths = paths
        self.environ = environ
        self.marker = marker.read_marker(environ)
        self.notes: list[Note] = []

    def script_for(
        self, chosen: Selection, profile: Compiled, active: Compiled | None
    ) -> EnvScript | None:
        """Return what the shell does for the chosen profile."""
        if outranked := self._outranked_note(chosen, profile, active):
            self.notes.append(outranked)
            return self.given_back(profile.stamp)
        if held := self._held_by_direnv(chosen, profile):
            self.notes.append(self._direnv_note(held, profile))
            return self.given_back(profile.stamp)
        if chosen.how != BY_NAME and (profile.only or profile.never):
            from keyswitch.directories import guard

            refused = guard.refusal(profile, self.environ)
            if refused is not None:
                self.notes.append((f"at-{profile.name}", refused.message))
                return self.given_back(profile.stamp)
        return script_of(self.paths, profile, self.environ, how=chosen.how)

    def _outranked_note(
        self, chosen: Selection, profile: Compiled, active: Compiled | None
    ) -> Note | None:
        """Say that Claude Code's settings come before the profile, if they do.

        A profile that was named may be for another program. It is refused, by
        an error, only where its key would reach another profile's host.
        """
        if active is None or chosen.how == BY_USE:
            return None
        from keyswitch.terminal import active_settings

        asked = (self.paths, profile, active, self.environ)
        told = active_settings.refusal(profile, active)
        if chosen.how == BY_NAME:
            if active_settings.leak(*asked):
                raise told
            return None
        if not active_settings.come_first(*asked):
            return None
        return f"way-{profile.name}", f"{told.message} ({told.hint})"

    def _held_by_direnv(self, chosen: Selection, profile: Compiled) -> set[str]:
        """Return the variables of the profile that a project sets by itself.

        Where this shell was told to use the profile, it does.
        """
        if chosen.how not in (BY_USE, BY_DIRECTORY):
            return set()
        if _DIRENV_FOLDER not in self.environ:
            return set()
        wanted = {name for name, _ in profile.literals + profile.secrets}
        held = _set_by_direnv(self.environ, wanted | set(profile.rivals))
        if self.marker is None:
            return held
        # An .envrc may well call keyswitch.
        return held - (set(self.marker.assigned) - self._theirs(self.marker))

    def _direnv_note(self, held: set[str], profile: Compiled) -> Note:
        """Say of a project's file that it is in force, and the profile not."""
        from keyswitch.directories.links import mark_of

        folder = self.environ.get(_DIRENV_FOLDER, "").removeprefix("-")
        file = os.path.join(folder, ".envrc")
        names = " and ".join(sorted(held))
        line = f"{file} sets {names}, so '{profile.name}' is not used here"
        return f"envrc-{mark_of(file, b'')[:8]}", line

    def spare(self) -> set[str]:
        """Return the variables of ours that a project's file has set anew.

        Where direnv leaves the project, it gives our former values back.
        """
        if self.marker is None or _DIRENV_FOLDER not in self.environ:
            return set()
        return _set_by_direnv(self.environ, self._theirs(self.marker))

    def _theirs(self, present: marker.Marker) -> set[str]:
        return present.not_ours(self.environ, marker.read_key(self.paths))

    def given_back(self, stamp: str = "") -> EnvScript | None:
        """Return what takes all but the shell's own choice out of it.

        The shell goes on to follow what is chosen later.
        """
        if self.marker is None:
            return None
        chosen = self.environ.get(PROFILE_VARIABLE, "")
        is_ours = chosen and PROFILE_VARIABLE in self.marker.assigned
        return marker.plan_script(
            self.environ,
            name="",
            mode=marker.FOLLOW,
            stamp=stamp,
            assign=[(PROFILE_VARIABLE, chosen)] if is_ours else [],
            rivals=(),
            key=marker.read_key(self.paths),
            spare=self.spare(),
        )

    def login_note(self, profile: Compiled) -> list[Note]:
        """Say that a login cannot be here and elsewhere in one folder."""
        from keyswitch.profiles import state
        from keyswitch.terminal.active_settings import sets_folder

        own = self.paths.folder_of(profile.name)
        if (
            profile.provider != "claude-login"
            or sets_folder(profile)
            or self.environ.get(FOLDER_VARIABLE) == own
            or state.read(self.paths).active == profile.name
        ):
            return []
        line = (
            f"a directory can use the login '{profile.name}' only if the "
            "profile has its own configuration folder: keyswitch edit "
            f"{profile.name} --isolated"
        )
        return [(f"login-{profile.name}", line)]

    def said_once(
        self, script: EnvScript | None
    ) -> tuple[EnvScript | None, list[str]]:
        """Leave out what was said in this shell; note what is said now."""
        said = self.environ.get(marker.TOLD, "").split(",")
        new = [(mark, line) for mark, line in self.notes if mark not in said]
        if script is not None:
            # It lasts as long as the shell does; `env --unset` takes it away.
            script.remove = [n for n in script.remove if n != marker.TOLD]
            changes = script.restore, script.save, script.remove, script.assign
            if not any(changes):
                script = None
        if not new:
            return script, []
        script = script or EnvScript()
        marks = [m for m in said if m] + [mark for mark, _ in new]
        told = (marker.TOLD, ",".join(marks[-_MOST_MARKS:]))
        script.assign = sorted([*script.assign, told])
        return script, [line for _, line in new]


def _note_of(link: Link) -> Note:
    if link.name:
        line = f"{link.path} links to '{link.name}' but is not allowed"
        return link.mark[:12], f"{line} (to allow it: keyswitch allow)"
    return link.mark[:12], f"ignoring {link.path}: {link.why}"


def _set_by_direnv(
    environ: Mapping[str, str], names: Iterable[str]
) -> set[str]:
    """Return those of the variables that have the value of an .envrc."""
    present = [name for name in names if name in environ]
    if not (present and environ.get(_DIRENV_FOLDER)):
        return set()
    given = _given_by_direnv(environ.get(_DIRENV_DIFF, ""))
    return {name for name in present if given.get(name) == environ[name]}


def _given_by_direnv(text: str) -> dict[str, object]:
    """Return what the .envrc set; nothing where this is not direnv's."""
    import json
    import zlib
    from binascii import a2b_base64

    try:
        packed = a2b_base64(text.replace("-", "+").replace("_", "/"))
        found = json.loads(
            zlib.decompressobj().decompress(packed, _DIRENV_LIMIT)
        )
    except (ValueError, zlib.error, RecursionError):
        return {}
    after = found.get("n") if isinstance(found, dict) else None
    return after if isinstance(after, dict) else {}
