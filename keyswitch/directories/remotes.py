"""Which remotes the git repository of a directory has, for rules by remote.

Part of the express lane. git is asked, and only where a repository is. What
guards a profile asks it more, in `git_remotes`.
"""

from __future__ import annotations

import os
import stat

from keyswitch.directories.git import Git
from keyswitch.disk.opening import read_opened, upwards

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_LIMIT = 1 << 16  # bytes of a file
_SCHEMES = ("https", "http", "ssh", "git", "git+ssh", "ssh+git")
_FETCH = " (fetch)"


def remotes_of(folder: str, environ: Mapping[str, str]) -> list[str]:
    """Return `host/path` of origin, or of all remotes if there is no origin.

    None where git is missing, does not answer, or trusts no repository here.
    """
    top = next((a for a in upwards(folder) if os.path.lexists(a + "/.git")), "")
    if not top:
        return []
    try:
        status, lines = Git(folder, environ, top).lines("remote", "-v")
    except OSError:
        return []
    named: dict[str, str] = {}
    for line in lines:
        name, _, url = line.partition("\t")
        if _FETCH in url:
            named[name] = url.partition(_FETCH)[0]
    urls = [named["origin"]] if "origin" in named else named.values()
    found = {normalized(url) for url in urls} if status == 0 else set()
    return sorted(found - {""})


def normalized(url: str) -> str:
    """Return a remote's address as host/path; "" for a local one."""
    scheme, mark, rest = url.partition("://")
    if mark:
        if scheme.lower() not in _SCHEMES:
            return ""
        host, _, path = rest.partition("/")
        host = host.rpartition("@")[2]
    elif url.partition("::")[0].isalnum() and "::" in url:
        return ""  # a program of git's
    else:
        host, path = of_scp_form(url)
    if host.startswith("["):
        host = host[1:].partition("]")[0]  # an IPv6 address
    else:
        host = host.partition(":")[0]
    path = path.strip("/").removesuffix(".git")
    parts = path.split("/")
    if not host or not path or "." in parts or ".." in parts:
        return ""
    return f"{host.lower()}/{path}"


def of_scp_form(url: str) -> tuple[str, str]:
    """Return (host, path) of `user@host:path`, or of `[user@host:22]:path`."""
    if url.startswith("["):
        host, mark, path = url[1:].partition("]:")
        return (host.rpartition("@")[2], path) if mark else ("", "")
    user, at, rest = url.partition("@[")
    if at and "/" not in user and "]:" in rest:
        host, _, path = rest.partition("]:")
        return f"[{host}]", path
    host, _, path = url.partition(":")
    if "/" in host or len(host) == 1:
        return "", ""  # a path of this machine
    return host.rpartition("@")[2], path


def _is_own(found: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or found.st_uid in (os.geteuid(), 0)


def old_files(folder: str) -> list[str]:
    """Return the addresses in the files that git had before `config`."""
    found = []
    for kind in ("remotes", "branches"):
        try:
            names = os.listdir(f"{folder}/{kind}")
        except OSError:
            continue
        for name in names:
            text = read(f"{folder}/{kind}/{name}")
            if kind == "branches":
                found.append(text.partition("#")[0].strip())
                continue
            words = (line.partition(":") for line in text.split("\n"))
            found += [url.strip() for word, _, url in words if word == "URL"]
    return found


def read(path: str, limit: int = _LIMIT) -> str:
    """Return the text of a plain file of the person's own, or ""."""
    try:
        data, found = read_opened(path, limit)
    except OSError:
        return ""
    if not (stat.S_ISREG(found.st_mode) and _is_own(found)):
        return ""
    if len(data) == limit:
        data = data[: data.rfind(b"\n") + 1]  # half a line misleads
    return os.fsdecode(data)
