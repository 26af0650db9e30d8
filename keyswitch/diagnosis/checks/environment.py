"""Proxies, certificates, addresses: what lies between here and the service."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from keyswitch.diagnosis.findings import billing
from keyswitch.diagnosis.findings.finding import ERROR, NOTE, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keyswitch.diagnosis.findings.situation import Situation

PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_LOCAL = ("localhost", "127.0.0.1", "::1")


def proxies(situation: Situation) -> Iterator[Finding]:
    """Find proxy variables that cannot be right, or disagree."""
    view = situation.scene.request
    for name in PROXIES:
        value = view.get(name)
        if value is None or not value.text.strip():
            continue
        try:
            parts = urlsplit(value.text.strip())
            usable = parts.scheme in ("http", "https") and parts.hostname
        except ValueError:
            usable = False
        if not usable:
            yield Finding(
                "proxy-malformed",
                ERROR,
                f"{name} is not the address of an HTTP proxy",
                "it has to begin with http:// or https:// and name a host",
                f"correct {name}, or unset it",
                situation.place(value.source),
            )
    upper, lower = view.text("HTTPS_PROXY"), view.text("https_proxy")
    if upper and lower and upper != lower:
        yield Finding(
            "proxies-differ",
            WARNING,
            "HTTPS_PROXY and https_proxy name different proxies",
            "programs differ in which of the two they take",
            "set both to the same, or unset one",
        )


def certificates(situation: Situation) -> Iterator[Finding]:
    """Find own certificate authorities that are gone, or no checks."""
    view = situation.scene.request
    for name in ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"):
        value = view.get(name)
        path = value.text.strip() if value else ""
        if (
            value
            and path
            and situation.scene.read(os.path.join(situation.scene.cwd, path))
            is None
        ):
            yield Finding(
                "ca-file-missing",
                WARNING,
                f"{name} names {path}, which cannot be read",
                "a proxy that opens TLS will not be trusted then",
                f"correct {name}, or unset it",
                situation.place(value.source),
            )
    off = view.get("NODE_TLS_REJECT_UNAUTHORIZED")
    if off is not None and off.text.strip() == "0":
        yield Finding(
            "tls-check-off",
            ERROR,
            "NODE_TLS_REJECT_UNAUTHORIZED is 0: no certificate is checked",
            "whoever sits in between can read the credential",
            "unset NODE_TLS_REJECT_UNAUTHORIZED, and name your authority in "
            "NODE_EXTRA_CA_CERTS",
            situation.place(off.source),
        )


def address(situation: Situation) -> Iterator[Finding]:
    """Find a base URL that cannot work, or shows the credential."""
    found = situation.verdict.base_url
    if found is None:
        return
    place = situation.place(found.source)
    name = found.source.name
    host = billing.host_of(found.text)
    if not found.text.startswith(("http://", "https://")) or not host:
        yield Finding(
            "base-url-malformed",
            ERROR,
            f"{name} is not an http address",
            "no request can be sent to it",
            f"correct it in {place}",
            place,
        )
        return
    to_cloud = situation.verdict.provider is not None
    for check, wrong, what, why, fix in _ADDRESS_RULES:
        if to_cloud and check == "base-url-with-version":
            continue  # there it may belong to the address
        if wrong(urlsplit(found.text)):
            yield Finding(
                check,
                WARNING,
                f"{name} {what}",
                why,
                f"{fix} in {place}",
                place,
            )
    if billing.is_anthropic(found.text) and not to_cloud:
        yield Finding(
            "base-url-needless",
            NOTE,
            f"{name} names Anthropic's own host",
            "it changes nothing but what Claude Code shows and checks",
            f"remove it from {place}",
            place,
        )


_ADDRESS_RULES: tuple[
    tuple[str, Callable[[SplitResult], object], str, str, str], ...
] = (
    (
        "base-url-open",
        lambda u: u.scheme == "http" and u.hostname not in _LOCAL,
        "begins with http://",
        "the credential travels unencrypted",
        "use https://",
    ),
    (
        "base-url-with-version",
        lambda u: u.path.rstrip("/").endswith("/v1"),
        "ends in /v1",
        "Claude Code adds /v1/messages itself, and the service answers 404",
        "take /v1 off",
    ),
    (
        "base-url-with-password",
        lambda u: u.username or u.password,
        "carries a user name or password",
        "it shows up in logs and process lists",
        "give the credential as a token instead,",
    ),
)


def wsl(situation: Situation) -> Iterator[Finding]:
    """Find the two sides of a Windows machine."""
    environ = situation.scene.environ
    if not (
        environ.get("WSL_DISTRO_NAME")
        or "microsoft" in platform.uname().release.lower()
    ):
        return
    yield Finding(
        "wsl-two-sides",
        NOTE,
        "this is WSL: Claude Code on Windows has its own settings and login",
        f"this side uses {situation.scene.places.config_dir}; what is started "
        "from Windows reads the Windows profile",
        "switch on the side where claude runs",
    )
    if situation.scene.home.startswith("/mnt/"):
        yield Finding(
            "wsl-home-on-windows",
            WARNING,
            f"HOME is {situation.scene.home}, on a Windows drive",
            "file modes do not hold there: others may read what is private",
            "use a home directory of the Linux side",
        )
