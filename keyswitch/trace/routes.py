"""Which addresses of a command are replaced, and where requests really go.

For Claude Code and Anthropic's SDKs the resolver says it; for the rest a
provider's file, `[trace]`. Only addresses of providers in use are replaced:
some programs behave otherwise as soon as one is set at all.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.diagnosis.online import endpoints
from keyswitch.errors import InputError, KeyswitchError
from keyswitch.model import Frozen
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.providers.catalogue import Catalogue
    from keyswitch.targets.claude_code.resolver.scene import Scene
    from keyswitch.targets.verdict import Cloud

# What the SDKs' own default addresses end with.
_PATHS = {"vertex": "/v1", "foundry": "/anthropic"}
_FAMILIES = {"anthropicAws": "anthropic", "mantle": "bedrock"}
# Observed, Claude Code 2.1.330: with an address of its own it asks that one for
# this as well, which is of another service of AWS.
_CONTROL = "/inference-profiles"
_AWS = "AWS_ENDPOINT_URL"
_AWS_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE")
_AWS_SERVICES = {"STS": "sts", "BEDROCK_RUNTIME": "bedrock-runtime"}


class Replaced(Frozen):
    """A variable whose address is replaced by the proxy's."""

    variable: str
    upstream: str  # where its requests really go
    family: str  # whose API that is
    unset: str = ""  # a variable that would exclude it
    # (beginning of a path, where such a request goes instead)
    besides: tuple[str, str] = ("", "")


def of_anthropic(scene: Scene) -> Iterator[Replaced]:
    """Yield those of Claude Code and of Anthropic's SDKs."""
    view = scene.request
    base = view.text(rules.BASE_URL) or f"https://{rules.FIRST_PARTY_HOST}"
    yield Replaced(rules.BASE_URL, base, "anthropic")
    for cloud in rules.PROVIDERS:
        upstream, besides = view.text(cloud.base_url), ("", "")
        if not upstream and view.text(cloud.flag):
            upstream = _usual(scene, cloud)
            if cloud.name == "bedrock":
                besides = (
                    _CONTROL,
                    upstream.replace("bedrock-runtime", "bedrock"),
                )
        if upstream:
            family = _FAMILIES.get(cloud.name, cloud.name)
            unset = "ANTHROPIC_FOUNDRY_RESOURCE" * (cloud.name == "foundry")
            yield Replaced(cloud.base_url, upstream, family, unset, besides)


def _usual(scene: Scene, cloud: Cloud) -> str:
    """Return a cloud's own address here; "" where it is not known."""
    try:
        host = endpoints.host_of(scene, cloud.name)
    except KeyswitchError:
        return ""
    return f"https://{host}{_PATHS.get(cloud.name, '')}"


def of_providers(scene: Scene, catalogue: Catalogue) -> Iterator[Replaced]:
    """Yield those that provider files name, where a command has a key."""
    view = scene.request
    for provider in catalogue.readable():
        for variable, upstream in provider.trace:
            own = {n for field in provider.fields for n in field.env}
            if view.text(variable):
                yield Replaced(variable, view.text(variable), provider.id)
            elif any(view.text(one) for one in own):
                yield Replaced(variable, upstream, provider.id)


def of_aws(scene: Scene, program: str) -> Iterator[Replaced]:
    """Yield those of AWS's command line and SDKs.

    Claude Code gets none but those that were set: it finds its own service by
    another variable.
    """
    view = scene.request
    names = {n for n in scene.environ if n.startswith(_AWS)}
    for name in sorted(names):
        if view.text(name).startswith("http"):
            yield Replaced(name, view.text(name), "aws")
    if (
        program == "claude"
        or _AWS in names
        or not any(view.text(one) for one in _AWS_KEYS)
    ):
        return
    for suffix, service in _AWS_SERVICES.items():
        name = f"{_AWS}_{suffix}"
        if name in names:
            continue
        try:
            address = endpoints.of_aws(scene, service)
        except InputError:
            continue
        yield Replaced(name, address.url, "aws")


def all_of(scene: Scene, catalogue: Catalogue, command: str) -> list[Replaced]:
    """Return what is replaced for a command, each variable once."""
    program = os.path.basename(command).lower().removesuffix(".exe")
    found = {
        one.variable: one
        for one in (
            *of_providers(scene, catalogue),
            *of_aws(scene, program),
            *of_anthropic(scene),
        )
        if one.upstream.lower().startswith(("http://", "https://"))
    }
    return list(found.values())
