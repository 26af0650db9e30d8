"""Whether a repository's settings send a helper's answer to another host.

Observed, Claude Code 2.1.330: `claude -p` obeys a repository's settings
without a question of trust, and the helper's process is not given the
variables that they set. So the helper reads them itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from keyswitch.compiled import Compiled
from keyswitch.errors import KeyswitchError
from keyswitch.profiles.paths import home_of
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.repository import LIMIT, suspicious
from keyswitch.targets.claude_code.resolver.scene import Flags, Scene
from keyswitch.targets.verdict import Source, Value
from keyswitch.terminal.selection import RUN_VARIABLE

# What decides which host a request goes to, or who can read it on its way.
_ROUTES = (
    r"(ANTHROPIC|CLAUDE)_\w*_(URL|HOST|SOCKET)"
    r"|CLAUDE_CODE_(USE_\w+|SKIP_\w+_AUTH)"
    r"|(HTTP|HTTPS|ALL)_PROXY|(http|https|all)_proxy"
    r"|NODE_TLS_REJECT_UNAUTHORIZED|NODE_EXTRA_CA_CERTS"
    r"|SSL_CERT_(FILE|DIR)|CLAUDE_CODE_CERT_STORE"
)
# These are a part of a cloud's host, and otherwise nobody's business.
_CLOUD_ROUTES = r"ANTHROPIC_FOUNDRY_RESOURCE|AWS_ENDPOINT_URL\w*"
_REGIONS = (
    r"AWS_(DEFAULT_)?REGION|CLOUD_ML_REGION|\w+_AWS_REGION|VERTEX_REGION_\w+"
)
_LABEL = r"[A-Za-z0-9-]*"
# Our helper and nothing else. Found by PATH; another path may lead to a program
# of the repository's own, and another name may be of a profile that is not for
# this host.
_ALONE = r"\s*keyswitch\s+helper\s+claude-code\s*"
_FLAG = r"CLAUDE_CODE_(USE|SKIP)_\w+"


class MovedError(KeyswitchError):
    """A repository would get what the helper is asked for."""


def require_own_host(
    profile: Compiled, environ: Mapping[str, str], *, regions: bool = True
) -> None:
    """Raise MovedError where this directory's settings decide the host.

    Another region is the same cloud, and other programs than Claude Code have
    one of their own: without `regions` it does not matter.
    """
    try:
        cwd = os.getcwd()
    except OSError:
        return  # the directory was removed, and its settings too
    home = home_of(environ)
    if not suspicious(cwd, home):
        return
    scene = Scene(environ, home=home, cwd=cwd)
    for path in _of_repository(scene):
        if _is_too_large(path):
            raise MovedError(
                f"{path} is too large to check, or not a regular file, so no "
                f"program here gets '{profile.name}'",
                f"replace {path} with a smaller file, or start the program in "
                "another directory",
            )
    found = next(_moves(profile, scene, regions=regions), None)
    if found is not None:
        hint = f"remove '{found.name}' from {found.place}"
        where = "that command"
        if found.name not in {rules.HELPER, rules.AWS_EXPORT}:
            where = "another host"
            hint += (
                "; if you want this, add a profile for that address: "
                "keyswitch add NAME --provider gateway"
            )
        raise MovedError(
            f"{found.place} sets {found.name}: the secret of '{profile.name}' "
            f"could go to {where}, so no program here gets it",
            hint,
        )


def _of_repository(scene: Scene) -> tuple[str, ...]:
    """Return the settings files of a repository, but not the person's own."""
    places = scene.settings_places
    files = (places.project_settings, places.local_here, places.local_settings)
    return tuple(path for path in files if not _is_own(path, scene))


def _is_too_large(path: str) -> bool:
    return os.path.exists(path) and not (
        os.path.isfile(path) and os.path.getsize(path) <= LIMIT
    )


def _moves(
    profile: Compiled, scene: Scene, *, regions: bool
) -> Iterator[Source]:
    """Yield what a repository decides about the host, and not the person."""
    without = Scene(
        scene.environ,
        home=scene.home,
        cwd=scene.cwd,
        flags=Flags(sources=("user",)),
    )
    own = dict(profile.literals)
    cloud = any(scene.request.truthy(p.flag) for p in rules.PROVIDERS)
    names = {name for file in scene.files for name in file.env}
    for name in sorted(names):
        value = scene.request.get(name)
        if value is None or not _is_of_repository(value, scene):
            continue
        # What is no name of a region may name a host.
        is_odd = not re.fullmatch(_LABEL, value.text.strip())
        if not _is_route(name, cloud=cloud, regions=regions or is_odd):
            continue
        # What the shell holds is no excuse: it may be the repository's value.
        theirs = _of_settings(without, name)
        if _plain(name, value.text) != _plain(name, own.get(name, theirs)):
            yield value.source
    keys = (rules.HELPER, rules.AWS_EXPORT) if cloud else (rules.HELPER,)
    for command in filter(None, map(scene.command, keys)):
        if (
            RUN_VARIABLE not in scene.environ
            and _is_of_repository(command, scene)
            and not re.fullmatch(_ALONE, command.text)
        ):
            yield command.source


def _is_route(name: str, *, cloud: bool, regions: bool) -> bool:
    if cloud and re.fullmatch(_CLOUD_ROUTES, name):
        return True
    if cloud and regions and re.fullmatch(_REGIONS, name):
        return True
    return bool(re.fullmatch(_ROUTES, name))


def _is_of_repository(value: Value, scene: Scene) -> bool:
    source = value.source
    return source.of_repository and not _is_own(source.path, scene)


def _is_own(path: str, scene: Scene) -> bool:
    """Tell whether a file is the person's own, as where HOME is started in."""
    own = scene.settings_places.settings
    return os.path.realpath(path) == os.path.realpath(own)


def _of_settings(scene: Scene, name: str) -> str:
    """Return what the person's or the company's settings say, or ""."""
    found = scene.request.get(name)
    if found is None or found.source.set_by == "process":
        return ""
    return found.text


def _plain(name: str, text: str) -> str:
    """Return a value so that two of the same effect are the same."""
    if re.fullmatch(_FLAG, name):
        return "1" if rules.truthy(text) else ""
    return text.strip().rstrip("/")
