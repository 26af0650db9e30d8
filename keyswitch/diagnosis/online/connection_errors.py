"""Why a request did not get through, in plain words, and what to do.

A failure is explained by the stage it happened in, and by what was spoken to
there: the service, an address that somebody set, or a proxy.
"""

from __future__ import annotations

import datetime as dt
import errno
import socket
import ssl
from http.client import HTTPException

from keyswitch.diagnosis.online.endpoints import set_by, where
from keyswitch.diagnosis.online.scene_connection import SceneConnection
from keyswitch.diagnosis.online.trusted import authorities, load
from keyswitch.display import printable
from keyswitch.model import Frozen
from keyswitch.network.address import Address
from keyswitch.network.http_call import Failed, ProxyRefusalError
from keyswitch.network.streams import Certificate, Deadline, blind
from keyswitch.targets.claude_code import rules

_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL)
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")


class Explanation(Frozen):
    """What failed, why it probably did, and what to do."""

    what: str
    why: str
    fix: str

    @property
    def line(self) -> str:
        """What failed and why, in one line."""
        return f"{self.what}: {self.why}" if self.why else self.what


def explain(failed: Failed, connection: SceneConnection) -> Explanation:
    """Return why a stage failed."""
    error = failed.error
    if isinstance(error, ProxyRefusalError):
        return proxy_refusal(connection, error.status)
    if isinstance(error, ssl.SSLCertVerificationError):
        of_proxy = failed.stage == "proxy"
        address = connection.first if of_proxy else connection.address
        return _certificate(connection, error, address)
    stage = {"dns": _dns, "tcp": _tcp, "proxy": _proxy, "tls": _tls}
    return stage.get(failed.stage, _http)(connection, error)


def _dns(connection: SceneConnection, error: Exception) -> Explanation:
    host, setter = connection.first.host, set_by(connection.first)
    what = f"{host} does not resolve"
    if isinstance(error, TimeoutError):
        what = f"the lookup of {host} timed out"
    elif getattr(error, "errno", None) == socket.EAI_AGAIN:
        what = f"no name server answered for {host}"
    why = "this machine is offline, or a VPN or DNS filter blocks the name"
    fix = f"connect to a network that can resolve {host}"
    if setter:
        why += f", or {setter} has a typo"
        fix = f"fix {setter}"
    return Explanation(what, why, fix)


def _tcp(connection: SceneConnection, error: Exception) -> Explanation:
    place, setter = connection.first.host_port, set_by(connection.first)
    what = f"the connection to {place} was reset"
    why = "a firewall or proxy cuts it off"
    fix = f"allow {place} in the firewall"
    if isinstance(error, ConnectionRefusedError):
        what = f"{place} refuses connections"
        why = "a firewall or VPN refuses it"
        if setter:
            why = "nothing is listening there, or the port is wrong"
            fix = f"fix {setter}"
    elif isinstance(error, TimeoutError):
        what = f"{place} does not answer"
        why = "a firewall drops the packets, or a required VPN is off"
    elif getattr(error, "errno", None) in _UNREACHABLE:
        what = f"no route to {place}"
        why = "this machine is offline, or the VPN is off"
        fix = "connect to a network"
    return Explanation(what, why, fix)


def _proxy(connection: SceneConnection, error: Exception) -> Explanation:
    place, setter = connection.first.netloc, set_by(connection.first)
    what = f"{place} does not answer like a proxy"
    why = f"{setter} names another service, or the proxy cuts the connection"
    fix = f"fix {setter}"
    if isinstance(error, TimeoutError):
        what = f"the proxy {place} accepts a connection but does not answer"
        why = "it is overloaded, or it is not a proxy"
        fix = f"fix {setter}"
    elif isinstance(error, ssl.SSLError):
        what = f"the proxy {place} does not speak TLS"
        why = f"{setter} says https://, but the proxy speaks plain HTTP"
        fix = f"use http:// in {setter}"
    return Explanation(what, why, fix)


def proxy_refusal(connection: SceneConnection, status: int) -> Explanation:
    """Return why a proxy answers with a status of its own."""
    host, setter = connection.address.host_port, set_by(connection.first)
    why, fix = "it is probably not a proxy for https", f"fix {setter}"
    if status == 407:
        why = "it requires a user name and password"
        if connection.proxy and connection.proxy.authorization:
            why = "it rejected the user name and password in its URL"
        fix = f"add them to {setter}: http://NAME:PASSWORD@HOST:PORT"
    elif status == 403:
        why = f"it does not allow {host}"
        fix = f"ask the proxy's administrator to allow {host}"
    elif status in (502, 503, 504):
        why = f"it cannot reach {host}"
        why += "; hosts in NO_PROXY bypass it"
        fix = "ask the proxy's administrator to fix that"
    what = f"the proxy {connection.first.netloc} answered {status}"
    return Explanation(what, why, fix)


