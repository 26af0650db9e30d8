"""Why a request did not get through, in plain words, and what to do.

A failure is explained by the stage it happened in, and by what was spoken to
there: the service, an address that somebody set, or a proxy.
"""

from __future__ import annotations

import errno
import socket
import ssl
from http.client import HTTPException
from typing import TYPE_CHECKING

from keyswitch.diagnosis.online import certificates
from keyswitch.diagnosis.online.endpoints import set_by
from keyswitch.diagnosis.online.http_call import (
    Explanation,
    Failed,
    ProxyRefusalError,
)
from keyswitch.display import printable

if TYPE_CHECKING:
    from keyswitch.diagnosis.online.http_call import Connection
    from keyswitch.errors import KeyswitchError

_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL)
_CUT = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)


def explain(failed: Failed) -> Explanation:
    """Return why a stage failed."""
    connection, error = failed.connection, failed.error
    if isinstance(error, ProxyRefusalError):
        return proxy_refusal(connection, error.status)
    if failed.stage == "dns":
        return _name(connection, error)
    if failed.stage == "tcp":
        return _socket(connection, error)
    if failed.stage == "proxy":
        return _proxy(connection, error)
    if failed.stage == "tls":
        return _tls(connection, error)
    return _http(connection, error)


def from_error(error: KeyswitchError) -> Explanation:
    """Return what one of our own errors says."""
    return Explanation(printable(error.message), "", printable(error.hint))


# ---------------------------------------------------------------- the stages


def _name(connection: Connection, error: Exception) -> Explanation:
    host, setter = connection.first.host, set_by(connection.first)
    what = f"{host} does not resolve"
    if isinstance(error, TimeoutError):
        what = f"no name server told the address of {host} in time"
    elif isinstance(error, socket.gaierror) and (
        error.errno == socket.EAI_AGAIN
    ):
        what = f"no name server answers for {host}"
    why = "this machine is offline, or a VPN or DNS filter hides the name"
    fix = f"check the connection and the VPN: getent hosts {host}"
    if setter:
        why += f", or {setter} has a typo"
        fix = f"correct {setter}, or join the network that knows {host}"
    return Explanation(what, why, fix)


def _socket(connection: Connection, error: Exception) -> Explanation:
    place, setter = connection.first.host_port, set_by(connection.first)
    number = error.errno if isinstance(error, OSError) else None
    correct = f"correct {setter}" if setter else "try another network"
    if isinstance(error, ConnectionRefusedError):
        return Explanation(
            f"{place} refuses connections",
            "nothing listens there, or the port is wrong"
            if setter
            else "a firewall or VPN refuses in the service's place",
            f"start what should listen there, or {correct}"
            if setter
            else f"allow {place} in the firewall, or {correct}",
        )
    if isinstance(error, TimeoutError):
        return Explanation(
            f"{place} does not answer",
            "a firewall drops the packets, or the VPN it needs is off",
            f"allow {place} in the firewall, or {correct}",
        )
    if number in _UNREACHABLE:
        return Explanation(
            f"there is no route to {place}",
            "this machine is offline, or the VPN is off",
            "connect to a network, then try again",
        )
    return Explanation(
        f"the connection to {place} was cut",
        "a firewall or proxy cuts it",
        f"allow {place} in the firewall, or {correct}",
    )


def _proxy(connection: Connection, error: Exception) -> Explanation:
    place, setter = connection.first.netloc, set_by(connection.first)
    if isinstance(error, TimeoutError):
        return Explanation(
            f"the proxy {place} accepts a connection and does not answer",
            "it is overloaded, or it is not a proxy",
            f"correct {setter}, or ask who runs the proxy",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return certificates.explain(connection, error, connection.first)
    if isinstance(error, ssl.SSLError):
        return Explanation(
            f"the proxy {place} does not speak TLS",
            f"{setter} says https://, and the proxy speaks plain HTTP",
            f"write http:// in {setter}",
        )
    return Explanation(
        f"what listens at {place} does not answer as a proxy",
        f"{setter} names another service, or the proxy cuts the connection",
        f"correct {setter}",
    )


def proxy_refusal(connection: Connection, status: int) -> Explanation:
    """Return why a proxy answers with a status of its own."""
    host, setter = connection.address.host_port, set_by(connection.first)
    what = f"the proxy {connection.first.netloc} answers {status}"
    if status == 407:
        known = connection.proxy and connection.proxy.authorization
        return Explanation(
            what,
            "the name and password in its URL are not accepted"
            if known
            else "it wants a name and a password",
            f"put them into {setter}: http://NAME:PASSWORD@HOST:PORT",
        )
    if status == 403:
        return Explanation(
            what,
            f"it does not allow {host}",
            f"ask who runs the proxy to allow {host}",
        )
    if status in (502, 503, 504):
        return Explanation(
            what,
            f"it cannot reach {host} itself",
            "ask who runs the proxy, or name the host in NO_PROXY if it can"
            " be reached without",
        )
    return Explanation(
        what,
        "it is probably not a proxy for https",
        f"correct {setter}",
    )


def _tls(connection: Connection, error: Exception) -> Explanation:
    host, setter = connection.address.host, set_by(connection.address)
    if isinstance(error, ssl.SSLCertVerificationError):
        return certificates.explain(connection, error, connection.address)
    if isinstance(error, TimeoutError):
        return Explanation(
            f"{host} accepts a connection and does not begin TLS",
            "a firewall or proxy that looks into connections holds it",
            f"ask who runs the network to let {host} through unopened",
        )
    reason = getattr(error, "reason", None) or ""
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
        return Explanation(
            f"{host} does not speak TLS on port {connection.address.port}",
            f"{setter} says https:// for a plain HTTP port"
            if setter
            else "something on the way answers in the service's place",
            f"write http:// or another port in {setter}"
            if setter
            else "log in to the network first, if it has a login page",
        )
    return Explanation(
        f"the connection to {host} was cut while TLS began",
        "a firewall or proxy does not let this name through",
        f"ask who runs the network to allow {host}",
    )


def _http(connection: Connection, error: Exception) -> Explanation:
    place = connection.address.netloc
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, TimeoutError):
        return Explanation(
            f"{place} takes the request and does not answer in time",
            "it is overloaded, or a proxy holds the answer back",
            "try again later",
        )
    if isinstance(error, HTTPException) and not isinstance(error, OSError):
        return Explanation(
            f"what {place} answers is not HTTP",
            "another service listens there",
            f"correct {set_by(connection.address) or 'the address'}",
        )
    cut = number in _CUT or isinstance(error, ConnectionError)
    return Explanation(
        f"{place} hangs up instead of answering",
        "a firewall or proxy cuts it" if cut else "the connection broke",
        "try again; if it stays so, ask who runs the network",
    )
