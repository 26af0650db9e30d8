"""What a request to a cloud provider carries.

Observed, Claude Code 2.1.330. With a provider chosen, Anthropic credentials
are not sent, but for the proxies that CLAUDE_CODE_SKIP_*_AUTH is made for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from keyswitch.diagnosis.resolver import aws, custom_headers, policy, sources
from keyswitch.diagnosis.resolver.candidates import Candidates
from keyswitch.diagnosis.verdict import BEARER, RAW, Header, Request, Source
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.resolver.sources import Run
    from keyswitch.targets.claude_code.rules import Provider


def request(scene: Scene, provider: Provider, run: Run | None) -> Request:
    """Return what is sent to a provider."""
    found = Candidates(scene, scene.request, None)
    client, cloud = _Client(scene, run), _CLOUDS[provider.name]
    skips = client.view.truthy(provider.skip)
    stop = policy.refusal(found, None, cloud=True)
    stop = stop or _socket_refusal(scene, provider)
    stop = stop or client.missing(cloud, skips=skips)
    if stop:
        return Request(refusal=stop)
    fill = cloud.unsigned if skips else cloud.signed
    return custom_headers.apply(client.view, fill(client))


def _socket_refusal(scene: Scene, provider: Provider) -> str:
    """Return why a socket stops the request; signed ones do not go there."""
    signed = (
        provider.name in ("bedrock", "mantle")
        and not scene.host_managed
        and not any(
            scene.request.truthy(p.skip)
            for p in rules.PROVIDERS
            if p.name in ("bedrock", "mantle", "vertex")
        )
    )
    return "" if signed else sources.socket_refusal(scene)


class _Client:
    """What a provider's client finds here."""

    def __init__(self, scene: Scene, run: Run | None) -> None:
        self.scene = scene
        self.view = scene.request
        self.run = run

    def missing(self, cloud: _Cloud, *, skips: bool) -> str:
        """Return what has to be set and is not, or ""."""
        given = self.view.given
        if cloud.needs and not given(*cloud.needs):
            return f"{' or '.join(cloud.needs)} is not set"
        if skips and cloud.to_skip and not given(*cloud.to_skip):
            return f"{cloud.to_skip[0]} is not set"
        return ""

    def header(self, name: str, scheme: str) -> Header | None:
        """Return the header that a variable fills."""
        found = sources.variable(self.view, name)
        return found and found.header(scheme)

    def token(self) -> Header | None:
        """Return the bearer that a proxy is given."""
        token = self.header(rules.AUTH_TOKEN, BEARER)
        found = None if token else sources.helper(self.scene, self.run)
        return found.header(BEARER) if found else token

    def fetched(self, kind: str, name: str, by: str, path: str = "") -> Request:
        """Return a request whose token is fetched with this identity."""
        source = Source(kind, name, by, path)
        header = Header(BEARER, None, source, sources.ASK_TOKEN)
        return Request(None, header, sent=True)


def _bedrock(client: _Client) -> Request:
    bearer = client.header(aws.BEARER_TOKEN, BEARER)
    if bearer is None:
        return aws.request(client.scene, client.run)
    return Request(None, bearer, sent=True)


def _bedrock_proxy(client: _Client) -> Request:
    bearer = client.header(aws.BEARER_TOKEN, BEARER) or client.token()
    # A gateway that takes a bearer is given the key besides.
    taken = bearer or custom_headers.given(client.view)[1]
    key = client.header(rules.API_KEY, RAW) if taken else None
    return Request(key, bearer, sent=True)


def _anthropic_aws(client: _Client) -> Request:
    key = client.header("ANTHROPIC_AWS_API_KEY", RAW)
    if key is None:
        return aws.request(client.scene, client.run)
    return Request(key, sent=True)


def _anthropic_aws_proxy(client: _Client) -> Request:
    token = client.token() or custom_headers.given(client.view)[1]
    # The token takes the place of the key, too.
    return Request(token and token._replace(scheme=RAW), token, sent=True)


def _foundry(client: _Client) -> Request:
    own = _foundry_own(client)
    if own is not None:
        return own
    for name in ("AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"):
        value = client.view.given(name)
        if value is not None:
            return client.fetched("azure", name, value.source.set_by)
    folder = os.path.join(client.scene.home, ".azure")
    if os.path.isdir(folder):
        return client.fetched("azure", "az login", "", folder)
    return Request(refusal="there are no Azure credentials")


def _foundry_proxy(client: _Client) -> Request:
    # What the client is given for a token where there is none.
    source = Source("stand_in", "CLAUDE_CODE_SKIP_FOUNDRY_AUTH")
    stand_in = Header(BEARER, Secret("skip-foundry-auth"), source)
    own = _foundry_own(client)
    return own or Request(None, client.token() or stand_in, sent=True)


def _foundry_own(client: _Client) -> Request | None:
    bearer = client.header("ANTHROPIC_FOUNDRY_AUTH_TOKEN", BEARER)
    if bearer is not None:
        return Request(None, bearer, sent=True)
    key = client.header("ANTHROPIC_FOUNDRY_API_KEY", RAW)
    return key and Request(key, sent=True)


def _google(client: _Client) -> Request:
    view, home = client.view, client.scene.home
    path = view.text("GOOGLE_APPLICATION_CREDENTIALS")
    if not path:
        gcloud = os.path.join(home, ".config", "gcloud")
        folder = view.text("CLOUDSDK_CONFIG") or gcloud
        path = os.path.join(folder, "application_default_credentials.json")
    if client.scene.read(os.path.join(client.scene.cwd, path)) is None:
        return Request(refusal="there are no Google Cloud credentials")
    name = "application default credentials"
    return client.fetched("google", name, "", path)


def _token_alone(client: _Client) -> Request:
    return Request(None, client.token(), sent=True)


def _key_and_token(client: _Client) -> Request:
    key = client.header(rules.API_KEY, RAW)
    return Request(key, client.token(), sent=True)


class _Cloud(NamedTuple):
    """How one provider's requests are filled.

    `unsigned` is for a proxy that signs: CLAUDE_CODE_SKIP_*_AUTH is set.
    """

    signed: Callable[[_Client], Request]
    unsigned: Callable[[_Client], Request]
    needs: tuple[str, ...] = ()  # one of these has to be set
    to_skip: tuple[str, ...] = ()  # and one of these where nothing is signed


_CLOUDS = {
    "bedrock": _Cloud(_bedrock, _bedrock_proxy),
    "mantle": _Cloud(_bedrock, _token_alone),
    "anthropicAws": _Cloud(
        _anthropic_aws,
        _anthropic_aws_proxy,
        needs=("ANTHROPIC_AWS_WORKSPACE_ID",),
    ),
    "foundry": _Cloud(
        _foundry,
        _foundry_proxy,
        needs=("ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_FOUNDRY_BASE_URL"),
    ),
    "vertex": _Cloud(
        _google,
        _key_and_token,
        to_skip=(
            "ANTHROPIC_VERTEX_PROJECT_ID",
            "GOOGLE_CLOUD_PROJECT",
            "GCLOUD_PROJECT",
        ),
    ),
    "anthropicGoogleCloud": _Cloud(
        _google,
        _key_and_token,
        to_skip=(
            "ANTHROPIC_GOOGLE_CLOUD_PROJECT",
            "ANTHROPIC_GOOGLE_CLOUD_BASE_URL",
        ),
    ),
}