def _tls(connection: SceneConnection, error: Exception) -> Explanation:
    host, setter = connection.address.host, set_by(connection.address)
    what = f"the connection to {host} was reset during the TLS handshake"
    why = "a firewall or proxy blocks this name"
    fix = f"ask the network's administrator to allow {host}"
    if isinstance(error, TimeoutError):
        what = f"{host} accepts a connection but does not start TLS"
        why = "a firewall or proxy that inspects connections holds it back"
        fix = f"ask the network's administrator not to inspect {host}"
    elif getattr(error, "reason", None) in _NOT_TLS:
        what = f"{host} does not speak TLS on port {connection.address.port}"
        why = "something in between answers instead of the service"
        fix = "if the network has a login page, log in there first"
        if setter:
            why = f"{setter} says https:// for a plain HTTP port"
            fix = f"use http:// in {setter}"
    return Explanation(what, why, fix)


def _http(connection: SceneConnection, error: Exception) -> Explanation:
    place = connection.address.netloc
    what = f"{place} closed the connection instead of answering"
    why = "the connection was interrupted"
    fix = "try again later"
    if isinstance(error, TimeoutError):
        what = f"{place} accepted the request but did not answer in time"
        why = "it is overloaded, or a proxy holds back the answer"
        fix = "try again later"
    elif isinstance(error, ConnectionError):
        why = "a firewall or proxy cuts it off"
    elif isinstance(error, HTTPException):
        what = f"{place} does not answer with HTTP"
        why = "another service is listening there"
        fix = f"fix {set_by(connection.address) or 'the address'}"
    return Explanation(what, why, fix)


# ------------------------------------------------------------ certificates

# What makers of products that open TLS connections call their authorities.
INTERCEPTORS = (
    "avast", "avg ", "barracuda", "bitdefender", "blue coat", "burp",
    "charles proxy", "check point", "cisco umbrella", "cloudflare gateway",
    "eset", "fiddler", "forcepoint", "fortinet", "fortigate", "iboss",
    "kaspersky", "mcafee", "mitmproxy", "netskope", "palo alto", "portswigger",
    "skyhigh", "smoothwall", "sonicwall", "sophos", "squid", "symantec web",
    "trend micro", "untangle", "watchguard", "zscaler",
)  # fmt: skip

# OpenSSL's numbers of what is wrong with a certificate.
_EXPIRED, _NOT_YET = 10, 9
_OTHER_NAMES = (62, 64)

_LOOK_SECONDS = 3.0


def _certificate(
    connection: SceneConnection,
    error: ssl.SSLCertVerificationError,
    address: Address,
) -> Explanation:
    """Return why the certificate of an address is not trusted."""
    shown = _look(connection) if address is connection.address else None
    host, setter = address.host, set_by(address)
    today = f"this machine's clock says {dt.datetime.now(dt.UTC):%Y-%m-%d}"
    if error.verify_code == _NOT_YET:
        day = f"{shown.begins:%Y-%m-%d}" if shown else "a later day"
        what = f"the certificate of {host} is not yet valid"
        why = f"it is valid from {day}, but {today}"
        fix = "set this machine's clock"
    elif error.verify_code == _EXPIRED:
        day = f"{shown.ends:%Y-%m-%d}" if shown else "an earlier day"
        what = f"the certificate of {host} has expired"
        why = f"it was valid until {day}, and {today}"
        fix = f"ask the administrator of {host} for a new certificate"
    elif error.verify_code in _OTHER_NAMES:
        names = ", ".join(shown.names[:3]) if shown else ""
        what = f"the certificate is not for {host}"
        other = printable(f"it is for {names}")
        why = other if names else "it is for another host"
        fix = "if the network has a login page, log in there first"
        fix = f"fix {setter}" if setter else fix
    else:
        return _untrusted(connection, host, setter, shown)
    return Explanation(what, why, fix)


def _untrusted(
    connection: SceneConnection,
    host: str,
    setter: str,
    shown: Certificate | None,
) -> Explanation:
    issuer = printable(shown.issuer[:100]) if shown else ""
    by = f", issued by '{issuer}'," if issuer else ""
    if any(word in issuer.lower() for word in INTERCEPTORS):
        why = "its issuer decrypts TLS connections, as inspecting proxies do"
    elif setter:
        why = "a company's own CA, or a proxy in between, issued it"
    else:
        why = (
            "a proxy in between decrypts the connection and shows its own "
            "certificate"
        )
    for value in authorities(connection.scene):
        if not load(connection.scene, value, blind()):
            place = printable(where(value.source))
            why += f"; {place} names a file without certificates"
            break
    return Explanation(
        f"the certificate of {host}{by} is not trusted",
        why,
        "if you trust the CA, put its certificate into the file that "
        f"{rules.AUTHORITIES[0]} names",
    )


def _look(connection: SceneConnection) -> Certificate | None:
    """Return the certificate that was not trusted; send nothing but hello."""
    scene, address = connection.scene, connection.address
    again = SceneConnection(scene, address, Deadline(_LOOK_SECONDS), blind())
    try:
        again.open()
        return again.certificate()
    except Failed:
        return None
    finally:
        again.close()
