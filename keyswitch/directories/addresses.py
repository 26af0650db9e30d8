"""The host and the path that a remote's address means, however it is spelt.

For `never` alone, which has to find every spelling; elsewhere, names of git
remotes are read as they stand, in `remotes`. The configuration of ssh is
read and not run: `ssh -G` would run commands of it. Where a condition is not
known to fail, it counts as met, so there may be more hosts than ssh would take.
"""

from __future__ import annotations

import glob
import os
import re
import shlex
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import unquote

from keyswitch.directories import remotes
from keyswitch.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LIMIT = 1 << 20  # bytes of a file of ssh
_DEEPEST = 16  # files that include each other, as in ssh

# Hosts that stand for another one: ssh on the port of https.
_TWINS = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
_LOCAL = r"(?i)file://|[./~]|[A-Za-z]:[\\/]|[^:]*$"
_OTHER = r"\w[\w+.-]*(?:::|://)"
_SCHEME = r"(?i)(https?|ssh|git|git\+ssh|ssh\+git|ftps?)://"


class RemoteAddress(Frozen):
    """What an address means. `ssh`: its configuration may rename the host."""

    host: str
    path: str
    ssh: bool


def is_local(url: str) -> bool:
    """Tell whether an address is a path of this machine."""
    return bool(re.match(_LOCAL, url))


def meant_by(url: str) -> RemoteAddress | None:
    """Return what an address means; None where that cannot be told."""
    text = url.strip().lstrip("\ufeff")
    form = re.match(_SCHEME, text)
    if form:
        rest = re.sub(r"[?#].*", "", text[form.end() :])
        if not form[1].lower().startswith(("http", "ftp")):
            # git undoes %2F before it looks for the host, curl afterwards.
            rest = unquote(rest)
        host, _, path = rest.partition("/")
    elif re.match(_OTHER, text):
        return None  # a program of git's, which may go anywhere
    else:
        host, path = remotes.of_scp_form(text)
    host, path = _host(unquote(host)), _plain(unquote(path))
    if not host or not path:
        return None
    return RemoteAddress(host, path, ssh=not form or "ssh" in form[1].lower())


def plain_host(host: str) -> str:
    """Return a host in lower case, and for a twin the one that is meant."""
    host = host.rstrip(".").lower()
    return _TWINS.get(host, host).removeprefix("www.")


def plain_pattern(pattern: str) -> str:
    """Return a pattern of remotes in the form that their addresses get."""
    host, _, path = unquote(pattern).partition("/")
    return f"{plain_host(host)}/{path}"


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
    path = path.lstrip("/").removeprefix("~/")  # where ssh's paths begin
    for part in path.replace("\\", "/").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts).removesuffix(".git")


def hosts_of(name: str, home: str) -> list[str]:
    """Return the other hosts that ssh may connect to for a name.

    "" stands for one that nobody can tell.
    """
    return [
        host
        for folder in (home + "/.ssh", "/etc/ssh")
        for file in ("config", "ssh_config")
        for host in _named_in(folder, file, name, home)
    ]


def _named_in(
    folder: str, file: str, name: str, home: str, depth: int = 0
) -> Iterator[str]:
    applies = True
    path = os.path.join(folder, file)
    for line in remotes.read(path, _LIMIT).splitlines():
        words = _words(re.sub(r"^(\s*\w+)\s*=", r"\1 ", line))
        key, values = (words[0].lower(), words[1:]) if words else ("", [])
        if key == "host":
            applies = _is_meant(name, values)
        elif key == "match":
            applies = True
        elif not applies or not values:
            continue
        elif key in ("hostname", "hostkeyalias"):
            yield values[0].replace("%h", name)
        elif key == "canonicaldomains":
            yield from (f"{name}.{domain}" for domain in values)
        elif key == "proxycommand":
            if values != ["none"] and not re.search("%[hn]", line):
                yield ""
        elif key == "include" and depth < _DEEPEST:
            patterns = [p.replace("${HOME}", home) for p in values]
            if any(re.search(r"[$%]", p) for p in patterns):
                yield ""
            for included in _files(patterns, folder, home):
                yield from _named_in(folder, included, name, home, depth + 1)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _is_meant(name: str, patterns: Sequence[str]) -> bool:
    wanted = [p.lower() for p in patterns]
    if any(p[0] == "!" and fnmatchcase(name, p[1:]) for p in wanted if p):
        return False
    return any(fnmatchcase(name, p) for p in wanted)


def _files(patterns: Sequence[str], folder: str, home: str) -> Iterator[str]:
    for pattern in patterns:
        path = home + pattern[1:] if pattern.startswith("~/") else pattern
        yield from sorted(glob.glob(os.path.join(folder, path)))
