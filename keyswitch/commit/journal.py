"""What a transaction is about to do, on disk before it is done.

The journal names files and the hashes of their old and new content; never the
content. `prepared` may be taken back, `commit` has to be finished; the rename
from one to the other is the commit point.

A second record names what keyswitch made in other programs' places. A switch
may have to make `~/.claude`, an installation `~/.config/fish`. The folder goes
with the last file that keyswitch had in it, if nothing else is in there by
then; if something is, the folder is its owner's from then on. So does a file
that was made for a login, when it says nothing any more.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

from keyswitch.disk.atomic import STAGE_PREFIX, read_regular, write_private
from keyswitch.disk.opening import is_below, upwards
from keyswitch.errors import DamagedFileError, InputError
from keyswitch.model import ITEM_PREFIX, FileChange, Frozen, LinkChange, Rights
from keyswitch.outcome import so_far
from keyswitch.profiles import own_json
from keyswitch.profiles.paths import Paths

_LIMIT = 1 << 26  # bytes of a journal: some 100,000 files
_PREPARED, _COMMIT = "/prepared", "/commit"  # in the folder of the journal


class Step(Frozen):
    """One file of a transaction; hashes are None where there is no file."""

    target: str  # the real path, links resolved
    stage: str  # the next version, beside the target; "" for a removal
    old: str | None
    new: str | None


class Folder(Frozen):
    """A folder that the transaction gives another name beside the old one."""

    before: str
    after: str


class Journal(Frozen):
    """A whole transaction."""

    steps: tuple[Step, ...]
    locks: tuple[str, ...]  # lock directories that were going to be taken
    # What is changed with the files, once they are in place.
    rights: tuple[Rights, ...] = ()
    folders: tuple[Folder, ...] = ()
    links: tuple[LinkChange, ...] = ()
    emptied: tuple[str, ...] = ()  # folders to remove, if nothing is in them
    made: tuple[str, ...] = ()  # folders that the stages need, outer first


def prepare(paths: Paths, journal: Journal) -> None:
    """Write the journal; from here on its stages can always be found."""
    entries = journal._asdict()
    entries["steps"] = [step._asdict() for step in journal.steps]
    data = own_json.encode(**entries)
    if len(data) > _LIMIT:
        raise InputError(
            f"the change has {len(journal.steps)} files, too many for one "
            "change",
            "change fewer files at a time",
        )
    write_private(paths.journal_dir + _PREPARED, data)


def commit(paths: Paths) -> None:
    """Pass the commit point; the caller makes it durable."""
    os.rename(paths.journal_dir + _PREPARED, paths.journal_dir + _COMMIT)
    so_far.changes.append(paths.journal_dir)


def uncommit(paths: Paths) -> None:
    """Go back behind the commit point; no file may have been moved yet."""
    os.rename(paths.journal_dir + _COMMIT, paths.journal_dir + _PREPARED)
    so_far.changes.remove(paths.journal_dir)


def discard(paths: Paths) -> None:
    """Remove whatever journal there is: its work is done or taken back."""
    for name in (_PREPARED, _COMMIT):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(paths.journal_dir + name)


def read_prepared(paths: Paths) -> Journal | None:
    """Return a transaction that was not committed."""
    return read(paths.journal_dir + _PREPARED)


def read_committed(paths: Paths) -> Journal | None:
    """Return a transaction that was committed and not finished."""
    return read(paths.journal_dir + _COMMIT)


def written_at(paths: Paths) -> float:
    """Return when the present journal was written, in seconds; 0 if none."""
    for name in (_PREPARED, _COMMIT):
        with contextlib.suppress(OSError):
            return os.stat(paths.journal_dir + name).st_mtime
    return 0.0


_LOST = "an interrupted command that changed nothing is not cleaned up"
_LOST_COMMIT = (
    "an interrupted change may be incomplete: make it again, or run "
    "'keyswitch doctor'"
)


def read(path: str) -> Journal | None:
    """Return what one of the two files says; None: there is none."""
    data = read_regular(path, _LIMIT, ours=True)
    lost = _LOST_COMMIT if path.endswith(_COMMIT) else _LOST
    if data is None:
        return None
    found = own_json.read(Journal, path, data, lost, unmarked=True)
    if not _is_sound(found):
        raise DamagedFileError(path, lost)
    return found


def _is_sound(found: Journal) -> bool:
    """Tell whether each path can be one here, and a stage's name is one."""
    links = [(link.path, link.source) for link in found.links]
    paths = [path for pair in (*found.folders, *links) for path in pair]
    paths += [right.path for right in found.rights]
    paths += [path for s in found.steps for path in (s.target, s.stage)]
    paths += [*found.locks, *found.emptied, *found.made]
    stages = [os.path.basename(s.stage) for s in found.steps if s.stage]
    return own_json.are_paths(paths) and all(
        stage.startswith(STAGE_PREFIX) for stage in stages
    )


_MADE_LIMIT = 1 << 20  # bytes of the record
_SAYS_NOTHING = b"{}"


def plan_made_folders(
    paths: Paths, changes: Sequence[FileChange]
) -> tuple[list[FileChange], tuple[str, ...]]:
    """Return (the changes and the record's, folders to remove if empty)."""
    record = paths.made_file
    before = read_regular(record, _MADE_LIMIT, ours=True)
    known = parse_made(record, before)
    own = (paths.config, paths.data, paths.state)
    files: list[FileChange] = []
    made: set[str] = set()
    left: set[str] = set()
    for change in changes:
        path, after = change.path, change.after
        is_item = path.startswith(ITEM_PREFIX)
        if is_item or any(is_below(path, root) for root in own):
            files.append(change)
            continue
        if path in known and after == _SAYS_NOTHING:
            after = after if os.path.islink(path) else None
        files.append(change._replace(after=after))
        if after is not None:
            made.update(missing_folders(path))
            if change.before is None and change.goes_when_empty:
                made.add(path)
        elif change.before is not None:
            left |= known & {path, *_folders_above(path)}
    present = sorted((known | made) - left)
    text = own_json.encode(made=present) if present else None
    if before != text:
        files.append(FileChange(record, before, text))
    return files, tuple(sorted(left))


def missing_folders(path: str) -> list[str]:
    """Return the folders that have to be made for a file, the outer first."""
    found = []
    for folder in _folders_above(path):
        if os.path.isdir(folder):
            break
        found.append(folder)
    found.reverse()
    return found


def _folders_above(path: str) -> Iterator[str]:
    return upwards(os.path.realpath(os.path.dirname(path)))


def parse_made(path: str, data: bytes | None) -> set[str]:
    """Read the record."""
    if data is None:
        return set()
    return set(
        own_json.read(tuple[str, ...], path, data, _MADE_LOST, key="made")
    )


_MADE_LOST = "empty folders that keyswitch made for other programs will stay"
