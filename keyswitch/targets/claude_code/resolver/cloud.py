"""What a request to a cloud provider carries.

Observed, Claude Code 2.1.330. With a provider chosen, Anthropic credentials
are not sent, but for the proxies that CLAUDE_CODE_SKIP_*_AUTH is made for.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from keyswitch.model import Frozen
from keyswitch.secret import Secret
from keyswitch.targets.claude_code import cloud_rules, rules
from keyswitch.targets.claude_code.resolver import (
    aws,
    azure,
    candidates,
    cloud_services,
    google,
    policy,
)
from keyswitch.targets.claude_code.resolver.request import (
    custom_headers,
    with_custom_headers,
)
from keyswitch.targets.verdict import (
    BEARER,
    RAW,
    Cloud,
    Header,
    Problem,
    Request,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from keyswitch.targets.claude_code.resolver.candidates import Run
    from keyswitch.targets.claude_code.resolver.scene import Scene

    Fill = Callable[[Scene, Run | None], Request]
    Found = Header | Problem | None
    Looked = tuple[rules.Rule, Found]


class _Cloud(Frozen):
    """How one provider's requests are filled."""

    own: Mapping[str, str]  # variable -> scheme; in the order of the rules
    signed: Fill  # where none of these variables is set
    unsigned: Fill  # for a proxy that signs: CLAUDE_CODE_SKIP_*_AUTH is set
    needs: tuple[str, ...] = ()  # one of these has to be set
    to_skip: tuple[str, ...] = ()  # and one of these where nothing is signed


def request(scene: Scene, provider: Cloud, run: Run | None) -> Request:
    """Return what is sent to a provider."""
    found = candidates.Candidates(scene, scene.request, None)
    cloud, view = _CLOUDS[provider.name], scene.request
    skips = view.truthy(provider.skip)
    stopped = policy.refusal(found, None, provider)
    if stopped:
        return stopped.request
    stop = _socket_refusal(scene, provider)
    needed = cloud.needs or (cloud.to_skip if skips else ())
    if not stop and needed and not view.given(*needed):
        stop = f"{' or '.join(needed)} is not set"
    if stop:
        return Request(refusal=stop)
    if skips:
        filled = cloud.unsigned(scene, run)
    else:
        filled = _own(scene, cloud) or cloud.signed(scene, run)
    return with_custom_headers(view, filled)


def sources(scene: Scene, provider: Cloud) -> Iterator[Looked]:
    """Yield each source of a provider's order, with what it gives here."""
    own, chain = _CLOUDS[provider.name].own, aws.Chain(scene, scene.request)
    links: dict[str, Callable[[], Found]] = {
        **{n: partial(_header, scene, n, scheme) for n, scheme in own.items()},
        **{n: partial(look, chain) for n, look in aws.LINKS.items()},
        **{n: partial(look, scene) for n, look in azure.LINKS.items()},
        **{n: partial(look, scene) for n, look in google.LINKS.items()},
        rules.AWS_EXPORT: partial(aws.export, scene),
        **{n: partial(_sign_in, scene, n) for n in cloud_rules.REFRESHES},
    }
    for rule in cloud_rules.ORDERS[provider.name]:
        yield rule, links[rule.source]()


def _sign_in(scene: Scene, key: str) -> Header | None:
    command = scene.command(key)
    if command is None:
        return None
    return Header(BEARER, None, cloud_services.signs_in(command))


def _socket_refusal(scene: Scene, provider: Cloud) -> str:
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
    return "" if signed else candidates.socket_refusal(scene)


def _header(scene: Scene, name: str, scheme: str) -> Header | None:
    """Return the header that a variable fills."""
    found = candidates.variable(scene.request, name)
    return found and found.header(scheme)


def _own(scene: Scene, cloud: _Cloud) -> Request | None:
    """Return a request with a credential of a variable of the cloud's own."""
    for name, scheme in cloud.own.items():
        header = _header(scene, name, scheme)
        if header is not None:
            return Request(header) if scheme == RAW else Request(None, header)
    return None


def _token(scene: Scene, run: Run | None) -> Header | None:
    """Return the bearer that a proxy is given."""
    variable = candidates.variable(scene.request, rules.AUTH_TOKEN)
    found = variable or candidates.helper(scene, run)
    return found and found.header(BEARER)


def _bedrock_proxy(scene: Scene, run: Run | None) -> Request:
    bearer = _header(scene, aws.BEARER_TOKEN, BEARER) or _token(scene, run)
    # A gateway that takes a bearer is given the key besides.
    taken = bearer or custom_headers(scene.request)[1]
    key = _header(scene, rules.API_KEY, RAW) if taken else None
    return Request(key, bearer)


def _anthropic_aws_proxy(scene: Scene, run: Run | None) -> Request:
    token = _token(scene, run) or custom_headers(scene.request)[1]
    # The token takes the place of the key, too.
    return Request(token and token._replace(scheme=RAW), token)


def _foundry_proxy(scene: Scene, run: Run | None) -> Request:
    # What the client is given for a token where there is none.
    source = Source("stand_in", "CLAUDE_CODE_SKIP_FOUNDRY_AUTH")
    stand_in = Header(BEARER, Secret("skip-foundry-auth"), source)
    return _own(scene, _CLOUDS["foundry"]) or Request(
        None, _token(scene, run) or stand_in
    )


def _token_alone(scene: Scene, run: Run | None) -> Request:
    return Request(None, _token(scene, run))


def _key_and_token(scene: Scene, run: Run | None) -> Request:
    key = _header(scene, rules.API_KEY, RAW)
    return Request(key, _token(scene, run))


_OF_AWS = {aws.BEARER_TOKEN: BEARER}
_CLOUDS = {
    "bedrock": _Cloud(_OF_AWS, aws.request, _bedrock_proxy),
    "mantle": _Cloud(_OF_AWS, aws.request, _token_alone),
    "anthropicAws": _Cloud(
        {"ANTHROPIC_AWS_API_KEY": RAW},
        aws.request,
        _anthropic_aws_proxy,
        needs=("ANTHROPIC_AWS_WORKSPACE_ID",),
    ),
    "foundry": _Cloud(
        {
            "ANTHROPIC_FOUNDRY_AUTH_TOKEN": BEARER,
            "ANTHROPIC_FOUNDRY_API_KEY": RAW,
        },
        azure.request,
        _foundry_proxy,
        needs=("ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_FOUNDRY_BASE_URL"),
    ),
    "vertex": _Cloud(
        {},
        google.request,
        _key_and_token,
        to_skip=(
            "ANTHROPIC_VERTEX_PROJECT_ID",
            "GOOGLE_CLOUD_PROJECT",
            "GCLOUD_PROJECT",
        ),
    ),
    "anthropicGoogleCloud": _Cloud(
        {},
        google.request,
        _key_and_token,
        to_skip=(
            "ANTHROPIC_GOOGLE_CLOUD_PROJECT",
            "ANTHROPIC_GOOGLE_CLOUD_BASE_URL",
        ),
    ),
}
