"""Directories that ask for a profile: `.keyswitch`, and rules by git remote.

Part of the express lane. A `.keyswitch` file holds a profile's name and
nothing else; it counts once the person allowed exactly this text at exactly
this path, and until then it is as if it were not there. The record of that
lies in the state folder, never beside the file: what has to be trusted may not
say so itself. A rule by remote is the person's own, from `config.toml`.
"""

from __future__ import annotations

import errno
import os
import stat

from keyswitch.disk.opening import read_opened, upwards
from keyswitch.errors import InputError
from keyswitch.profiles.names import check_name
from keyswitch.profiles.paths import LINK_FILE, Paths

FILE = LINK_FILE
LIMIT = 4096  # bytes
NAMED = 3  # links that do not count, of one place: a tree may be full of them

ALLOWED = "allowed"
DENIED = "denied"
UNKNOWN = "not allowed"  # nobody judged this text at this path
UNUSABLE = "unusable"

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


class Link:
    """One `.keyswitch` file, and what the person said about it."""

    def __init__(self, path: str, data: bytes | None, why: str) -> None:
        self.path = path
        self.data = data  # its text; None: it was not read
        self.name = "" if data is None else _name_in(data)  # "" if unusable
        self.why = why or ("" if self.name else "it contains no profile name")
        # Names path and text, reveals neither.
        self.mark = mark_of(path, why.encode() if data is None else data)
        self.status = ""


def mark_of(path: str, data: bytes) -> str:
    """Return the name under which a judgement of this text is kept."""
    # The built-in that `hashlib` wraps; the wrapper costs a budget's quarter.
    from _blake2 import blake2b

    text = os.fsencode(path) + b"\0" + data
    digest: str = blake2b(text, digest_size=20).hexdigest()
    return digest


def read(paths: Paths, path: str) -> Link | None:
    """Read one link and how it was judged; None: there is no such file.

    A directory of that name is somebody's folder and no link.
    """
    try:
        found = os.lstat(path)
    except OSError:
        return None
    if stat.S_ISDIR(found.st_mode):
        return None
    why = _why_not(found)
    data: bytes | None = None
    if not why:
        try:
            data = _content(path, found)
        except OSError:
            why = "it cannot be read"
        else:
            if data is None:
                return None
    link = Link(path, data, why)
    link.status = judgement(paths, link.mark) or UNKNOWN
    if not link.name and link.status != DENIED:
        link.status = UNUSABLE
    return link


def judgement(paths: Paths, mark: str) -> str:
    """Return what the person said of a text at a path: "" for nothing.

    A record that somebody else could have written says nothing.
    """
    path = paths.trusted(mark)
    try:
        folder = os.stat(os.path.dirname(path))
        data, found = read_opened(path, 16, flags=_NO_LINK)
    except OSError:
        return ""
    if not (_is_private(folder) and _is_private(found)):
        return ""
    word = data.partition(b"\n")[0]
    return {b"allow": ALLOWED, b"deny": DENIED}.get(word, "")


def _is_private(found: os.stat_result) -> bool:
    if not hasattr(os, "geteuid"):
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _why_not(found: os.stat_result) -> str:
    if stat.S_ISLNK(found.st_mode):
        return "it is a symbolic link"
    if not stat.S_ISREG(found.st_mode):
        return "it is not a regular file"
    if hasattr(os, "geteuid") and found.st_uid not in (os.geteuid(), 0):
        return "it belongs to another user"
    if found.st_size > LIMIT:
        return f"it is larger than {LIMIT} bytes"
    return ""


def _content(path: str, seen: os.stat_result) -> bytes | None:
    """Read the file that was looked at; None: it is another one by now."""
    try:
        data, found = read_opened(path, LIMIT + 1, flags=_NO_LINK)
    except OSError as e:
        if e.errno in (errno.ENOENT, errno.ELOOP):
            return None
        raise
    if not os.path.samestat(found, seen) or len(data) > LIMIT:
        return None
    return data


def _name_in(data: bytes) -> str:
    """Return the profile name that is the whole text, or ""."""
    try:
        text = data.decode("ascii")
        text = text.removesuffix("\n").removesuffix("\r")
        check_name(text)
    except (UnicodeDecodeError, InputError):
        return ""
    return text


def look(paths: Paths, folder: str) -> list[Link]:
    """Return the links of a directory and of those above it, nearest first.

    What comes after the first allowed one is not looked at, and of those that
    do not count only the nearest are returned.
    """
    found: list[Link] = []
    named = 0
    for at in upwards(folder):
        link = read(paths, os.path.join(at, FILE))
        if link is not None:
            if link.status not in (ALLOWED, DENIED):
                named += 1
            if named <= NAMED or link.status == ALLOWED:
                found.append(link)
            if link.status == ALLOWED:
                break
    return found
