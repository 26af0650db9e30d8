"""What keyswitch made in other programs' places, to be taken back.

A switch may have to make `~/.claude`, an installation `~/.config/fish`. The
folder goes with the last file that keyswitch had in it, if nothing else is in
there by then; if something is, the folder is its owner's from then on. So does
a file that was made for a login, when it says nothing any more.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.disk.atomic import read_regular
from keyswitch.disk.opening import is_below, upwards
from keyswitch.model import ITEM_PREFIX, FileChange
from keyswitch.profiles import own_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.commit.journal import Step
    from keyswitch.profiles.paths import Paths

_LIMIT = 1 << 20  # bytes of the record
_SAYS_NOTHING = b"{}"


def plan(
    paths: Paths, changes: Sequence[FileChange]
) -> tuple[list[FileChange], tuple[str, ...]]:
    """Return (the changes and the record's, folders to remove if empty)."""
    path = paths.made_file
    before = read_regular(path, _LIMIT, ours=True)
    known = parse(path, before)
    files: list[FileChange] = []
    made: set[str] = set()
    left: set[str] = set()
    for found in changes:
        change = found
        if change.path.startswith(ITEM_PREFIX) or _is_own(paths, change.path):
            files.append(change)
            continue
        if change.path in known and change.after == _SAYS_NOTHING:
            change = change._replace(after=None)
        files.append(change)
        if change.after is not None:
            made.update(missing(change.path))
            if change.before is None and change.goes_when_empty:
                made.add(change.path)
        elif change.before is not None:
            left |= known & {change.path, *_above(change.path)}
    present = sorted((known | made) - left)
    after = own_json.encode(made=present) if present else None
    if before != after:
        files.append(FileChange(path, before, after))
    return files, tuple(sorted(left))


def folders_for(steps: Sequence[Step]) -> tuple[str, ...]:
    """Return the folders that have to be made for a transaction's stages."""
    found = {f for s in steps if s.stage for f in missing(s.target)}
    return tuple(sorted(found))


def missing(path: str) -> list[str]:
    """Return the folders that have to be made for a file, the outer first."""
    found = []
    for folder in _above(path):
        if os.path.isdir(folder):
            break
        found.append(folder)
    found.reverse()
    return found


def _above(path: str) -> Iterator[str]:
    return upwards(os.path.realpath(os.path.dirname(path)))


def _is_own(paths: Paths, path: str) -> bool:
    own = (paths.config, paths.data, paths.state)
    return any(is_below(path, root) for root in own)


def parse(path: str, data: bytes | None) -> set[str]:
    """Read the record."""
    if data is None:
        return set()
    return set(own_json.read(tuple[str, ...], path, data, _LOST, key="made"))


_LOST = "folders that keyswitch made for other programs stay, once empty"
