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
    today = f"this machine's clock says {dt.datetime.now(dt.UTC):%Y-%m-%d}"
    if error.verify_code == _NOT_YET:
        day = f"{shown.begins:%Y-%m-%d}" if shown else "a later day"
        what = f"the certificate of {host} is not valid yet"
        why = f"it begins on {day}, and {today}"
        fix = "set the clock of this machine"
    elif error.verify_code == _EXPIRED:
        day = f"{shown.ends:%Y-%m-%d}" if shown else "an earlier day"
        what = f"the certificate of {host} has expired"
        why = f"it ended on {day}, and {today}"
        renewed = f"{host} needs a new certificate"
        fix = f"set the clock if it is wrong; else {renewed}"
    elif error.verify_code in _OTHER_NAMES:
        names = ", ".join(shown.names[:3]) if shown else ""
        what = f"the certificate is not for {host}"
        other = printable(f"it is for {names}")
        why = other if names else "it names another host"
        fix = "log in to the network first, if it has a login page"
        fix = f"correct {setter}" if setter else fix
    else:
        return _untrusted(connection, host, setter, shown)
    return Explanation(what, why, fix)


def _untrusted(
    connection: Connection,
    host: str,
    setter: str,
    shown: tls.Certificate | None,
) -> Explanation:
    issuer = printable(shown.issuer[:100]) if shown else ""
    by = f", issued by '{issuer}'," if issuer else ""
    if any(word in issuer.lower() for word in INTERCEPTORS):
        why = "its issuer opens TLS connections on the way, as a proxy does"
    elif setter:
        why = "a company's own authority, or a proxy on the way, issued it"
    else:
        why = "a proxy on the way opens the connection and shows its own"
    for value in tls.authorities(connection.scene):
        if not tls.readable(connection.scene, value):
            place = printable(where(value.source))
            why += f"; {place} names a file without certificates"
            break
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
