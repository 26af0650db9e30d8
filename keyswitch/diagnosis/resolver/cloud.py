"""What a request to a cloud provider carries.

Observed, Claude Code 2.1.330. With a provider chosen, Anthropic credentials
are not sent, but for the proxies that CLAUDE_CODE_SKIP_*_AUTH is made for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.diagnosis.resolver import aws, custom_headers, policy, sources
from keyswitch.diagnosis.resolver.candidates import Candidates
from keyswitch.diagnosis.verdict import BEARER, RAW, Header, Request, Source
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.resolver.sources import Run
    from keyswitch.diagnosis.resolver.view import View
    from keyswitch.targets.claude_code.rules import Provider

AWS_BEARER = "AWS_BEARER_TOKEN_BEDROCK"
WORKSPACE = "ANTHROPIC_AWS_WORKSPACE_ID"
GOOGLE_PROJECT = "ANTHROPIC_GOOGLE_CLOUD_PROJECT"

# Where Google's own library looks for a project besides.
_PROJECTS = ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT")

_FOUNDRY_PLACES = ("ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_FOUNDRY_BASE_URL")

# What Claude Code's Foundry client is given for a token where there is none.
FOUNDRY_STAND_IN = "skip-foundry-auth"


def request(scene: Scene, provider: Provider, run: Run | None) -> Request:
    """Return what is sent to a provider."""
    view = scene.request
    found = Candidates(scene, view, None)
    stop = policy.refusal(scene, found, None, provider)
    stop = stop or _socket(scene, view, provider)
    if stop:
        return Request(refusal=stop)
    fill = {
        "bedrock": _bedrock,
        "mantle": _mantle,
        "anthropicAws": _anthropic_aws,
        "foundry": _foundry,
        "anthropicGoogleCloud": _google_cloud,
        "vertex": _vertex,
    }[provider.name]
    skip = view.truthy(provider.skip)
    return custom_headers.apply(view, fill(scene, view, run, skip=skip))


def _socket(scene: Scene, view: View, provider: Provider) -> str:
    """Return why a socket stops the request; signed ones do not go there."""
    signed = (
        provider.name in ("bedrock", "mantle")
        and not scene.host_managed
        and not any(
            view.truthy(p.skip)
            for p in rules.PROVIDERS
            if p.name in ("bedrock", "mantle", "vertex")
        )
    )
    return "" if signed else sources.socket_refusal(scene)


def _header(view: View, name: str, scheme: str) -> Header | None:
    found = sources.variable(view, name)
    if found is None:
        return None
    return Header(scheme, found.value, found.source)


def _token_or_helper(
    scene: Scene, view: View, run: Run | None
) -> Header | None:
    """Return the bearer that a proxy is given."""
    token = _header(view, rules.AUTH_TOKEN, BEARER)
    if token is not None:
        return token
    found = sources.helper(scene, run)
    if found is None:
        return None
    return Header(BEARER, found.value, found.source, found.why_unknown)


def _bedrock(
    scene: Scene, view: View, run: Run | None, *, skip: bool
) -> Request:
    bearer = _header(view, AWS_BEARER, BEARER)
    if skip:
        bearer = bearer or _token_or_helper(scene, view, run)
        # A gateway that takes a bearer is given the key besides.
        taken = bearer or custom_headers.given(view)[1]
        key = _header(view, rules.API_KEY, RAW) if taken else None
        return Request(key, bearer, True)
    if bearer is not None:
        return Request(None, bearer, True)
    return _signed(scene, view, run)


def _mantle(
    scene: Scene, view: View, run: Run | None, *, skip: bool
) -> Request:
    if skip:
        return Request(None, _token_or_helper(scene, view, run), True)
    return _bedrock(scene, view, run, skip=False)


def _signed(scene: Scene, view: View, run: Run | None) -> Request:
    found = aws.find(scene, view, run)
    if found.header is None:
        return Request(refusal=found.refusal, shadowed=found.shadowed)
    return Request(None, found.header, True, "", found.shadowed)


def _anthropic_aws(
    scene: Scene, view: View, run: Run | None, *, skip: bool
) -> Request:
    if not view.text(WORKSPACE):
        return Request(refusal=f"{WORKSPACE} is not set")
    if skip:
        token = _token_or_helper(scene, view, run)
        if token is None:
            token = custom_headers.given(view)[1]
        if token is None:
            return Request(None, None, True)
        # The token takes the place of the key, too.
        twin = Header(RAW, token.value, token.source, token.why_unknown)
        return Request(twin, token, True)
    key = _header(view, "ANTHROPIC_AWS_API_KEY", RAW)
    if key is not None:
        return Request(key, None, True)
    return _signed(scene, view, run)


def _foundry(
    scene: Scene, view: View, run: Run | None, *, skip: bool
) -> Request:
    if not any(view.text(name) for name in _FOUNDRY_PLACES):
        return Request(refusal=f"{' or '.join(_FOUNDRY_PLACES)} is not set")
    bearer = _header(view, "ANTHROPIC_FOUNDRY_AUTH_TOKEN", BEARER)
    if bearer is not None:
        return Request(None, bearer, True)
    key = _header(view, "ANTHROPIC_FOUNDRY_API_KEY", RAW)
    if key is not None:
        return Request(key, None, True)
    if skip:
        source = Source("stand_in", "CLAUDE_CODE_SKIP_FOUNDRY_AUTH")
        stand_in = Header(BEARER, Secret(FOUNDRY_STAND_IN), source)
        return Request(
            None, _token_or_helper(scene, view, run) or stand_in, True
        )
    return _azure(scene, view)


def _azure(scene: Scene, view: View) -> Request:
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


def _vertex(
    scene: Scene, view: View, run: Run | None, *, skip: bool
) -> Request:
    if skip:
        if not _google_project(view, ("ANTHROPIC_VERTEX_PROJECT_ID",)):
            return Request(refusal="ANTHROPIC_VERTEX_PROJECT_ID is not set")
        return _to_google(scene, view, run)
    return _by_google(scene, view)


def _to_google(scene: Scene, view: View, run: Run | None) -> Request:
    bearer = _token_or_helper(scene, view, run)
    return Request(_header(view, rules.API_KEY, RAW), bearer, True)


def _google_project(view: View, names: tuple[str, ...]) -> str:
    return next(filter(None, map(view.text, (*names, *_PROJECTS))), "")


def _google_cloud(
    scene: Scene, view: View, run: Run | None, *, skip: bool
) -> Request:
    base_url = view.text("ANTHROPIC_GOOGLE_CLOUD_BASE_URL")
    if not skip:
        return _by_google(scene, view)
    if not base_url and not view.text(GOOGLE_PROJECT):
        return Request(refusal=f"{GOOGLE_PROJECT} is not set")
    return _to_google(scene, view, run)


def _by_google(scene: Scene, view: View) -> Request:
    path = view.text("GOOGLE_APPLICATION_CREDENTIALS")
    if not path:
        folder = view.text("CLOUDSDK_CONFIG") or os.path.join(
            scene.home, ".config", "gcloud"
        )
        path = os.path.join(folder, "application_default_credentials.json")
    if scene.read(os.path.join(scene.cwd, path)) is None:
        return Request(refusal="there are no Google Cloud credentials")
    source = Source("google", "application default credentials", "", path)
    return Request(None, Header(BEARER, None, source, sources.ASK_TOKEN), True)
