"""Where requests go: the address, and the proxy on the way to it.

Observed, Claude Code 2.1.330: one proxy serves http and https addresses, the
loopback too. Small letters come before capitals, a blank variable does not
count, and no scheme means http. NO_PROXY is a list by commas or spaces of
hosts, which cover the names below them, `host:port`, networks and `*`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keyswitch.display import printable
from keyswitch.errors import InputError
from keyswitch.network.address import (
    PORTS,
    Address,
    address_of,
    authorization,
)
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver import aws

if TYPE_CHECKING:
    from keyswitch.targets.claude_code.resolver.scene import Scene
    from keyswitch.targets.verdict import Source, Verdict

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})"


def where(source: Source) -> str:
    """Return a variable and the place that sets it."""
    if source.path:
        return f"{source.name} in {source.place}"
    if source.set_by in ("", "process"):
        return f"{source.name} in the environment"
    return f"{source.name} in the text after --settings"


def set_by(address: Address) -> str:
    """Return what sets an address; "" for the provider's own."""
    return printable(where(address.source)) if address.source else ""


def unchecked(scene: Scene) -> str:
    """Return what makes Claude Code take every certificate, or ""."""
    flag = scene.request.get(rules.UNCHECKED)
    is_off = flag and flag.text.strip() == "0"
    return printable(where(flag.source)) if flag and is_off else ""


def parse(text: str, source: Source | None = None) -> Address:
    """Return an address. Its text may hold a password: it is not repeated.

    Raises InputError for what is not an http or https address.
    """
    found = address_of(text)
    if found is None:
        raise InputError(
            f"{where(source) if source else 'the address'} is not an http or "
            "https address",
            "use the form https://HOST or https://HOST:PORT",
        )
    return found._replace(source=source)


def endpoint(scene: Scene, verdict: Verdict) -> Address:
    """Return where requests go. Raises InputError where that is not known."""
    value = verdict.base_url
    if value is not None:
        return parse(value.text, value.source)
    provider = verdict.provider
    host = host_of(scene, provider.name) if provider else rules.FIRST_PARTY_HOST
    return parse(f"https://{host}")


def host_of(scene: Scene, provider: str) -> str:
    """Return a cloud's own host here, or raise InputError."""
    view = scene.request
    if provider == "foundry":
        name = "ANTHROPIC_FOUNDRY_RESOURCE"
        return f"{_label(name, view.text(name))}.services.ai.azure.com"
    if provider == "anthropicGoogleCloud":
        return "claude.googleapis.com"
    if provider == "vertex":
        name = "CLOUD_ML_REGION"
        region = _label(name, view.text(name) or "us-east5")
        return {
            "global": "aiplatform.googleapis.com",
            "us": "aiplatform.us.rep.googleapis.com",
            "eu": "aiplatform.eu.rep.googleapis.com",
        }.get(region, f"{region}-aiplatform.googleapis.com")
    region = _label("AWS_REGION", aws.region(scene))
    return {
        "mantle": f"bedrock-mantle.{region}.api.aws",
        "anthropicAws": f"aws-external-anthropic.{region}.api.aws",
    }.get(provider, f"bedrock-runtime.{region}.amazonaws.com")


def of_aws(scene: Scene, service: str) -> Address:
    """Return the address of one of AWS's own services in the region in use."""
    return of_region(service, aws.region(scene))


def of_region(service: str, region: str) -> Address:
    """Return the address of one of AWS's own services in a region."""
    region = _label("AWS_REGION", region)
    suffix = ".cn" if region.startswith("cn-") else ""
    return parse(f"https://{service}.{region}.amazonaws.com{suffix}")


def _label(name: str, text: str) -> str:
    if not re.fullmatch(_LABEL, text):
        what = "cannot be part of a host name" if text else "is not set"
        raise InputError(
            f"cannot tell where requests go: {name} {what}", f"set {name}"
        )
    return text


def proxy_for(scene: Scene, address: Address) -> Address | None:
    """Return the proxy on the way to an address; None: there is none.

    Raises InputError for a proxy that Claude Code cannot use.
    """
    view = scene.request
    value = view.given(*rules.PROXIES)
    if value is None:
        value = view.given("all_proxy", "ALL_PROXY")
        # Another kind of proxy stops nothing when it is named there.
        if value is None or not _is_http(value.text):
            return None
    around = view.given("no_proxy", "NO_PROXY")
    entries = re.split(r"[,\s]+", around.text.lower()) if around else []
    if any(entry == "*" or _names(entry, address) for entry in entries):
        return None
    if not _is_http(value.text):
        raise InputError(
            f"{where(value.source)} is not an HTTP proxy",
            "set an HTTP proxy: Claude Code supports no other kind",
        )
    text = value.text.strip()
    text = text if "://" in text else f"http://{text}"
    found = parse(text, value.source)
    return found._replace(authorization=authorization(text))


def _is_http(text: str) -> bool:
    scheme, mark, _ = text.strip().partition("://")
    return not mark or scheme.lower() in PORTS


def _names(entry: str, address: Address) -> bool:
    """Tell whether an entry of NO_PROXY names an address."""
    if "/" in entry:
        return _in_network(address.host, entry)
    name, mark, port = entry.rpartition(":")
    if mark and port.isdecimal() and ":" not in name.strip("[]"):
        if port != str(address.port):
            return False
        entry = name
    name = entry.removeprefix("*").removeprefix(".").strip("[]")
    host = address.host
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _in_network(host: str, network: str) -> bool:
    import ipaddress

    try:
        inside = ipaddress.ip_network(network, strict=False)
        return ipaddress.ip_address(host) in inside
    except ValueError:
        return False
