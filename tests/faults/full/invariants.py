"""What holds of any home at any instant, whatever the command was."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

_STAGE = re.compile(r"^\.keyswitch-[0-9a-f]{16}-")
_DIGEST = re.compile(r"[0-9a-f]{16,}")
_OLDER = re.compile(r"(?<=vault\.ksv)\.[123]$")
_QUOTED = re.compile(r'"(/[^"]*)"|<(/[^>]*)>')


def files_below(folder):
    """Return the relative paths of all files and directories."""
    base = Path(folder)
    return sorted(
        os.path.relpath(os.path.join(top, name), base)
        for top, dirs, names in os.walk(base)
        for name in [*dirs, *names]
    )


def facts(home):
    """Return what each file is: its mode, or where its link points to."""
    found = {}
    for name in files_below(home):
        path = os.path.join(home, name)
        mode = os.lstat(path).st_mode
        found[name] = os.readlink(path) if stat.S_ISLNK(mode) else mode
    return found


def widened(home, old, new):
    """Yield the links that are none any more, and the modes that grew.

    A stage may have the mode of the file that it is going to replace.
    """
    for name, present in facts(home).items():
        allowed = [f[name] for f in (old, new) if name in f]
        if not isinstance(present, int):
            if present not in allowed:
                yield f"the link {name} points to {present}"
        elif any(isinstance(was, str) for was in allowed):
            yield f"the link {name} was replaced"
        elif _bits(present) & ~_most(name, allowed, old, new):
            yield f"{name} is open to others: {present:o}"


def _bits(mode):
    return stat.S_IMODE(mode) & 0o077


def _most(name, allowed, old, new):
    """Return the bits for others that a file may have."""
    folder, last = os.path.split(name)
    target = os.path.join(folder, _STAGE.sub("", last))
    allowed = allowed or [f[target] for f in (old, new) if target in f]
    return _bits(max((m for m in allowed if isinstance(m, int)), default=0))


def foreign_names(home, old, new):
    """Yield the files that neither the old state nor the new one has.

    Some names are digests of a path, so another home has others.
    """
    known = {_DIGEST.sub("*", name) for name in (*old, *new)}
    for name, mode in facts(home).items():
        folder = isinstance(mode, int) and stat.S_ISDIR(mode)
        if folder or _is_kept(name) or _DIGEST.sub("*", name) in known:
            continue
        yield f"left behind {name}"


def _is_kept(name):
    """Tell whether a file may be there or not: a cache, an older version."""
    last = os.path.basename(name)
    return (
        "/compiled/" in name
        or last in ("remotes", "login-stamp", "vault.lock", "lock")
        or re.fullmatch(r"vault\.ksv\.[123]", last) is not None
    )


def names_the_file(message, log):
    """Tell whether a message names what the injected call worked on.

    Naming the file that a stage was for will do, and so will a directory.
    """
    meant = set()
    for line in Path(log).read_text(errors="replace").splitlines():
        if "(INJECTED)" not in line:
            continue
        for match in _QUOTED.finditer(line):
            path = match[1] or match[2]
            folder, last = os.path.split(path)
            target = os.path.join(folder, _STAGE.sub("", last))
            meant |= {path, folder, target, _OLDER.sub("", target)}
    real = {*map(os.path.realpath, meant)}
    said = {*map(os.path.realpath, re.findall(r"/[^\s:,']+", message))}
    # A folder that cannot be made durable may stand for a file in it.
    return bool(said & real or {*map(os.path.dirname, said)} & real)
