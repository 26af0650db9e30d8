"""Predicts what Claude Code reports and what it really sends.

The rules and their reasons are `targets/claude_code/rules.py`; the modules
beside this one walk them over what is found. Nothing is written, no server
is asked, and a helper runs only if the caller hands in a way to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.resolver import (
    anthropic_profiles,
    first_party,
    reported,
)
from keyswitch.diagnosis.verdict import Request, Status, Value, Verdict
from keyswitch.display import without_secrets
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.resolver.sources import Run
    from keyswitch.diagnosis.resolver.view import View
    from keyswitch.targets.claude_code.rules import Provider


def resolve(scene: Scene, run: Run | None = None) -> Verdict:
    """Return the verdict. `run` answers for a helper; None: never run one."""
    stop = _cannot_start(scene)
    if stop:
        return Verdict(Status(), Request(refusal=stop))
    provider = provider_of(scene.request)
    if provider is None:
        request = first_party.request(scene, run)
    else:
        from keyswitch.diagnosis.resolver import cloud

        request = cloud.request(scene, provider, run)
    return Verdict(
        reported.status(scene, provider_of(scene.status)),
        request,
        provider,
        _base_url(scene, provider) or _of_profile(scene, request),
    )


def provider_of(view: View) -> Provider | None:
    """Return the cloud that a view's flags choose; None: Anthropic."""
    for provider in rules.PROVIDERS:
        if view.truthy(provider.flag):
            return provider
    return None


def _cannot_start(scene: Scene) -> str:
    unknown = scene.flags.unknown_source
    if unknown:
        return f"--setting-sources does not know '{unknown}'"
    file = scene.broken_policy
    if file is not None:
        named = without_secrets(file.path) or "the text after --settings"
        return f"{named}: {file.problem}"
    if scene.config.broken:
        return f"{scene.places.global_config} is not valid JSON"
    return ""


def _of_profile(scene: Scene, request: Request) -> Value | None:
    """Return the address that an Anthropic profile brings along."""
    bearer = request.bearer
    if bearer is None or bearer.source.kind != "anthropic_profile":
        return None
    found = anthropic_profiles.selected(scene, scene.request)
    return found and found.base_url


def _base_url(scene: Scene, provider: Provider | None) -> Value | None:
    name = provider.base_url if provider else rules.BASE_URL
    value = scene.request.given(name)
    return value and Value(value.text.strip(), value.source)
