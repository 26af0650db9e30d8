"""Profiles of Anthropic's own tools, and workload federation.

Observed, Claude Code 2.1.330: which of them is chosen is decided before a
repository's settings are applied, and what is then sent is looked up after
that. So a repository cannot choose an account, but it can break a choice.
"""

from __future__ import annotations

import os
import re

from keyswitch.model import Frozen
from keyswitch.profiles import clock
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login import stored
from keyswitch.targets.claude_code.login.stored import AnthropicProfile
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.targets.claude_code.resolver.views import View
from keyswitch.targets.verdict import ASK_TOKEN, Candidate, Source, Value

_NAME = r"[A-Za-z0-9_.-]+"
_TOKEN = "ANTHROPIC_IDENTITY_TOKEN"
_TOKEN_FILE = "ANTHROPIC_IDENTITY_TOKEN_FILE"


class Selected(Frozen):
    """An Anthropic profile or federation, and whether it was asked for."""

    candidate: Candidate
    explicit: bool  # named, or a federation: takes the stored login away
    base_url: Value | None = None  # the address that it brings along


def selected(scene: Scene, view: View) -> Selected | None:
    """Return the profile or federation that Claude Code would use."""
    if scene.host_managed or scene.simple or scene.socket:
        return None
    chosen = _chosen(scene, scene.status)
    if chosen is None or view is scene.status:
        return chosen
    source = chosen.candidate.source
    sent = _chosen(scene, scene.everything)
    if sent is not None and sent.candidate.source.kind == source.kind:
        return sent._replace(explicit=chosen.explicit)
    refusal = f"a repository's settings override {source.name}"
    broken = chosen.candidate._replace(value=None, refusal=refusal)
    return chosen._replace(candidate=broken)


def _chosen(scene: Scene, view: View) -> Selected | None:
    """Return what one view's variables and the folder choose."""
    named = view.given(rules.PROFILE)
    found = _profile(scene, named.text.strip()) if named else None
    # One that does not exist is passed over in silence.
    if found is not None and named is not None:
        return _of_profile(scene, view, found, named.source.set_by, named=True)
    federation, organization = map(view.given, rules.FEDERATION)
    if federation and organization:
        source = federation.source._replace(kind="federation")
        return Selected(_exchanged(scene, view, source), explicit=True)
    data = scene.read(os.path.join(scene.anthropic_dir, "active_config"))
    active = data.decode("utf-8", "replace").strip() if data else ""
    found = _profile(scene, active or "default")
    return found and _of_profile(scene, view, found, "", named=False)


def _exchanged(scene: Scene, view: View, source: Source) -> Candidate:
    """Return the token that an identity token is exchanged for."""
    path, refusal = view.text(_TOKEN_FILE), ""
    if view.text(_TOKEN):
        pass
    elif not path:
        refusal = (
            "the identity federation needs an identity token, but none is set"
        )
    elif scene.read(os.path.join(scene.cwd, path)) is None:
        refusal = f"the identity token file {path} cannot be read"
    kind = rules.ANTHROPIC_PROFILE
    return Candidate(kind, source, None, ASK_TOKEN, refusal)


def _of_profile(
    scene: Scene, view: View, found: AnthropicProfile, by: str, *, named: bool
) -> Selected:
    """Return what a profile gives; `by` is what set its name."""
    kind = "anthropic_profile"
    path = _path(scene, "credentials", found.name)
    source = Source(kind, found.name, by, path)
    config = _path(scene, "configs", found.name)
    place = Source(kind, "base_url", "", config)
    url = Value(found.base_url, place) if found.base_url else None
    if found.kind == "oidc_federation":
        return Selected(_exchanged(scene, view, source), True, url)
    value: Secret | None = Secret(found.access_token)
    why, refusal = "", _refusal(found, path)
    expired = found.expires_at is not None and found.expires_at < clock.now()
    if not refusal and expired and found.renewable:
        value, why = None, "it has expired and will be renewed first"
    elif not refusal and expired:
        refusal = f"the Anthropic profile '{found.name}' has expired"
    candidate = Candidate(rules.ANTHROPIC_PROFILE, source, value, why, refusal)
    return Selected(candidate, named, url)


def _refusal(found: AnthropicProfile, path: str) -> str:
    if not re.fullmatch(_NAME, found.name):
        return f"'{found.name}' is not a valid Anthropic profile name"
    if found.exposed:
        return f"other users can read {path}, so Claude Code refuses it"
    if not found.access_token:
        return f"{path} contains no access token"
    return ""


def _path(scene: Scene, folder: str, name: str) -> str:
    return os.path.join(scene.anthropic_dir, folder, f"{name}.json")


def _profile(scene: Scene, name: str) -> AnthropicProfile | None:
    if "/" in name or "\\" in name or name in (".", "..") or "\0" in name:
        return None
    path = _path(scene, "credentials", name)
    try:
        mode = os.stat(path).st_mode & 0o777
    except (OSError, ValueError):
        mode = 0
    config = scene.read(_path(scene, "configs", name))
    return stored.anthropic_profile(name, config, scene.read(path), mode)
