"""Take back the last change, unless somebody changed the same things since."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from keyswitch.errors import FileStateError, KeyswitchError, NotFoundError
from keyswitch.model import FileChange
from keyswitch.profiles import state
from keyswitch.profiles.atomic import read_regular
from keyswitch.switching import folder_renames, login_names, undo_records
from keyswitch.switching import target as planning
from keyswitch.switching.change import Change, commit
from keyswitch.switching.undo_records import Mode
from keyswitch.targets.claude_code.files import FILE_LIMIT
from keyswitch.targets.claude_code.locks import config_lock

if TYPE_CHECKING:
    from keyswitch.profiles.state import State
    from keyswitch.switching.journal import Folder
    from keyswitch.switching.undo_records import OwnFile, Record
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.locks import LockSpec

_LIMIT = 1 << 24


class NothingToUndoError(KeyswitchError):
    """There is no change that could be taken back."""


def last(workspace: Workspace) -> Record:
    """Return the record of the change that `undo` would take back."""
    records = undo_records.parse(
        read_regular(workspace.paths.undo_file, _LIMIT)
    )
    if not records:
        raise NothingToUndoError(
            "there is no change to take back",
            "'keyswitch history' lists what was done",
        )
    return records[-1]


def undo_last(workspace: Workspace) -> Record:
    """Take back the last change as one change of its own."""
    done: list[Record] = []

    def plan() -> Change:
        record = last(workspace)
        done[:] = [record]
        own = tuple(_back(file) for file in record.files)
        pointer = _pointer_back(workspace, record)
        target = planning.plan_back(workspace, own, pointer, record.moved)
        mended = _mended_back(record)
        files = login_names.taken_back(
            workspace,
            target.files,
            {ref.item for ref in record.created},
            (record.profile, _former_name(record))
            if record.command == "rename"
            else None,
        )
        _require_modes(record)
        return Change(
            command="undo",
            profile=record.profile,
            own=own,
            foreign=(*files, *mended),
            locks=(*target.locks, *_locks(mended)),
            created=target.created,
            harvested=target.harvested,
            dropped=target.dropped,
            pointer=pointer,
            discarded=record.created,
            is_undo=True,
            modes=tuple(
                Mode(mode.path, mode.after, mode.before)
                for mode in record.modes
            ),
            folders=_folders_back(workspace, record),
        )

    commit(workspace, plan)
    if not done:
        raise NotFoundError("there is no change to take back")
    _follow(workspace, done[0])
    return done[0]


def _pointer_back(workspace: Workspace, record: Record) -> State | None:
    if record.pointer_before is None:
        return None
    present = state.read(workspace.paths)
    if (present.active, present.previous) != record.pointer_after:
        raise FileStateError(
            "the active profile was changed since",
            "switch yourself: keyswitch use NAME",
        )
    return undo_records.state_of(record.pointer_before)


def _follow(workspace: Workspace, record: Record) -> None:
    """Bring an isolated profile's folder in line with what is back."""
    if not os.path.isdir(workspace.paths.folder_of(record.profile)):
        return
    from keyswitch.switching import isolation

    if record.command == "edit":
        profile, _ = workspace.load(record.profile)
        isolation.follow(workspace, profile)


def _folders_back(workspace: Workspace, record: Record) -> tuple[Folder, ...]:
    if record.command != "rename":
        return ()
    former = _former_name(record)
    return folder_renames.renamed(workspace, record.profile, former)


def _former_name(record: Record) -> str:
    former = [file.path for file in record.files if file.before is not None]
    return os.path.basename(former[0]).removesuffix(".toml")


def _require_modes(record: Record) -> None:
    """Raise unless the narrowed files still have the modes they were given."""
    for mode in record.modes:
        try:
            present = stat.S_IMODE(os.stat(mode.path).st_mode)
        except OSError:
            present = -1
        if present != mode.after:
            raise _changed_since(mode.path)


def _mended_back(record: Record) -> list[FileChange]:
    """Plan the files that `doctor --fix` edited, as they were before."""
    changes = []
    for path in dict.fromkeys(s.path for s in record.splices):
        present = read_regular(path, FILE_LIMIT)
        data = present
        for splice in reversed(record.splices):
            if splice.path == path:
                data = undo_records.spliced_back(splice, data)
        if data is None:
            raise _changed_since(path)
        changes.append(FileChange(path, present, data))
    return changes


def _locks(changes: list[FileChange]) -> list[LockSpec]:
    return [
        config_lock(c.path) for c in changes if c.path.endswith(".claude.json")
    ]


def _changed_since(path: str) -> FileStateError:
    return FileStateError(
        f"{path} was changed since, so the change cannot be taken back",
        "change it yourself; 'keyswitch history' says what was done",
    )


def _back(file: OwnFile) -> FileChange:
    present = read_regular(file.path, _LIMIT)
    if undo_records.digest(present) != file.after:
        raise _changed_since(file.path)
    before = None if file.before is None else file.before.encode()
    return FileChange(file.path, present, before)
