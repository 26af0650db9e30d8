"""A compiled profile's values, for a shell or for a helper.

Part of the express lane.
"""

from __future__ import annotations

import os

from keyswitch import kernel_keyring
from keyswitch.compiled import FOLDER_VARIABLE, HEADERS, Compiled
from keyswitch.errors import (
    InputError,
    KeyswitchError,
    NoItemError,
    NotFoundError,
)
from keyswitch.profiles.paths import Paths, may_be_foreign_home
from keyswitch.terminal import marker
from keyswitch.terminal.selection import BY_NAME, PROFILE_VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyswitch.secret import Secret
    from keyswitch.shells import EnvScript

ENV_LIMIT = 1.5  # seconds that `env` may take where nobody can answer
KEYCHAIN_SHARE = 1.2  # seconds of it that a keychain may have
HELPER_LIMIT = 1.5  # seconds: nobody can answer a program's question


def terminal_device() -> str:
    """Return the terminal that this command was started on, or ""."""
    for descriptor in (2, 0, 1):
        try:
            return os.ttyname(descriptor)
        except OSError:
            continue
    return ""


def _set_timer(seconds: float) -> None:
    """Raise an error after this time, whatever hangs; 0: not any more."""
    # `_signal` is the built-in that `signal` wraps; the wrapper imports enum,
    # which alone takes half of a bare interpreter's start.
    import _signal  # type: ignore[import-not-found]

    if hasattr(_signal, "setitimer"):
        _signal.signal(_signal.SIGALRM, _too_slow)
        _signal.setitimer(_signal.ITIMER_REAL, seconds)


def _too_slow(_number: int, _frame: object) -> None:
    raise KeyswitchError(
        f"gave up after {ENV_LIMIT} s",
        "check the secret store with 'keyswitch doctor'",
    )


def values_of(
    paths: Paths,
    profile: Compiled,
    fields: list[str],
    *,
    deadline: float | None = None,
    ask: Callable[[str], Secret] | None = None,
) -> dict[str, str]:
    """Return the values of the named secret fields.

    Not to root in another user's home, by whatever command.
    """
    if may_be_foreign_home():
        from keyswitch.disk.ownership import require_own_home

        require_own_home()
    # First what is unlocked, a system call each: a store may not be needed.
    kernel_keyring.close_to_others()
    version, values = profile.version(), {}
    missing = {field: profile.refs[field] for field in fields}
    for field, ref in [*missing.items()] if profile.cache == "values" else ():
        value = kernel_keyring.read_value(ref, version)
        if value is not None:
            values[field] = value
            del missing[field]
    if missing:
        from keyswitch.secrets.stores import read_values

        refs = dict.fromkeys(missing.values())
        try:
            found = read_values(
                paths, profile, refs, deadline=deadline, ask=ask
            )
        except NoItemError as e:
            e.hint = e.hint.replace(" NAME", f" {profile.name}")
            raise
        # What was made anew belongs together, whatever was kept of it.
        given = {
            f: found[profile.refs[f]]
            for f in fields
            if profile.refs[f] in found
        }
        values |= given
    return values


def pairs_of(
    paths: Paths,
    profile: Compiled,
    *,
    deadline: float | None = None,
    ask: Callable[[str], Secret] | None = None,
    values: Mapping[str, str] | None = None,
) -> list[tuple[str, str]]:
    """Return every (variable, value) that the profile sets.

    `values`: those of its secret fields, where they are read already.
    """
    if values is None:
        fields = [field for _, field in profile.secrets]
        values = values_of(paths, profile, fields, deadline=deadline, ask=ask)
    pairs = dict(profile.literals)
    if HEADERS in pairs:
        pairs[HEADERS] = pairs[HEADERS].replace("\\n", "\n")
    for variable, field in profile.secrets:
        value = values[field]
        if variable == HEADERS and variable in pairs:
            value = f"{pairs[variable]}\n{value}"  # a header a line
        pairs[variable] = value
    return list(pairs.items())


def script_of(
    paths: Paths,
    profile: Compiled,
    environ: Mapping[str, str],
    *,
    how: str,
    pin: bool = False,
) -> EnvScript:
    """Plan what a shell does for a profile, within the hard limit of `env`.

    `how` is the way it was chosen; `pin` makes it this shell's own choice.
    Raises where the profile may not be used.
    """
    if profile.only or profile.never:
        from keyswitch.directories.guard import require

        require(profile, environ)
    if os.isatty(0) and os.isatty(2):  # a person can answer a question
        pairs = pairs_of(paths, profile)
    elif profile.has_references:  # a manager has a time limit of its own
        pairs = pairs_of(paths, profile, deadline=KEYCHAIN_SHARE)
    else:
        _set_timer(ENV_LIMIT)
        try:
            pairs = pairs_of(paths, profile, deadline=KEYCHAIN_SHARE)
        finally:
            _set_timer(0)
    pairs += _kept_here(paths, profile, environ)
    rivals, key, notes = profile.rivals, marker.read_key(paths), list[str]()
    if _has_headers(environ, pairs):
        from keyswitch.terminal.kept_headers import settled

        pairs, rivals, notes = settled(environ, pairs, rivals, key)
    if pin:
        pairs.append((PROFILE_VARIABLE, profile.name))
    script = marker.plan_script(
        environ,
        name=profile.name,
        mode=marker.PINNED if how == BY_NAME else marker.FOLLOW,
        stamp=profile.stamp,
        assign=pairs,
        rivals=rivals,
        key=key,
    )
    script.notes = notes
    if pin or how == BY_NAME:
        where = marker.pane_of(environ, terminal_device())
        script.assign = sorted([*script.assign, (marker.PANE, where)])
    elif marker.PANE in environ and PROFILE_VARIABLE not in dict(pairs):
        script.remove = sorted([*script.remove, marker.PANE])
    return script


def _has_headers(
    environ: Mapping[str, str], pairs: list[tuple[str, str]]
) -> bool:
    """Tell whether headers are set, were, or are to be."""
    return (
        HEADERS in environ
        or HEADERS in environ.get(marker.MARKER, "")
        or any(name == HEADERS for name, _ in pairs)
    )


def _kept_here(
    paths: Paths, profile: Compiled, environ: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return what a shell's own choice has beside the profile's exports."""
    present = marker.read_marker(environ)
    if present is None or environ.get(PROFILE_VARIABLE) != profile.name:
        return []
    from keyswitch.terminal.active_settings import keeps_folder

    kept = []
    if PROFILE_VARIABLE in present.assigned:
        kept.append((PROFILE_VARIABLE, profile.name))
    if keeps_folder(paths, profile, environ):
        own = (FOLDER_VARIABLE, paths.folder_of(profile.name))
        kept += [own] if own not in profile.literals else []
    return kept


def one_secret(paths: Paths, profile: Compiled, field: str) -> str:
    """Return one secret for a program that waits for it."""
    if field not in profile.refs:
        raise NotFoundError(
            f"profile '{profile.name}' has no {field}",
            f"add one: keyswitch rotate {profile.name}",
        )
    value = values_of(paths, profile, [field], deadline=HELPER_LIMIT)[field]
    if "\n" in value and profile.refs[field][0] == "reference":
        raise InputError(
            f"the {field} of profile '{profile.name}' has more than one line",
            f"programs need a single line: check {profile.refs[field][1]}",
        )
    return value
