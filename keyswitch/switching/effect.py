"""After a switch: whether Claude Code will use what was asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keyswitch.errors import KeyswitchError
from keyswitch.profiles.atomic import read_regular
from keyswitch.switching.environment import read_marker
from keyswitch.targets.claude_code.files import FILE_LIMIT, locations
from keyswitch.targets.claude_code.precedence import (
    HELPER_SHADOWS,
    outranking,
    truthy,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keyswitch.model import Profile
    from keyswitch.providers.schema import ClaudeCode
    from keyswitch.switching.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Shadow:
    """Something that Claude Code uses instead of, or beside, a profile."""

    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A set of variables and a helper, and where a person finds them."""

    name: str
    env: Mapping[str, str]
    helper: str = ""
    path: str = ""  # "" for the process environment


def shadows_of(
    workspace: Workspace, profile: Profile
) -> tuple[list[str], list[Shadow]]:
    """Return (notes, shadows) for a profile that was just made active."""
    provider = workspace.provider_of(profile)
    taken = provider.claude_code_for(profile)
    export = 'eval "$(keyswitch env)"'
    if taken.how == "none":
        return [f"to use it in this shell: {export}"], []
    shadows: list[Shadow] = []
    for place in _places(workspace):
        shadows += _in_place(workspace, profile, taken, place)
    notes = []
    if not taken.helper_field and not taken.aws_export and profile.secrets:
        variables = {v for f in profile.secrets for v in provider.field(f).env}
        if not all(workspace.environ.get(v) for v in variables):
            notes.append(
                f"its secret stays out of Claude Code's files; export it: "
                f"{export}, or keyswitch run {profile.name} -- claude"
            )
    if taken.how == "helper" and "base_url" not in profile.fields:
        notes += _foreign_urls(workspace)
    return notes, shadows


def _in_place(
    workspace: Workspace, profile: Profile, taken: ClaudeCode, place: _Place
) -> Iterator[Shadow]:
    for name in outranking(taken.how, _flag_of(taken)):
        value = place.env.get(name, "")
        if not value.strip() or (
            name.startswith("CLAUDE_CODE_USE_") and not truthy(value)
        ):
            continue
        if _is_own(workspace, profile, name, value):
            continue
        if place.path:
            fix = f"remove it from {place.path}"
        elif name in _marked(workspace):
            fix = 'in this shell run: eval "$(keyswitch env)"'
        else:
            fix = f"unset {name}"
        yield Shadow(
            f"{name} is set {place.name} and outranks the profile", fix
        )
    if place.helper and taken.how in HELPER_SHADOWS:
        yield Shadow(
            f"an apiKeyHelper is set {place.name} and outranks the profile",
            f"remove it from {place.path}",
        )


def _flag_of(taken: ClaudeCode) -> str:
    flags = [n for n, _ in taken.env if n.startswith("CLAUDE_CODE_USE_")]
    return flags[0] if flags else ""


def _marked(workspace: Workspace) -> list[str]:
    marker = read_marker(workspace.environ)
    return marker.assigned if marker else []


def _is_own(
    workspace: Workspace, profile: Profile, name: str, value: str
) -> bool:
    """Tell whether a variable carries the profile's own value."""
    from keyswitch.providers.shapes import fingerprint

    provider = workspace.provider_of(profile)
    seen = fingerprint(workspace.install_key, value)
    return any(
        name in provider.field(field).env and ref.fingerprint == seen
        for field, ref in profile.secrets.items()
    )


def _foreign_urls(workspace: Workspace) -> Iterator[str]:
    for place in _places(workspace):
        url = place.env.get("ANTHROPIC_BASE_URL", "")
        if url.strip():
            yield (
                f"ANTHROPIC_BASE_URL is set {place.name}: the key is sent "
                "there, not to Anthropic"
            )


def _places(workspace: Workspace) -> list[_Place]:
    """Return every place that outranks the user's settings, or beside it."""
    places = locations(workspace.environ, workspace.home, workspace.cwd)
    found = [_Place("in this shell", workspace.environ)]
    managed = f"{places.managed_dir}/managed-settings.json"
    for path in (places.project_settings, places.local_settings, managed):
        document = read_settings(path)
        if document is None or path == places.settings:
            continue
        env = document.get("env")
        helper = document.get("apiKeyHelper")
        found.append(
            _Place(
                f"in {path}",
                {
                    k: str(v)
                    for k, v in (env if isinstance(env, dict) else {}).items()
                },
                helper if isinstance(helper, str) else "",
                path,
            )
        )
    return found


def read_settings(path: str) -> dict[str, Any] | None:
    """Return a settings document as Claude Code would, or None."""
    try:
        data = read_regular(path, FILE_LIMIT)
        document = json.loads(data.decode("utf-8-sig")) if data else None
    except (KeyswitchError, ValueError, RecursionError):
        return None  # Claude Code ignores such a file as well
    return document if isinstance(document, dict) else None
