"""What a command is told, so that it goes through `--intercept` and trusts it.

Only the child's environment says it. Other hosts pass through untouched, so
the command goes on trusting what it trusted before.
"""

from __future__ import annotations

import os
import re
import ssl
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cryptography import x509

from keyswitch.disk.atomic import read_regular
from keyswitch.errors import KeyswitchError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Files of trusted authorities. Observed: the first two by Claude Code 2.1.330
# and 2.1.332, SSL_CERT_FILE by Codex 0.171.0, curl, and the Python SDKs of
# Anthropic and OpenAI as well, REQUESTS_CA_BUNDLE by AWS's command line and
# gcloud 528 as well, and each by the program that it is named after.
# SSL_CERT_DIR stays: what reads it reads SSL_CERT_FILE, too.
BUNDLES = (
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "AWS_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "CODEX_CA_CERTIFICATE",
    "GIT_SSL_CAINFO",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
)
_PROXIES = ("HTTPS_PROXY", "https_proxy")
_AROUND = ("NO_PROXY", "no_proxy")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LIMIT = 8 << 20  # bytes of a file of authorities
_PEM = re.compile(
    rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----"
)
# Files of settings that name one: a variable outranks them.
_SETTINGS = (
    ("AWS_CONFIG_FILE", ".aws/config"),
    ("GIT_CONFIG_GLOBAL", ".gitconfig"),
)
_NAMED = re.compile(r"(?im)^[ \t]*(?:ca_bundle|sslcainfo)[ \t]*=[ \t]*(\S.*)$")


def bundle(environ: Mapping[str, str], home: str) -> bytes:
    """Return what a command trusts: the system's authorities and its own.

    A file that cannot be read counts as none, as it does for most clients.
    """
    found = dict.fromkeys(_of_the_system())
    for path in _named(environ, home):
        found.update(dict.fromkeys(_authorities_in(path)))
    return b"".join(one + b"\n" for one in found)


def _named(environ: Mapping[str, str], home: str) -> Iterator[str]:
    """Yield the files that variables and settings name."""
    for name in BUNDLES:
        if environ.get(name):
            yield environ[name]
    for variable, usual in _SETTINGS:
        path = environ.get(variable) or os.path.join(home, usual)
        for match in _NAMED.finditer(_text(path)):
            named = match[1].strip().strip('"')
            yield os.path.join(home, re.sub(r"^~/", "", named))


def _of_the_system() -> list[bytes]:
    """Return the authorities that the system trusts."""
    found = ssl.create_default_context().get_ca_certs(binary_form=True)
    if found:
        return [ssl.DER_cert_to_PEM_cert(one).strip().encode() for one in found]
    # OpenSSL reads a folder of them only when it needs one of them.
    folder = ssl.get_default_verify_paths().capath
    names = sorted(os.listdir(folder)) if folder else []
    paths = (os.path.join(folder or "", name) for name in names)
    return [one for path in paths for one in _authorities_in(path)]


def _authorities_in(path: str) -> list[bytes]:
    return [one for one in _PEM.findall(_data(path)) if _is_certificate(one)]


def _is_certificate(pem: bytes) -> bool:
    """Tell whether a client can read it: one that it cannot stops some."""
    try:
        x509.load_pem_x509_certificate(pem)
    except ValueError:
        return False
    return True


def _data(path: str) -> bytes:
    try:
        return read_regular(os.path.realpath(path), _LIMIT) or b""
    except (KeyswitchError, OSError):
        return b""


def _text(path: str) -> str:
    return _data(path).decode("utf-8", "replace")


def variables(bundle_path: str, proxy: str, direct: str) -> dict[str, str]:
    """Return the child's variables. `direct` is its NO_PROXY from now on."""
    return {
        **dict.fromkeys(BUNDLES, bundle_path),
        **dict.fromkeys(_PROXIES, proxy),
        **dict.fromkeys(_AROUND, direct),
    }


def around(
    environ: Mapping[str, str], patterns: Iterable[str]
) -> tuple[str, list[str]]:
    """Return (NO_PROXY for the child, entries that had to go).

    An entry goes if it keeps an intercepted host from the proxy. Loopback
    addresses stay direct.
    """
    given = next((environ[n] for n in reversed(_AROUND) if environ.get(n)), "")
    entries = [one for one in re.split(r"[,\s]+", given) if one]
    patterns = list(patterns)
    gone = [e for e in entries if any(_meet(e, p) for p in patterns)]
    kept = [e for e in entries if e not in gone]
    return ",".join(dict.fromkeys([*kept, *_LOOPBACK])), gone


def _meet(entry: str, pattern: str) -> bool:
    """Tell whether an entry of NO_PROXY may be of a host of a pattern."""
    entry = re.sub(r":\d+$", "", entry.lower()).lstrip("*.")
    host = pattern.lower().rpartition("*")[2].lstrip(".")
    if not entry or not host or fnmatchcase(entry, pattern.lower()):
        return True
    ours, theirs = f".{host}", f".{entry}"
    return ours.endswith(theirs) or theirs.endswith(ours)
