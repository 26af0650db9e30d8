"""Take back the last change, unless somebody changed the same things since."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from keyswitch.changes import history
from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft
from keyswitch.changes.history import OwnFile, Record
from keyswitch.disk.atomic import is_link_to_file, read_regular
from keyswitch.disk.digests import digest
from keyswitch.disk.opening import is_below
from keyswitch.errors import FileStateError, KeyswitchError
from keyswitch.model import FILE_LIMIT, FileChange, Rights
from keyswitch.profiles import state
from keyswitch.profiles.state import State
from keyswitch.switching.planning import after_edit, all_folders, known_folders
from keyswitch.workspace import Workspace


def last(workspace: Workspace) -> Record:
    """Return the record of the change that `undo` would take back."""
    path = workspace.paths.undo_file
    records = history.parse_undo(read_regular(path, history.LIMIT), path)
    if not records:
        raise KeyswitchError(
            "nothing to undo",
            "'keyswitch history' lists past changes",
        )
    return records[-1]


def undo_last(
    workspace: Workspace,
    put_back: Callable[[Draft, Record], None] | None = None,
) -> Record:
    """Take back the last change as one change of its own.

    `put_back` plans the files of a change whose record does not have them.
    """

    def make(draft: Draft) -> Record:
        record = last(workspace)
        _require_place(draft, record)
        for file in record.files:
            draft.edit(_back(workspace, file), own=True)
        draft.is_undo = True
        if put_back is not None:
            put_back(draft, record)
        draft.pointer = _pointer_back(workspace, record)
        is_rename = record.command == "rename"
        profile = after_edit.plan_back(draft, record.moved, keeps_own=is_rename)
        if draft.pointer is not None or record.elsewhere:
            all_folders.plan_elsewhere(draft, profile, record.elsewhere)
        names = None
        if is_rename:
            paths = [f.path for f in record.files if f.before is not None]
            name = os.path.basename(paths[0]).removesuffix(".toml")
            names = (record.profile, name)
        gone = {ref.item for ref in record.created}
        after_edit.update_logins(draft, names, gone)
        for change in _mended_back(record):
            draft.edit(change)
        _require_modes(record)
        draft.modes += [
            Rights(mode.path, mode.after, mode.before) for mode in record.modes
        ]
        if names is not None:
            draft.folders += after_edit.renamed_folder(workspace, *names)
            former, _ = draft.load(names[1])
            all_folders.rename_own(draft, names[0], former)
        _plan_own_folder(draft, record)
        draft.discarded += record.created
        draft.command, draft.profile = "undo", record.profile
        return record

    return commit(workspace, make)[0]


def _pointer_back(workspace: Workspace, record: Record) -> State | None:
    if record.pointer_before is None:
        return None
    present = state.read(workspace.paths)
    if (present.active, present.previous) != record.pointer_after:
        raise FileStateError(
            "the active profile has changed since",
            "switch yourself: keyswitch use NAME",
        )
    return state.State(*record.pointer_before, state.new_stamp())


def _require_place(draft: Draft, record: Record) -> None:
    """Raise where the change moved a login in another configuration folder."""
    place, here = record.moved_in, draft.workspace.places.login_dir
    if place and not known_folders.is_one_file(place, here):
        ledger = draft.ledger()
        places = known_folders.login_place(draft.workspace, ledger, place)
        raise FileStateError(
            f"the last change moved a login in {place}, not in {here}",
            f"undo it there: {known_folders.way_out(places, 'undo')}",
        )


def _plan_own_folder(draft: Draft, record: Record) -> None:
    """Plan an isolated profile's folder as its file has it again."""
    folder = draft.workspace.paths.folder_of(record.profile)
    if record.command == "edit" and os.path.isdir(folder):
        from keyswitch.switching.planning import isolation

        profile, _ = draft.load(record.profile)
        isolation.follow(draft, profile)


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
                data = history.spliced_back(splice, data)
        if data is None:
            raise _changed_since(path)
        changes.append(FileChange(path, present, data))
    return changes


def _changed_since(path: str) -> FileStateError:
    return FileStateError(
        f"cannot undo the change: {path} has changed since",
        "change it by hand; 'keyswitch history' lists past changes",
    )


def _back(workspace: Workspace, file: OwnFile) -> FileChange:
    present = read_regular(file.path, history.LIMIT)
    if digest(present) != file.after:
        raise _changed_since(file.path)
    before = None if file.before is None else file.before.encode()
    is_other = not is_below(file.path, workspace.paths.config)
    if before is None and is_other and is_link_to_file(file.path):
        before = b""  # a start file that a person has put elsewhere since
    return FileChange(file.path, present, before)
