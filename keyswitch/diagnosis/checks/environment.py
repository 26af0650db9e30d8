"""Proxies, certificates and addresses on the way to the service."""

from __future__ import annotations

import os
import platform
from shlex import quote
from typing import TYPE_CHECKING

from keyswitch.diagnosis import urls
from keyswitch.network.address import LOCAL, http_url
from keyswitch.targets.claude_code import rules
from keyswitch.targets.verdict import ERROR, NOTE, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from urllib.parse import SplitResult

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.targets.verdict import Value


def proxies(situation: Situation) -> Iterator[Finding]:
    """Find proxy variables that cannot be right, or disagree."""
    view = situation.view
    for name in rules.PROXIES:
        value = view.given(name)
        if value and not http_url(value.text.strip()):
            what = f"{name} is not an HTTP proxy address"
            why = "it must start with http:// or https:// and name a host"
            why = situation.lasting(why, value.source)
            fix = situation.how_to_stop(value.source)
            place = situation.place(value.source)
            yield Finding("proxy-malformed", ERROR, what, why, fix, place)
    upper, lower = view.given("HTTPS_PROXY"), view.given("https_proxy")
    if upper and lower and upper.text.strip() != lower.text.strip():
        what = "HTTPS_PROXY and https_proxy name different proxies"
        why = "programs differ in which of the two they use"
        why = situation.lasting(why, upper.source)
        fix = situation.how_to_stop(upper.source)  # curl reads the lower one
        yield Finding("proxies-differ", WARNING, what, why, fix)


def certificates(situation: Situation) -> Iterator[Finding]:
    """Find certificate files that are missing, and checks that are off."""
    scene, view = situation.scene, situation.view
    for value in filter(None, map(view.given, rules.AUTHORITIES)):
        path, name = value.text.strip(), value.source.name
        if scene.read(os.path.join(scene.cwd, path)) is None:
            what = f"{name} names {path}, which cannot be read"
            why = "without it, a proxy that decrypts TLS is not trusted"
            why = situation.lasting(why, value.source)
            fix = situation.how_to_stop(value.source)
            place = situation.place(value.source)
            yield Finding("ca-file-missing", WARNING, what, why, fix, place)
    off = view.get(rules.UNCHECKED)
    if off is not None and off.text.strip() == "0":
        own = rules.AUTHORITIES[0]
        what = f"{rules.UNCHECKED} is 0: no certificate is checked"
        why = (
            "anyone on the network path can read the credential; to trust a "
            f"CA of your own, name its file in {own}"
        )
        why = situation.lasting(why, off.source)
        fix = situation.how_to_stop(off.source)
        place = situation.place(off.source)
        yield Finding("tls-check-off", ERROR, what, why, fix, place)


def address(situation: Situation) -> Iterator[Finding]:
    """Find a base URL that cannot work, or shows the credential."""
    found = situation.verdict.base_url
    if found is None:
        return
    place, name = situation.place(found.source), found.source.name
    ours = situation.is_ours(found.source.path, name)
    if ours and not situation.sets(name):
        return  # of another profile than the one that is chosen here
    url = http_url(found.text)
    if url is None:
        what = f"{name} is not an http address"
        why = "no request can be sent to it"
        fix = _change(situation, found, f"correct {place}")
        yield Finding("base-url-malformed", ERROR, what, why, fix, place)
        return
    broken = [
        rule
        for rule in _ADDRESS_RULES
        # To a cloud, a version may belong to the address.
        if rule[1](url)
        and not (situation.verdict.cloud and "version" in rule[0])
    ]
    for _, _, corrected, *_ in broken:  # one fix is right in all of them
        url = corrected(url)
    for check, _, _, problem, why, change in broken:
        what = f"{name} {problem}"
        fix = _change(situation, found, f"{change} {place}")
        if fix.startswith(change) and found.source.set_by == "process":
            fix = _exported(name, url) or fix
        lasting = situation.lasting(why, found.source)
        yield Finding(check, WARNING, what, lasting, fix, place)
    if urls.is_anthropic(found.text) and not situation.verdict.cloud:
        what = f"{name} is Anthropic's own host"
        why = "it only changes what Claude Code shows and checks"
        why = situation.lasting(why, found.source)
        fix = situation.how_to_stop(found.source)
        yield Finding("base-url-needless", NOTE, what, why, fix, place)


def _change(situation: Situation, found: Value, otherwise: str) -> str:
    """Return where an address is changed: of a profile's, in the profile."""
    source = found.source
    ours = situation.is_ours(source.path, source.name)
    if ours or source.name in situation.exported:
        return situation.how_to_change(source.name)
    return otherwise


def _exported(name: str, url: SplitResult) -> str:
    """Return what sets a right address; "" where it may hold a secret."""
    text = url.geturl()
    return f"export {name}={quote(text)}" if urls.shown(text) == text else ""


# Check -> (whether it is so, the right address, problem, why, change by hand).
_ADDRESS_RULES: tuple[
    tuple[
        str,
        Callable[[SplitResult], object],
        Callable[[SplitResult], SplitResult],
        str,
        str,
        str,
    ],
    ...,
] = (
    (
        "base-url-open",
        lambda u: u.scheme == "http" and u.hostname not in LOCAL,
        lambda u: u._replace(scheme="https"),
        "starts with http://",
        "the credential travels unencrypted",
        "write https:// in",
    ),
    (
        "base-url-with-version",
        lambda u: u.path.rstrip("/").endswith("/v1"),
        lambda u: u._replace(path=u.path.rstrip("/").removesuffix("/v1")),
        "ends in /v1",
        "Claude Code adds /v1/messages itself, and the service answers 404",
        "remove /v1 from",
    ),
    (
        "base-url-with-password",
        lambda u: u.username or u.password,
        lambda u: u._replace(netloc=u.netloc.rpartition("@")[2]),
        "contains a user name or password",
        "it shows up in logs and process lists; a token has its own variable",
        "remove the name and password from",
    ),
)


def wsl(situation: Situation) -> Iterator[Finding]:
    """Find that Windows and WSL have settings and a login each."""
    scene = situation.scene
    windows = "microsoft" in platform.uname().release.lower()
    if not windows and not scene.environ.get("WSL_DISTRO_NAME"):
        return
    folder = scene.places.config_dir
    what = "this is WSL: Claude Code on Windows has its own settings and login"
    why = (
        f"here they are in {folder}; programs started by Windows read the "
        "Windows ones"
    )
    fix = "switch on the side where claude runs: in WSL or in Windows"
    yield Finding("wsl-two-sides", NOTE, what, why, fix)
    if scene.home.startswith("/mnt/"):
        what = f"HOME is {scene.home}, on a Windows drive"
        why = "file modes do not work there: other users may read private files"
        fix = "use a home directory on the Linux side"
        yield Finding("wsl-home-on-windows", WARNING, what, why, fix)
