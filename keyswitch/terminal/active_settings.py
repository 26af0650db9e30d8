"""Whether Claude Code would send a shell's key to another profile's host.

Part of the express lane. What the active profile put into Claude Code's files
(a gateway's address, a cloud) outranks what a shell exports, so a key that a
terminal or a directory chose could go there. Observed, Claude Code 2.1.330: a
helper's environment holds the address that counts, and its directory is the
one that Claude Code was started in.
"""

from __future__ import annotations

import os

from keyswitch.compiled import FOLDER_VARIABLE, Compiled
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

    from keyswitch.profiles.paths import Paths
    from keyswitch.terminal.selection import Selection

URL = "ANTHROPIC_BASE_URL"
_CLOUD = "CLAUDE_CODE_USE_"
_BEDROCK = "CLAUDE_CODE_USE_BEDROCK"
_SENT = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")


def come_first(
    paths: Paths,
    profile: Compiled,
    active: Compiled | None,
    environ: Mapping[str, str],
) -> bool:
    """Tell whether the active profile's settings outrank a shell's profile.

    Claude Code, started in this shell, then asks as the active profile, or
    with the shell's key at the active profile's host.
    """
    if active is None or active.name == profile.name:
        return False
    if not _is_for_claude_code(profile) or _own_folder(paths, profile, environ):
        return False
    # Otherwise nothing of it is in Claude Code's files, or not in this folder.
    if not _is_for_claude_code(active) or sets_folder(active):
        return False
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
        both_bedrock or _exports_a_key(profile)
    )


def leak(
    paths: Paths,
    profile: Compiled,
    active: Compiled | None,
    environ: Mapping[str, str],
) -> bool:
    """Tell whether an exported key would reach another profile's host."""
    return (
        come_first(paths, profile, active, environ)
        and _url_of(active) not in ("", _url_of(profile))
        and _exports_a_key(profile)
    )


def _url_of(profile: Compiled | None) -> str:
    """Return the address that a profile sets, "" for the usual one."""
    return dict(profile.literals).get(URL, "") if profile else ""


def sets_folder(profile: Compiled) -> bool:
    """Tell whether a profile exports a configuration folder of its own."""
    return FOLDER_VARIABLE in dict(profile.literals)


def _exports_a_key(profile: Compiled) -> bool:
    """Tell whether a profile exports a secret that Claude Code asks with."""
    return any(name in _SENT for name, _ in profile.secrets)


def _is_for_claude_code(profile: Compiled) -> bool:
    return (
        "helper" in profile.roles
        or _exports_a_key(profile)
        or any(name.startswith(_CLOUD) for name, _ in profile.literals)
    )


def _own_folder(
    paths: Paths, profile: Compiled, environ: Mapping[str, str]
) -> bool:
    return (
        environ.get(FOLDER_VARIABLE) == paths.folder_of(profile.name)
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
    present = read_marker(environ)
    chosen_here = present is not None and PROFILE_VARIABLE in present.assigned
    if not (chosen_here or environ.get(SHELL_VARIABLE) == profile.name):
        return False
    return os.path.isdir(paths.folder_of(profile.name))


def require_fitting(
    chosen: Selection,
    profile: Compiled,
    active: Compiled | None,
    environ: Mapping[str, str],
) -> None:
    """Raise where Claude Code would send a helper's answer to another host.

    Of a directory's profile nothing else is known than that, so it has to be
    set up as the active one is, or a shell has exported its address.
    """
    if chosen.how == BY_USE or (active and active.name == profile.name):
        return
    there = environ.get(URL, "")
    if there and there == _url_of(profile) and _rest(profile) == _rest(active):
        return
    if chosen.how == BY_DIRECTORY:
        literals = active.literals if active else []
        provider = active.provider if active else profile.provider
        fits = (profile.literals, profile.provider) == (literals, provider)
    else:
        fits = not there or there != _url_of(active)
        fits = fits or there == _url_of(profile)
    if not fits:
        raise refusal(profile, active)


def _rest(profile: Compiled | None) -> set[tuple[str, str]]:
    """Return what a profile sets besides its address and models."""
    return {
        (name, value)
        for name, value in (profile.literals if profile else ())
        if name != URL and not name.endswith("_MODEL")
    }


def refusal(profile: Compiled, active: Compiled | None) -> KeyswitchError:
    """Return what is said where a profile does not fit."""
    name = f"'{active.name}'" if active else "no profile"
    return KeyswitchError(
        f"'{profile.name}' is active here, but Claude Code's settings are for "
        f"{name} and take precedence",
        f"start it with: keyswitch run {profile.name} -- claude",
    )
