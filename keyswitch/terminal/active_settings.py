"""Whether Claude Code would send a shell's key to another profile's host.

Part of the express lane. What the active profile put into Claude Code's files
(a gateway's address, a cloud) outranks what a shell exports, so a key of a
terminal's or a directory's own choice could go there. Observed, Claude Code
2.1.330: a helper's environment holds the address that counts, and its
directory is the one that Claude Code was started in.
"""

from __future__ import annotations

import os

from keyswitch.compiled import FOLDER_VARIABLE
from keyswitch.errors import KeyswitchError
from keyswitch.terminal.marker import read_marker
from keyswitch.terminal.selection import (
    BY_DIRECTORY,
    BY_USE,
    PROFILE_VARIABLE,
    SHELL_VARIABLE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.compiled import Compiled
    from keyswitch.profiles.paths import Paths
    from keyswitch.terminal.selection import Selection

URL = "ANTHROPIC_BASE_URL"
_CLOUD = "CLAUDE_CODE_USE_"
_BEDROCK = "CLAUDE_CODE_USE_BEDROCK"
_SENT = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")


def url_of(profile: Compiled | None) -> str:
    """Return the address that a profile sets, "" for the usual one."""
    return dict(profile.literals).get(URL, "") if profile else ""


def goes_elsewhere(
    paths: Paths,
    profile: Compiled,
    active: Compiled | None,
    environ: Mapping[str, str],
) -> bool:
    """Tell whether Claude Code, from this shell, goes the active one's way."""
    if active is None or active.name == profile.name:
        return False
    if not _is_for_claude_code(profile) or _own_folder(paths, profile, environ):
        return False
    if not _is_for_claude_code(active):
        return False  # nothing of it is in Claude Code's files
    if sets_folder(active):
        return False  # its settings are in a folder of its own
    ours = dict(profile.literals)
    return _is_outranked(profile, active) or any(
        ours.get(name) != value
        for name, value in active.literals
        if not name.endswith("_MODEL")
    )


def _is_outranked(profile: Compiled, active: Compiled) -> bool:
    """Tell whether the active one's settings come before an exported secret.

    A helper beats a subscription's token, and its settings cancel the shell's
    keys, so it has to be able to answer for this profile. Of two that go to
    Bedrock the settings' one is sent.
    """
    both_bedrock = all(_BEDROCK in dict(p.literals) for p in (profile, active))
    if "helper" not in active.roles:
        return both_bedrock
    return "helper" not in profile.roles and (
        both_bedrock or _sends_a_key(profile)
    )


def leaks(
    paths: Paths,
    profile: Compiled,
    active: Compiled | None,
    environ: Mapping[str, str],
) -> bool:
    """Tell whether an exported key would reach another profile's host."""
    return (
        goes_elsewhere(paths, profile, active, environ)
        and url_of(active) not in ("", url_of(profile))
        and _sends_a_key(profile)
    )


def sets_folder(profile: Compiled) -> bool:
    """Tell whether a profile exports a configuration folder of its own."""
    return FOLDER_VARIABLE in dict(profile.literals)


def _sends_a_key(profile: Compiled) -> bool:
    """Tell whether Claude Code asks with a secret that a profile exports."""
    return any(name in _SENT for name, _ in profile.secrets)


def _is_for_claude_code(profile: Compiled) -> bool:
    return (
        "helper" in profile.roles
        or _sends_a_key(profile)
        or any(name.startswith(_CLOUD) for name, _ in profile.literals)
    )


def _own_folder(
    paths: Paths, profile: Compiled, environ: Mapping[str, str]
) -> bool:
    own = paths.folder_of(profile.name)
    return (
        environ.get(FOLDER_VARIABLE) == own
        or sets_folder(profile)
        or keeps_folder(paths, profile, environ)
    )


def keeps_folder(
    paths: Paths, profile: Compiled, environ: Mapping[str, str]
) -> bool:
    """Tell whether this shell's own choice came with the profile's folder.

    The shell may have lost it since, where the profile is not allowed.
    """
    if environ.get(PROFILE_VARIABLE) != profile.name:
        return False
    marker = read_marker(environ)
    chosen_here = marker is not None and PROFILE_VARIABLE in marker.assigned
    if not (chosen_here or environ.get(SHELL_VARIABLE) == profile.name):
        return False
    return os.path.isdir(paths.folder_of(profile.name))


def require_same_way(
    chosen: Selection,
    profile: Compiled,
    active: Compiled | None,
    environ: Mapping[str, str],
) -> None:
    """Raise where a helper's answer would go another profile's way.

    Of a directory's profile nothing else is known than that, so it has to be
    set up as the active one is, or a shell has exported its address.
    """
    if chosen.how == BY_USE or (active and active.name == profile.name):
        return
    there = environ.get(URL, "")
    if (
        there
        and there == url_of(profile)
        and _alike_but_for_address(profile, active)
    ):
        return
    if chosen.how == BY_DIRECTORY:
        theirs = active.literals if active else []
        provider = active.provider if active else profile.provider
        if profile.literals != theirs or profile.provider != provider:
            raise refusal(profile, active)
        return
    if there and there == url_of(active) != url_of(profile):
        raise refusal(profile, active)


def _alike_but_for_address(profile: Compiled, active: Compiled | None) -> bool:
    """Tell whether two differ in nothing but their address and models."""

    def rest(found: Compiled | None) -> set[tuple[str, str]]:
        return {
            (name, value)
            for name, value in (found.literals if found else ())
            if name != URL and not name.endswith("_MODEL")
        }

    return rest(profile) == rest(active)


def refusal(profile: Compiled, active: Compiled | None) -> KeyswitchError:
    """Return what is said where a profile does not fit."""
    name = f"'{active.name}'" if active else "no profile"
    return KeyswitchError(
        f"'{profile.name}' is chosen here, and Claude Code is set up for "
        f"{name}, which goes another way",
        f"start it so: keyswitch run {profile.name} -- claude",
    )
