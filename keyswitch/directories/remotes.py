"""Which remotes the git repository of a directory has.

Part of the express lane, so git itself is not started. Read are the nearest
`.git` and its `config`; `include` and `insteadOf` are not followed. What
guards a profile asks git, in `git_remotes`.
"""

from __future__ import annotations

import os
import stat

from keyswitch.disk.opening import read_opened, upwards

_LIMIT = 1 << 16  # bytes of a repository's config file
_SCHEMES = ("https", "http", "ssh", "git", "git+ssh", "ssh+git")


def remotes_of(folder: str) -> list[str]:
    """Return `host/path` of origin, or of all remotes if there is no origin."""
    config = config_of(folder)
    named: dict[str, list[str]] = {}
    for head, key, value in _entries(read(config)) if config else ():
        if key == "url" and (remote := _remote_of(head)):
            named.setdefault(remote, []).append(value)
    urls = named.get("origin") or [u for us in named.values() for u in us]
    return sorted({found for url in urls if (found := normalized(url))})


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


def config_of(folder: str) -> str:
    """Return the config file of the nearest repository, or ""."""
    for at in upwards(folder):
        try:
            found = os.lstat(at + "/.git")
        except OSError:
            continue
        if not _is_own(found):
            return ""  # git would not trust it either
        if stat.S_ISDIR(found.st_mode):
            return at + "/.git/config"
        return _of_worktree(at)
    return ""


def _of_worktree(folder: str) -> str:
    word, _, place = read(folder + "/.git").partition(":")
    place = place.strip()
    if word != "gitdir" or "\0" in place:
        return ""
    place = os.path.join(folder, place)
    common = read(place + "/commondir").strip()
    if "\0" in common:
        return ""
    return os.path.join(place, common or ".", "config")


def _is_own(found: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or found.st_uid in (os.geteuid(), 0)


def addresses(text: str) -> list[str]:
    """Return the addresses that a config text names, unchanged.

    A branch may name one, or the name of a remote, which is none.
    """
    return [
        value
        for head, key, value in _entries(text)
        if (key in ("url", "pushurl") and _remote_of(head))
        or key in ("remote", "pushremote", "pushdefault")
    ]


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


def _entries(text: str) -> list[tuple[str, str, str]]:
    """Return (heading, key, value) of each line of a config text."""
    found = []
    head = ""
    for line in text.removeprefix("\ufeff").replace("\\\n", "").split("\n"):
        words = line.strip()
        if words.startswith("["):
            head, words = _heading(words)
        key, equals, value = words.partition("=")
        if equals:
            found.append((head, key.strip().lower(), _value(value)))
    return found


def _heading(line: str) -> tuple[str, str]:
    """Split `[section "name"] key = value` behind its bracket."""
    quoted = False
    for i, c in enumerate(line):
        if c == '"' and line[i - 1] != "\\":
            quoted = not quoted
        elif c == "]" and not quoted:
            return line[1:i], line[i + 1 :]
    return "", ""


def _remote_of(head: str) -> str:
    """Return the name of `remote "name"`, or of the older `remote.name`."""
    section, quote, name = head.partition('"')
    if quote:
        is_remote = section.strip().lower() == "remote"
        return name.removesuffix('"') if is_remote else ""
    section, _, name = head.strip().partition(".")
    return name.lower() if section.lower() == "remote" else ""


def _value(text: str) -> str:
    """Return a value without its quotes and without a comment behind it."""
    result = ""
    quoted = False
    rest = iter(text.strip())
    for c in rest:
        if c == "\\":
            result += next(rest, "")
        elif c == '"':
            quoted = not quoted
        elif c in "#;" and not quoted:
            break
        else:
            result += c
    return result.strip()
