"""What a request to a cloud provider carries.

Observed, Claude Code 2.1.330. With a provider chosen, Anthropic credentials
are not sent, but for the proxies that CLAUDE_CODE_SKIP_*_AUTH is made for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.diagnosis import aws, sources
from keyswitch.diagnosis.verdict import BEARER, RAW, Header, Request, Source
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.diagnosis.scene import Scene, View
    from keyswitch.diagnosis.verdict import Value
    from keyswitch.targets.claude_code.rules import Provider

AWS_BEARER = "AWS_BEARER_TOKEN_BEDROCK"
WORKSPACE = "ANTHROPIC_AWS_WORKSPACE_ID"


def request(
    scene: Scene,
    provider: Provider,
    run: Callable[[Value], str | None] | None,
) -> Request:
    """Return what is sent to a provider."""
    view = scene.request
    skip = view.truthy(provider.skip)
    if provider.name in ("bedrock", "mantle"):
        return _bedrock(scene, view, run, skip=skip)
    if provider.name == "anthropicAws":
        return _anthropic_aws(scene, view, run, skip=skip)
    if provider.name == "foundry":
        return _foundry(scene, view, run, skip=skip)
    return _google(scene, view, run, skip=skip)


def _header(
    view: View, name: str, scheme: str, source: Source | None = None
) -> Header | None:
    found = sources.variable(view, name)
    if found is None:
        return None
    return Header(scheme, found.value, source or found.source)


def _helper(
    scene: Scene, run: Callable[[Value], str | None] | None
) -> Header | None:
    found = sources.helper(scene, run)
    if found is None:
        return None
    return Header(BEARER, found.value, found.source, found.why_unknown)


def _bedrock(
    scene: Scene,
    view: View,
    run: Callable[[Value], str | None] | None,
    *,
    skip: bool,
) -> Request:
    bearer = _header(view, AWS_BEARER, BEARER)
    if skip:
        bearer = (
            bearer
            or _header(view, rules.AUTH_TOKEN, BEARER)
            or _helper(scene, run)
        )
        # A gateway that takes a bearer is given the key besides.
        key = _header(view, rules.API_KEY, RAW) if bearer else None
        return Request(key, bearer, True)
    if bearer is not None:
        return Request(None, bearer, True)
    return _signed(scene, view, run)


def _signed(
    scene: Scene, view: View, run: Callable[[Value], str | None] | None
) -> Request:
    found = aws.find(scene, view, run)
    if found.header is None:
        return Request(
            refusal=found.refusal, shadowed=found.shadowed, notes=found.notes
        )
    return Request(
        None, found.header, True, "", found.shadowed, found.notes
    )


def _anthropic_aws(
    scene: Scene,
    view: View,
    run: Callable[[Value], str | None] | None,
    *,
    skip: bool,
) -> Request:
    if not view.text(WORKSPACE):
        return Request(refusal=f"{WORKSPACE} is not set")
    if skip:
        return _proxied(scene, view, run)
    key = _header(view, "ANTHROPIC_AWS_API_KEY", RAW)
    if key is not None:
        return Request(key, None, True)
    return _signed(scene, view, run)


def _proxied(
    scene: Scene, view: View, run: Callable[[Value], str | None] | None
) -> Request:
    """Return what a proxy is given that signs for itself."""
    bearer = _header(view, rules.AUTH_TOKEN, BEARER) or _helper(scene, run)
    return Request(_header(view, rules.API_KEY, RAW), bearer, True)


def _foundry(
    scene: Scene,
    view: View,
    run: Callable[[Value], str | None] | None,
    *,
    skip: bool,
) -> Request:
    bearer = _header(view, "ANTHROPIC_FOUNDRY_AUTH_TOKEN", BEARER)
    if bearer is not None:
        return Request(None, bearer, True)
    key = _header(view, "ANTHROPIC_FOUNDRY_API_KEY", RAW)
    if key is not None:
        return Request(key, None, True)
    if skip:
        return Request(
            None,
            _header(view, rules.AUTH_TOKEN, BEARER) or _helper(scene, run),
            True,
        )
    for name in ("AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"):
        value = view.get(name)
        if value is not None and value.text.strip():
            source = Source("azure", name, value.source.set_by)
            return Request(
                None, Header(BEARER, None, source, sources.ASK_TOKEN), True
            )
    if os.path.isdir(os.path.join(scene.home, ".azure")):
        source = Source("azure", "az login", "", f"{scene.home}/.azure")
        return Request(
            None, Header(BEARER, None, source, sources.ASK_TOKEN), True
        )
    return Request(refusal="there are no Azure credentials")


def _google(
    scene: Scene,
    view: View,
    run: Callable[[Value], str | None] | None,
    *,
    skip: bool,
) -> Request:
    if skip:
        return _proxied(scene, view, run)
    named = view.get("GOOGLE_APPLICATION_CREDENTIALS")
    path = named.text.strip() if named else ""
    if not path:
        folder = view.text("CLOUDSDK_CONFIG") or os.path.join(
            scene.home, ".config", "gcloud"
        )
        path = os.path.join(folder, "application_default_credentials.json")
    if scene.read(os.path.join(scene.cwd, path)) is None:
        return Request(refusal="there are no Google Cloud credentials")
    source = Source("google", "application default credentials", "", path)
    return Request(None, Header(BEARER, None, source, sources.ASK_TOKEN), True)
