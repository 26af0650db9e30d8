"""Work out what a profile exports, and keep it for the start-up lane."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from keyswitch import compiled, kernel_keyring
from keyswitch.changes import bindings
from keyswitch.compiled import FOLDER_VARIABLE, HEAD, Compiled, identity
from keyswitch.errors import KeyswitchError
from keyswitch.model import Profile
from keyswitch.profiles import state
from keyswitch.profiles.paths import Paths
from keyswitch.providers.binding import OtherUseError, key_of, path_of
from keyswitch.providers.schema import Provider, environment, roles
from keyswitch.workspace import Workspace

if TYPE_CHECKING:
    from keyswitch.profiles.settings import Settings

# So long a commit may take to put its files in place.
_IN_BETWEEN = 0.3  # seconds


def compiled_profile(workspace: Workspace, name: str) -> Compiled:
    """Return what a profile exports; keep it for `env` and the helpers."""
    paths = workspace.paths
    kept = compiled.read(paths, name)
    if kept is not None:
        return kept
    before = identity(paths.profile(name))
    profile = _allowed(workspace, name)
    # The records of what its secrets are for are among what makes this stale:
    # what is kept here was compared with them.
    dependencies = [
        paths.profile(name),
        os.path.join(paths.providers_dir, profile.provider + ".toml"),
        paths.config_file,
        *(
            path_of(paths, key_of(name, field, ref))
            for field, ref in profile.secrets.items()
        ),
    ]
    identities = [(path, identity(path)) for path in dependencies]
    result = _compile(
        paths, profile, workspace.provider_of(profile), workspace.settings
    )
    if result.cache != "values":
        # Values may have been kept under another setting.
        kernel_keyring.drop(kernel_keyring.VALUES_PREFIX)
    if identities[0][1] == before and not workspace.dry_run:
        _keep(paths, result, identities)
    return result


def compiled_active(workspace: Workspace) -> Compiled | None:
    """Return the same of the profile that Claude Code is set up for."""
    try:
        name = state.read(workspace.paths).active
        return compiled_profile(workspace, name) if name else None
    except KeyswitchError:
        return None  # the profile is gone; nothing is sent for it


def _allowed(workspace: Workspace, name: str) -> Profile:
    """Return a profile whose secrets are for what its file says.

    Another command may be between a profile file and its record.
    """
    end = time.monotonic() + _IN_BETWEEN
    is_certain = False
    while True:
        profile, _ = workspace.load(name)
        bindings.require_variables(workspace, profile)
        try:
            bindings.require(workspace, profile)
        except OtherUseError:
            if is_certain or time.monotonic() > end:
                raise
        else:
            return profile
        is_certain = not os.path.exists(workspace.paths.journal_dir + "/commit")
        if not is_certain:
            time.sleep(0.02)


def _compile(
    paths: Paths, profile: Profile, provider: Provider, settings: Settings
) -> Compiled:
    """Work out a profile. The identities are taken before the caller reads."""
    exports = environment(provider, profile)
    result = Compiled(profile.name)
    result.provider = provider.id
    result.stamp = identity(paths.profile(profile.name))
    result.cache = settings.cache
    result.timeout = settings.cache_timeout
    result.agents = settings.agents
    result.literals = list(exports.literals)
    if profile.isolated:
        folder = paths.folder_of(profile.name)
        result.literals.append((FOLDER_VARIABLE, folder))
    result.secrets = [
        (variable, field)
        for variable, field in exports.secrets
        if field in profile.secrets
    ]
    result.rivals = list(exports.rivals)
    result.refs = {
        field: (ref.store, ref.item, ref.generation)
        for field, ref in profile.secrets.items()
    }
    result.lifetimes = {
        field: ref.lifetime
        for field, ref in profile.secrets.items()
        if ref.lifetime
    }
    result.roles = roles(provider, profile)
    result.only, result.never = list(profile.only), list(profile.never)
    result.ignored = [
        (one.program, one.text)
        for one in provider.ignored
        if one.is_true_of(profile)
    ]
    return result


def _keep(
    paths: Paths, result: Compiled, identities: list[tuple[str, str]]
) -> None:
    """Keep a result for the next start; doing without it is only slower."""
    lines = [HEAD, f"provider {result.provider}"]
    lines += [f"dep {seen} {path}" for path, seen in identities]
    lines.append(f"settings {result.cache} {result.timeout} {result.agents}")
    lines += [f"set {name} {value}" for name, value in result.literals]
    lines += [f"secret {name} {field}" for name, field in result.secrets]
    lines += [
        f"ref {field} {store} {generation} {item}"
        for field, (store, item, generation) in sorted(result.refs.items())
    ]
    lines += [f"lifetime {f} {s}" for f, s in sorted(result.lifetimes.items())]
    lines += [f"unset {name}" for name in result.rivals]
    lines += [f"only {pattern}" for pattern in result.only]
    lines += [f"never {pattern}" for pattern in result.never]
    lines += [f"ignored {name} {what}" for name, what in result.ignored]
    lines += [f"role {k} {v}" for k, v in sorted(result.roles.items())]
    if not any("\n" in line for line in lines):
        compiled.keep(paths.compiled(result.name), lines)
