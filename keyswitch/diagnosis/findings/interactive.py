"""What Claude Code would ask in interactive mode before it sends anything.

`claude -p` asks nothing of this. Observed, Claude Code 2.1.330.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login.stored import tail_of

if TYPE_CHECKING:
    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.verdict import Header, Verdict


_CUSTOM, _LOGIN = "custom_header", "claudeAiOauth"
_BESIDE_TOKEN = (rules.API_KEY, rules.HELPER)


def questions(scene: Scene, verdict: Verdict) -> tuple[str, ...]:
    """Return what a person would be asked or told, in that order."""
    found = []
    config = scene.config
    if not config.onboarded:
        found.append("the first start: a theme and, without a key, a login")
    if not _trusted(scene):
        found.append(f"whether the folder {scene.cwd} is trusted")
    found += _about_the_key(scene, verdict)
    found += _about_two(scene, verdict)
    return tuple(found)


def _trusted(scene: Scene) -> bool:
    """Tell whether this folder, or one above it, was trusted before."""
    folder = scene.cwd
    while folder not in scene.config.trusted:
        parent = os.path.dirname(folder)
        if parent == folder:
            return False
        folder = parent
    return True


def approval_of(scene: Scene, verdict: Verdict) -> str:
    """Return what was answered for the key in use: "approved", "rejected".

    "" where no key of a variable is used, or it was never asked about. A key
    in both lists counts as approved.
    """
    key = verdict.request.key
    if key is None or key.value is None or key.source.name != rules.API_KEY:
        return ""
    tail = tail_of(key.value.reveal())
    if tail in scene.config.approved:
        return "approved"
    return "rejected" if tail in scene.config.rejected else ""


def _about_the_key(scene: Scene, verdict: Verdict) -> list[str]:
    key = verdict.request.key
    if key is None or key.source.name != rules.API_KEY:
        return []
    answer = approval_of(scene, verdict)
    if answer == "rejected":
        return [
            f"nothing, but {rules.API_KEY} is not used: it was rejected once"
        ]
    if not answer:
        return [f"whether to use {rules.API_KEY} (the default is no)"]
    return []


def _about_two(scene: Scene, verdict: Verdict) -> list[str]:
    """Return the warning of two credentials, of which one may not be sent.

    It looks at no custom headers, and not at a login beside a token.
    """
    key, bearer = verdict.request.key, verdict.request.bearer
    pair: tuple[str, ...] = ()
    if _CUSTOM in {h.source.kind for h in verdict.request.headers}:
        return []
    if key is not None and bearer is not None and key.source != bearer.source:
        pair = (key.source.name, bearer.source.name)
    elif scene.request.text(rules.OAUTH_TOKEN) and (
        other := _beside_token(scene, key, bearer)
    ):
        pair = (rules.OAUTH_TOKEN, other)
    elif scene.login is not None and scene.login.usable:
        if approval_of(scene, verdict) == "approved":
            pair = (rules.API_KEY, _LOGIN)
        elif bearer and bearer.source.name == _LOGIN and _has_key(scene):
            pair = ("primaryApiKey", _LOGIN)
    return [f"it warns: both {' and '.join(pair)} are set"] if pair else []


def _beside_token(
    scene: Scene, key: Header | None, bearer: Header | None
) -> str:
    """Return what the warning names beside a subscription's token, or ""."""
    for header in (key, bearer):
        if header is not None and header.source.name in _BESIDE_TOKEN:
            return header.source.name
    uses_token = bearer is not None and bearer.source.name == rules.OAUTH_TOKEN
    return "primaryApiKey" if uses_token and _has_key(scene) else ""


def _has_key(scene: Scene) -> bool:
    return bool(scene.config.managed_key.strip())
