"""Which start files have keyswitch's block, and the hook files that they read.

`install` records a start file and `uninstall` forgets it. A shell has a hook
file as long as a start file of it is recorded. An update of keyswitch brings
another text: the next change of any kind writes it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

from keyswitch.changes.draft import Draft
from keyswitch.disk.atomic import read_regular
from keyswitch.disk.opening import is_planted
from keyswitch.errors import DamagedFileError, InputError, OddFileError
from keyswitch.model import Frozen
from keyswitch.profiles import own_json
from keyswitch.profiles.paths import Paths

LIMIT = 1 << 20  # bytes

_LOST = "to record the shell's hook again: keyswitch install SHELL"


class StartFile(Frozen):
    """A file with keyswitch's block, and the shell that reads it."""

    shell: str
    path: str


def parse(path: str, data: bytes | None) -> list[StartFile]:
    """Read the record."""
    if data is None:
        return []
    kind = tuple[StartFile, ...]
    found = list(own_json.read(kind, path, data, _LOST, key="files"))
    if not own_json.are_paths(entry.path for entry in found):
        raise DamagedFileError(path, _LOST)
    return found


def recorded(paths: Paths) -> list[StartFile]:
    """Return the start files that have a block."""
    path = paths.start_files_file
    return parse(path, read_regular(path, LIMIT, ours=True))


def record(draft: Draft, new: list[StartFile]) -> None:
    """Plan that these start files have a block, and no others."""
    path = draft.workspace.paths.start_files_file
    before = draft.read(path, LIMIT)
    if set(new) == set(parse(path, before)):
        return
    entries = [entry._asdict() for entry in sorted(set(new))]
    after = own_json.encode(files=entries) if entries else None
    draft.write(path, after, limit=LIMIT, own=True, private=True)


def follow(draft: Draft) -> None:
    """Plan the hook files as the recorded start files need them."""
    paths = draft.workspace.paths
    data = draft.read(paths.start_files_file, LIMIT)
    if data is None and not draft.names(paths.start_files_file):
        return
    from keyswitch.shells.hook_scripts import WITH_FILE  # not for every change

    shells = {entry.shell for entry in parse(paths.start_files_file, data)}
    for shell in WITH_FILE:
        path = paths.hook_file(shell)
        after = None
        if shell in shells:
            after = _text(paths, draft.workspace.environ, shell)
        if draft.read(path, LIMIT, read=_read) != after:
            draft.write(path, after, limit=LIMIT, private=True)


def outdated(
    paths: Paths, environ: Mapping[str, str]
) -> dict[str, tuple[str, bytes]]:
    """Return {path: (what is wrong, the right text)} of hook files.

    Root finds nothing wrong in another user's home: it is not root's to mend.
    """
    found: dict[str, tuple[str, bytes]] = {}
    if os.path.isdir(paths.state) and not _is_mine(paths.state):
        return found
    for shell in sorted({entry.shell for entry in recorded(paths)}):
        text = _text(paths, environ, shell)
        path = paths.hook_file(shell)
        if text is None:
            continue
        present = _read(path, LIMIT)
        if present is None:
            found[path] = (f"{path} is missing", text)
        elif present != text:
            found[path] = (f"{path} is from another version", text)
        elif not _is_mine(path):
            found[path] = (f"{path} belongs to another user", text)
    return found


def _is_mine(path: str) -> bool:
    return os.name != "posix" or os.stat(path).st_uid == os.geteuid()


def _text(paths: Paths, environ: Mapping[str, str], shell: str) -> bytes | None:
    """Return what a hook file holds; None: its block does not read one."""
    from keyswitch.shells.hook_scripts import WITH_FILE, hook_file

    if shell not in WITH_FILE:
        return None
    try:
        return hook_file(paths, environ, shell).encode()
    except InputError:
        return None  # a path that no hook can name


def _read(path: str, limit: int) -> bytes | None:
    """Return a hook file; raise OddFileError for one that no shell reads."""
    refuse_odd(path)
    return read_regular(path, limit)


def refuse_odd(path: str, _: bytes = b"") -> None:
    """Raise OddFileError where a shell does not read a hook file."""
    try:
        found = os.lstat(path)
    except OSError:
        return
    if stat.S_ISLNK(found.st_mode) or is_planted(found):
        raise OddFileError(
            path,
            f"{path} is a link, or belongs to another user",
            "move it out of the way",
        )
