"""Folders that keyswitch made in other programs' places, to be taken back.

A switch may have to make `~/.claude`, an installation `~/.config/fish`. The
folder goes with the last file that keyswitch had in it, if nothing else is in
there by then; if something is, the folder is its owner's from then on.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from keyswitch.model import FileChange
from keyswitch.profiles.atomic import read_regular
from keyswitch.targets.claude_code.files import ITEM_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.profiles.paths import Paths

_LIMIT = 1 << 20  # bytes of the record


def plan(
    paths: Paths, files: Sequence[FileChange]
) -> tuple[list[FileChange], tuple[str, ...]]:
    """Return (change of the record, folders to remove if they are empty)."""
    path = paths.made_folders_file
    before = read_regular(path, _LIMIT, ours=True)
    known = _parse(before)
    made, left = set(), set()
    for change in files:
        if change.path.startswith(ITEM_PREFIX) or _is_own(paths, change.path):
            continue
        if change.after is not None:
            made |= set(missing(change.path))
        elif change.before is not None:
            left |= known & set(_above(change.path))
    after = _text((known | made) - left)
    record = [FileChange(path, before, after)] if before != after else []
    return record, tuple(sorted(left, reverse=True))


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
    folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    while folder != (parent := os.path.dirname(folder)):
        yield folder
        folder = parent


def _is_own(paths: Paths, path: str) -> bool:
    own = (paths.config, paths.data, paths.state)
    return any(path.startswith(root + os.sep) for root in own)


def _parse(data: bytes | None) -> set[str]:
    """Read the record; of a damaged one, no folder is known to be ours."""
    try:
        found = json.loads(data)["folders"] if data else []
        return {f for f in found if isinstance(f, str)}
    except (KeyError, RecursionError, TypeError, ValueError):
        return set()


def _text(folders: set[str]) -> bytes | None:
    if not folders:
        return None
    document = {"version": 1, "folders": sorted(folders)}
    return (json.dumps(document, indent=1) + "\n").encode()
