"""Which profile counts here, and how it was chosen.

Part of the express lane. The order is: an explicit name, this terminal
(`KEYSWITCH_PROFILE`), the active profile of the machine.
"""

from __future__ import annotations

from keyswitch.errors import InputError, NotFoundError
from keyswitch.profiles import state
from keyswitch.profiles.names import check_name
from keyswitch.switching.environment import PINNED, read_marker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.profiles.paths import Paths

PROFILE_VARIABLE = "KEYSWITCH_PROFILE"

BY_NAME = "named on the command line"
BY_TERMINAL = f"{PROFILE_VARIABLE} in this terminal"
BY_SHELL = "'keyswitch env NAME' in this shell"
BY_USE = "keyswitch use"
NOT_CHOSEN = ""

# An exported key makes Claude Code ask with it; the helper then has to answer
# for the same account, or one request would carry two.
_KEY_VARIABLES = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")


class Selection:
    """A profile's name ("" for none) and the way it was chosen."""

    __slots__ = ("how", "name")

    def __init__(self, name: str, how: str) -> None:
        self.name = name
        self.how = how


def select(
    paths: Paths, environ: Mapping[str, str], explicit: str = ""
) -> Selection:
    """Choose the profile for a command that was started in this environment."""
    if explicit:
        check_name(explicit)
        return Selection(explicit, BY_NAME)
    pinned = environ.get(PROFILE_VARIABLE, "")
    if pinned:
        try:
            check_name(pinned)
        except InputError as e:
            raise InputError(
                f"{PROFILE_VARIABLE} does not hold a profile name",
                f"unset {PROFILE_VARIABLE}, or set it to a name of "
                "'keyswitch list'",
            ) from e
        return Selection(pinned, BY_TERMINAL)
    active = state.read(paths).active
    return Selection(active, BY_USE if active else NOT_CHOSEN)


def select_for_helper(paths: Paths, environ: Mapping[str, str]) -> Selection:
    """Choose the profile that answers for a program of this environment.

    Where keyswitch exported a key into the shell that started the program, or
    pinned that shell to a profile, the answer is for that same profile.
    """
    if not environ.get(PROFILE_VARIABLE):
        marker = read_marker(environ)
        if marker and (
            marker.mode == PINNED
            or any(
                n in marker.assigned and n in environ for n in _KEY_VARIABLES
            )
        ):
            check_name(marker.name)
            return Selection(marker.name, BY_SHELL)
    return select(paths, environ)


def require(selection: Selection) -> str:
    """Return the name, or say that nothing is active."""
    if not selection.name:
        raise NotFoundError(
            "no profile is active", "choose one: keyswitch use NAME"
        )
    return selection.name
