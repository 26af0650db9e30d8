"""Which profile counts here, and how it was chosen.

Part of the express lane. The order is: an explicit name, this terminal
(`KEYSWITCH_PROFILE`), a link of this directory, the active profile of the
machine.
"""

from __future__ import annotations

import os

from keyswitch.disk.opening import upwards
from keyswitch.errors import InputError, NotFoundError, StaleError
from keyswitch.profiles import state
from keyswitch.profiles.names import check_name
from keyswitch.terminal.marker import PINNED, Marker, read_marker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.directories.links import Link
    from keyswitch.profiles.paths import Paths

PROFILE_VARIABLE = "KEYSWITCH_PROFILE"
# Set by `run`, whose settings come before a repository's: whoever calls our
# helper then was not led to it by a helper of the repository.
RUN_VARIABLE = "KEYSWITCH_RUN"
SHELL_VARIABLE = "KEYSWITCH_SHELL"  # the profile of `keyswitch shell`

BY_NAME = "named on the command line"
BY_TERMINAL = f"{PROFILE_VARIABLE} in this terminal"
BY_SHELL = "'keyswitch env NAME' in this shell"
BY_DIRECTORY = "a link of this directory"
BY_USE = "keyswitch use"
NOT_CHOSEN = ""

# How a shell's own choice ends.
ENDS = {
    BY_TERMINAL: 'eval "$(keyswitch off --here)"',
    BY_SHELL: 'eval "$(keyswitch env)"',
}

# An exported key makes Claude Code ask with it; the helper then has to answer
# for the same account, or one request would carry two.
_KEY_VARIABLES = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")


class Selection:
    """A profile's name ("" for none) and the way it was chosen."""

    __slots__ = ("how", "link", "name", "passed_over")

    def __init__(self, name: str, how: str, link: str = "") -> None:
        self.name = name
        self.how = how
        self.link = link  # the file, or the pattern, of a directory's link
        # Links that do not count, because nobody allowed them.
        self.passed_over: list[Link] = []


def select(
    paths: Paths,
    environ: Mapping[str, str],
    explicit: str = "",
    *,
    stale_is_fine: bool = True,
) -> Selection:
    """Choose the profile for a command that was started in this environment.

    Unless `stale_is_fine`, StaleError is raised where the rules by git remote
    have to be worked out anew, which takes a TOML parser.
    """
    if explicit:
        check_name(explicit)
        return Selection(explicit, BY_NAME)
    pinned = environ.get(PROFILE_VARIABLE, "")
    if pinned:
        try:
            check_name(pinned)
        except InputError as e:
            raise InputError(
                f"{PROFILE_VARIABLE} is not a profile name",
                f"unset {PROFILE_VARIABLE}, or set it to a name from "
                "'keyswitch list'",
            ) from e
        return Selection(pinned, BY_TERMINAL)
    asked = _by_directory(paths, environ, stale_is_fine=stale_is_fine)
    if asked.name:
        return asked
    active = state.read(paths).active
    chosen = Selection(active, BY_USE if active else NOT_CHOSEN)
    chosen.passed_over = asked.passed_over
    return chosen


def _by_directory(
    paths: Paths, environ: Mapping[str, str], *, stale_is_fine: bool
) -> Selection:
    """Return what a link of this directory chooses, if it is allowed."""
    try:
        folder = os.getcwd()
    except OSError:
        return Selection("", NOT_CHOSEN)  # it was removed
    found = Selection("", BY_DIRECTORY)
    if has_link(folder):
        from keyswitch.directories import links

        for link in links.look(paths, folder):
            if link.status == links.ALLOWED:
                found.name, found.link = link.name, link.path
            elif link.status != links.DENIED:
                found.passed_over.append(link)
    if found.name or not os.path.exists(paths.config_file):
        return found
    from keyswitch import compiled

    try:
        rules = compiled.read_rules(paths)
    except StaleError:
        if not stale_is_fine:
            raise
        from keyswitch.directories.patterns import work_out

        rules = work_out(paths)
    if rules:
        from keyswitch.directories.patterns import asked_by

        found.name, found.link = asked_by(rules, folder, environ)
    return found


def has_link(folder: str) -> bool:
    """Tell whether a directory or one above it has a `.keyswitch`."""
    return any(os.path.lexists(f"{at}/.keyswitch") for at in upwards(folder))


def own_choice(environ: Mapping[str, str]) -> Selection:
    """Return what this shell was given for itself alone, unchecked."""
    if environ.get(PROFILE_VARIABLE):
        return Selection(environ[PROFILE_VARIABLE], BY_TERMINAL)
    marker = read_marker(environ)
    if marker and marker.mode == PINNED:
        return Selection(marker.name, BY_SHELL)
    return Selection("", NOT_CHOSEN)


def select_here(
    paths: Paths,
    environ: Mapping[str, str],
    *,
    stale_is_fine: bool = True,
) -> Selection:
    """Choose the profile that this shell has, also by `env NAME`."""
    own = own_choice(environ)
    if own.how == BY_SHELL:
        check_name(own.name)
        return own
    return select(paths, environ, stale_is_fine=stale_is_fine)


def select_for_helper(
    paths: Paths,
    environ: Mapping[str, str],
    *,
    stale_is_fine: bool = True,
) -> Selection:
    """Choose the profile that answers for a program of this environment.

    Where keyswitch exported a key into the shell that started the program, or
    pinned that shell to a profile, the answer is for that same profile.
    """
    if not environ.get(PROFILE_VARIABLE):
        marker = read_marker(environ)
        if marker and _exports_a_key(paths, marker, environ):
            check_name(marker.name)
            return Selection(marker.name, BY_SHELL)
    return select_here(paths, environ, stale_is_fine=stale_is_fine)


def _exports_a_key(
    paths: Paths, marker: Marker, environ: Mapping[str, str]
) -> bool:
    """Tell whether this environment's key is one that keyswitch exported."""
    names = {n for n in _KEY_VARIABLES if n in marker.assigned and n in environ}
    if not names:
        return False
    from keyswitch.terminal.marker import read_key

    return bool(names - marker.not_ours(environ, read_key(paths)))


def require_there(paths: Paths, chosen: Selection) -> None:
    """Raise NotFoundError where what counts here was removed."""
    if chosen.name and not os.path.lexists(paths.profile(chosen.name)):
        again = "link" if chosen.how == BY_DIRECTORY else "use"
        raise NotFoundError(
            f"no profile named '{chosen.name}', chosen by {chosen.how}",
            ENDS.get(chosen.how, f"choose another: keyswitch {again} NAME"),
        )


def require(selection: Selection) -> str:
    """Return the name, or say that nothing is active."""
    if not selection.name:
        raise NotFoundError(
            "no profile is active", "choose one: keyswitch use NAME"
        )
    return selection.name
