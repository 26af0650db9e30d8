"""The host and the path that a remote's address means, however it is spelt.

For `never` alone, which has to find every spelling: names of git remotes that
are matched otherwise are read as they stand, in `remotes`.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from keyswitch.directories import remotes

# Hosts that stand for another one: ssh on the port of https.
_TWINS = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
_LOCAL = re.compile(r"file://|[./~]|[A-Za-z]:[\\/]|[^:]*$", re.IGNORECASE)
_OTHER = re.compile(r"\w[\w+.-]*(?:::|://)")
_SCHEME = re.compile(
    r"(https?|ssh|git|git\+ssh|ssh\+git|ftps?)://", re.IGNORECASE
)


class Address(NamedTuple):
    """What an address means. `ssh`: its configuration may rename the host."""

    host: str
    path: str
    ssh: bool


def is_local(url: str) -> bool:
    """Tell whether an address is a path of this machine."""
    return bool(_LOCAL.match(url))


def meant_by(url: str) -> Address | None:
    """Return what an address means; None where that cannot be told."""
    text = url.strip().lstrip("\ufeff")
    form = _SCHEME.match(text)
    if form:
        rest = re.sub(r"[?#].*", "", text[form.end() :])
        if not form[1].lower().startswith(("http", "ftp")):
            # git undoes %2F before it looks for the host, curl afterwards.
            rest = unquote(rest)
        host, _, path = rest.partition("/")
    elif _OTHER.match(text):
        return None  # a program of git's, which may go anywhere
    else:
        host, path = remotes.of_scp_form(text)
    host, path = _host(unquote(host)), _plain(unquote(path))
    if not host or not path:
        return None
    return Address(host, path, ssh=not form or "ssh" in form[1].lower())


def plain_host(host: str) -> str:
    """Return a host in lower case, and for a twin the one that is meant."""
    host = host.rstrip(".").lower()
    return _TWINS.get(host, host).removeprefix("www.")


def _host(text: str) -> str:
    """Return the host of `user@host:port`; "" for one that no program knows."""
    text = text.rpartition("@")[2]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    if text.count(":") == 1:  # more of them are an IPv6 address
        text = text.partition(":")[0]
    try:
        # Other letters and full stops are what a name server is asked for.
        return plain_host(
            text if text.isascii() else text.encode("idna").decode()
        )
    except UnicodeError:
        return ""


def _plain(path: str) -> str:
    parts: list[str] = []
    for part in path.replace("\\", "/").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts).removesuffix(".git")
