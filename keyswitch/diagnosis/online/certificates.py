"""Why a certificate is not trusted, and what to do about it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from keyswitch.diagnosis.online import tls
from keyswitch.diagnosis.online.endpoints import set_by, where
from keyswitch.diagnosis.online.http_call import (
    Connection,
    Explanation,
    Failed,
)
from keyswitch.diagnosis.online.streams import Deadline
from keyswitch.display import printable
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    import ssl

    from keyswitch.diagnosis.online.endpoints import Address

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


def explain(
    connection: Connection,
    error: ssl.SSLCertVerificationError,
    address: Address,
) -> Explanation:
    """Return why the certificate of an address is not trusted."""
    shown = _look(connection) if address is connection.address else None
    host, setter = address.host, set_by(address)
    if error.verify_code in (_EXPIRED, _NOT_YET):
        return _wrong_date(host, error.verify_code, shown)
    if error.verify_code in _OTHER_NAMES:
        names = ", ".join(shown.names[:3]) if shown else ""
        return Explanation(
            f"the certificate is not for {host}",
            printable(f"it is for {names}")
            if names
            else "it names another host",
            f"correct {setter}"
            if setter
            else "log in to the network first, if it has a login page",
        )
    return _untrusted(connection, host, setter, shown)


def _wrong_date(
    host: str, code: int, shown: tls.Certificate | None
) -> Explanation:
    today = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    if code == _NOT_YET:
        since = f" {shown.begins:%Y-%m-%d}" if shown else " a later day"
        return Explanation(
            f"the certificate of {host} is not valid yet",
            f"it begins on{since}, and this machine's clock says {today}",
            "set the clock of this machine",
        )
    until = f" {shown.ends:%Y-%m-%d}" if shown else " an earlier day"
    return Explanation(
        f"the certificate of {host} has expired",
        f"it ended on{until}, and this machine's clock says {today}",
        f"set the clock if it is wrong; else {host} needs a new certificate",
    )


def _untrusted(
    connection: Connection,
    host: str,
    setter: str,
    shown: tls.Certificate | None,
) -> Explanation:
    issuer = printable(shown.issuer[:100]) if shown else ""
    by = f", issued by '{issuer}'," if issuer else ""
    if issuer and any(word in issuer.lower() for word in INTERCEPTORS):
        why = "its issuer opens TLS connections on the way, as a proxy does"
    elif setter:
        why = "a company's own authority, or a proxy on the way, issued it"
    else:
        why = "a proxy on the way opens the connection and shows its own"
    lost = [
        printable(where(value.source))
        for value in tls.authorities(connection.scene)
        if not tls.readable(connection.scene, value)
    ]
    if lost:
        why += f"; {lost[0]} names a file without certificates"
    return Explanation(
        f"the certificate of {host}{by} is not trusted",
        why,
        "put the authority's certificate into a file that"
        f" {rules.AUTHORITIES[0]} names, if you trust it",
    )


def _look(connection: Connection) -> tls.Certificate | None:
    """Return the certificate that was not trusted; send nothing but hello."""
    scene, address = connection.scene, connection.address
    again = Connection(scene, address, Deadline(_LOOK_SECONDS), tls.blind())
    try:
        again.open()
        return again.certificate()
    except Failed:
        return None
    finally:
        again.close()
