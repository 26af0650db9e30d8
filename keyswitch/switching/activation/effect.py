"""After a switch: whether its secrets can be had, and it is in effect.

Where a profile's secret travels by variables only, `use` cannot put it into
the shell that called it. The question is then what Claude Code would send
once `keyswitch env` was evaluated there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes.compiling import compiled_profile
from keyswitch.diagnosis.findings.contradictions import warnings
from keyswitch.diagnosis.findings.finding import ERROR, Finding
from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.diagnosis.resolver.scene import Scene
from keyswitch.errors import KeyswitchError, LockedError
from keyswitch.providers.shapes import fingerprint
from keyswitch.switching.activation.looking import (
    accounts_of,
    exported_here,
    see_keychain,
)
from keyswitch.targets import table
from keyswitch.terminal import selection
from keyswitch.terminal.exports import KEYCHAIN_SHARE, values_of
from keyswitch.terminal.marker import applied, read_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.compiled import Compiled
    from keyswitch.model import Profile
    from keyswitch.providers.schema import ClaudeCode
    from keyswitch.workspace import Workspace

_WORTH_A_WORD = ("key-to-other-host", "two-accounts")

EXPORT = 'eval "$(keyswitch env)"'

# Set by a shell's hook for `use` and `off` alone.
FOLLOWS_VARIABLE = "KEYSWITCH_FOLLOWS"

LOCKED = "secret-locked"
_ABSENT = "secret-not-there"

# Stands for a secret that is not read for this; it looks like no other value.
_PENDING = "keyswitch-pending-{name}-{field}"


def effect_of(
    workspace: Workspace, profile: Profile
) -> tuple[list[str], list[Finding]]:
    """Return (notes, findings) for a profile that was just made active."""
    follows = bool(workspace.environ.get(FOLLOWS_VARIABLE))
    taken = workspace.provider_of(profile).claude_code_for(profile)
    if taken.how == "none":
        return [] if follows else [f"to use it in this shell: {EXPORT}"], []
    in_a_folder = profile.isolated or workspace.isolated_shell
    # With `follows` the shell's hook evaluates `env` right after this command.
    notes: list[str] = []
    environ, pending = workspace.environ, dict[str, str]()
    if follows or in_a_folder or _is_to_export(workspace, profile, taken):
        compiled = compiled_profile(workspace, profile.name)
        environ, pending = _evaluated(workspace, compiled)
        if not follows:
            notes = _to_evaluate(
                workspace, profile, environ, in_a_folder=in_a_folder
            )
    scene = Scene(environ, home=workspace.home, cwd=workspace.cwd)
    see_keychain(workspace, scene)
    situation = Situation(
        scene,
        accounts_of(workspace, pending, profile.name if follows else ""),
        chosen=profile.name,
        how=selection.BY_USE,
        exported=exported_here(workspace),
    )
    found = warnings(situation)
    if situation.in_use is False:
        return notes, [f for f in found if f.severity == ERROR]
    # What is in effect may still be worth a word, but is no failure.
    notes += [f"{f.what}; {f.fix}" for f in found if f.check in _WORTH_A_WORD]
    return notes, []


def _to_evaluate(
    workspace: Workspace,
    profile: Profile,
    environ: Mapping[str, str],
    *,
    in_a_folder: bool,
) -> list[str]:
    """Say what this shell has to evaluate before the profile counts in it."""
    if not in_a_folder:
        run = f"keyswitch run {profile.name} -- claude"
        stays = "its secret stays out of Claude Code's files"
        return [f"{stays}; export it: {EXPORT}, or {run}"]
    variable = table.main().folder_variable
    if environ.get(variable) == workspace.environ.get(variable):
        return []
    where = "a folder of its own" if profile.isolated else "the usual folder"
    return [f"it uses {where}; in this shell: {EXPORT}"]


def _is_to_export(
    workspace: Workspace, profile: Profile, taken: ClaudeCode
) -> bool:
    """Tell whether the secret travels by variables that are not set here."""
    if taken.helper_field or taken.aws_export:
        return False
    provider = workspace.provider_of(profile)
    return not all(
        _holds(workspace, profile, variable, field)
        for field in profile.secrets
        for variable in provider.field(field).env
    )


def _evaluated(
    workspace: Workspace, compiled: Compiled
) -> tuple[Mapping[str, str], dict[str, str]]:
    """Return the environment after `keyswitch env`, with stand-ins."""
    pairs = list(compiled.literals)
    pending = {}
    for variable, field in compiled.secrets:
        value = _PENDING.format(name=compiled.name, field=field)
        pending[value] = compiled.name
        pairs.append((variable, value))
    base = dict(workspace.environ)
    if workspace.isolated_shell:
        del base[table.main().folder_variable]
    key = read_key(workspace.paths)
    return applied(base, pairs, compiled.rivals, key), pending


def _holds(
    workspace: Workspace, profile: Profile, variable: str, field: str
) -> bool:
    """Tell whether a variable carries the profile's secret already."""
    value = workspace.environ.get(variable, "")
    seen = fingerprint(workspace.install_key, value)
    return bool(value) and profile.secrets[field].fingerprint == seen


def undelivered(workspace: Workspace, name: str) -> list[Finding]:
    """Return why nothing can use a profile that was just made active."""
    try:
        profile = compiled_profile(workspace, name)
    except KeyswitchError:
        return []  # its file is broken, which is said elsewhere
    needed = {*(f for _, f in profile.secrets), *profile.roles.values()}
    fields = sorted(needed & set(profile.refs))
    try:
        values_of(workspace.paths, profile, fields, deadline=KEYCHAIN_SHARE)
    except KeyswitchError as e:
        return [
            Finding(
                LOCKED if isinstance(e, LockedError) else _ABSENT,
                ERROR,
                f"no program gets the secret of '{name}'",
                e.message,
                e.hint or f"keyswitch rotate {name}",
            )
        ]
    return []
