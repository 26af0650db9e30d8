"""What a tree of files is, in every respect that a cell asks about."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tomllib
from collections import Counter
from typing import NamedTuple

from keyswitch.errors import KeyswitchError
from tests.faults.harness import files_below
from tests.faults.login_cases import vault_entries
from tests.files.homes import FILES, PRIVATE, SAME_EACH_TIME

_OLDER = re.compile(r"vault\.ksv\.[123]$")
_MAY_DIFFER = re.compile(r"/compiled/|/login-stamp$|/vault-seen$|vault\.ksv")
_RANDOM = re.compile(r"[0-9a-f]{16,}")


class Entry(NamedTuple):
    """One name. `inode`, `changed` and `content` are those of a file."""

    kind: str
    mode: int
    owner: tuple[int, int]
    attributes: tuple[tuple[str, bytes], ...]
    inode: int = 0
    changed: int = 0
    content: str = ""  # a digest, or where a link points to


def look(folder):
    """Return every entry below a folder, by its relative path."""
    return {
        name: _entry(os.path.join(folder, name)) for name in files_below(folder)
    }


def _entry(path):
    found = os.lstat(path)
    mode = found.st_mode
    common = (
        stat.filemode(mode)[0],
        stat.S_IMODE(mode),
        (found.st_uid, found.st_gid),
    )
    if stat.S_ISLNK(mode):
        return Entry(*common, (), content=os.readlink(path))
    if not stat.S_ISREG(mode):
        return Entry(*common, _attributes(path))
    return Entry(
        *common,
        _attributes(path),
        found.st_ino,
        found.st_mtime_ns,
        _digest(path),
    )


def _attributes(path):
    try:
        names = sorted(os.listxattr(path, follow_symlinks=False))
    except OSError:
        return ()
    return tuple(
        (name, os.getxattr(path, name, follow_symlinks=False))
        for name in names
        if name.startswith(("user.", "system.posix_acl"))
    )


def _digest(path):
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except PermissionError:
        return "of a mode that keeps even its owner out"


def differences(before, after, *, may_intend=False):
    """Yield how two trees differ; they must not in anything.

    But for caches; and the vault, in which a command that could not go on has
    stored a secret and taken it out again.
    """
    for name in sorted({*before, *after}):
        if _MAY_DIFFER.search(name) or (may_intend and "/intents/" in name):
            continue
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            yield f"{name} {'came' if was is None else 'went'}"
        elif was != now:
            parts = [
                p for p in Entry._fields if getattr(was, p) != getattr(now, p)
            ]
            yield f"{name}: another {', '.join(parts)}"


def names_of_change(before, after):
    """Return which names came and which went, without random parts.

    A vault's older versions come one by one, and lie beside where it really is.
    """
    return [
        Counter(
            _RANDOM.sub("*", os.path.basename(name).removeprefix("kept-"))
            for name in names
            if not _OLDER.search(name)
        )
        for names in (
            after.keys() - before.keys(),
            before.keys() - after.keys(),
        )
    ]


def entries(home):
    """Return what the vault holds; None if it cannot be read."""
    vault = home / FILES["vault"]
    if not vault.is_file() or not vault.stat().st_size:
        return None
    try:
        return sorted(vault_entries(home).values())
    except KeyswitchError:
        return None


def meaning(home, file):
    """Return what a file says, without what is random in it."""
    path = home / FILES[file]
    if file == "vault":
        return entries(home)
    if not path.exists():
        return None
    if file in SAME_EACH_TIME:
        return path.read_bytes()
    if file == "state":
        return {**json.loads(path.read_bytes()), "stamp": ""}
    document = tomllib.loads(path.read_text())
    for ref in document.get("secrets", {}).values():
        ref["item"] = ""
    return document


def redressed(before, after, may_narrow):
    """Yield what an entry lost or gained although only content may change."""
    for name in before.keys() & after.keys():
        was, now = before[name], after[name]
        if _OLDER.search(name):
            continue  # what was the vault itself
        if now.kind == "-" and name in may_narrow and now.mode == 0o600:
            # The rights of an access list end with those of the group.
            was = was._replace(mode=0o600, attributes=now.attributes)
        for part in ("kind", "mode", "owner", "attributes"):
            if getattr(was, part) != getattr(now, part):
                yield (
                    f"{name}: {part} {getattr(was, part)!r} became "
                    f"{getattr(now, part)!r}"
                )
        if now.kind == "l" and was.content != now.content:
            yield f"the link {name} points to {now.content}"


def private_names(home):
    """Return the real places of the files that are 0600 after a change."""
    return {
        os.path.relpath(os.path.realpath(home / FILES[file]), home)
        for file in PRIVATE
    }
