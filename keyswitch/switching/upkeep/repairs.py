"""Carry out what `doctor --fix` may do, as one change that can be undone."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence

from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft
from keyswitch.changes.history import splice_of
from keyswitch.disk import rewriting
from keyswitch.disk.atomic import resolve_target
from keyswitch.errors import FileStateError, KeyswitchError
from keyswitch.model import Rights
from keyswitch.outcome import so_far
from keyswitch.targets.json_text import JsonText
from keyswitch.targets.splice import Edited
from keyswitch.targets.verdict import Mend
from keyswitch.workspace import Workspace

_AGAIN = "check again: keyswitch doctor"
_EDITS = (Mend.MEMBER, Mend.ELEMENT, Mend.LINE)


def mend(workspace: Workspace, mends: Sequence[Mend]) -> None:
    """Carry out every repair, or raise with nothing changed.

    Folders come last and by themselves: an empty lock folder that is gone is
    no loss, and there is nothing to take back.
    """
    edits = [m for m in mends if m.kind in _EDITS]
    modes = [m for m in mends if m.kind == Mend.MODE]

    def make(draft: Draft) -> None:
        _edit(draft, edits)
        draft.modes += [_mode_before(m) for m in modes]
        if draft.is_empty:
            return
        draft.command = "doctor --fix"

    if edits or modes:
        commit(workspace, make)
    for m in () if workspace.dry_run else mends:
        if m.kind == Mend.FOLDER:
            with contextlib.suppress(OSError):
                os.rmdir(m.path)
                so_far.changes.append(m.path)


def _edit(draft: Draft, edits: Sequence[Mend]) -> None:
    """Plan the files' new texts, and how each edit is taken back."""
    for path in dict.fromkeys(m.path for m in edits):
        data = draft.read(path)
        if data is None:
            raise _gone(path)
        here = [m for m in edits if m.path == path]
        # From the end, so that the lines of the others keep their numbers.
        for m in sorted(here, key=lambda m: -m.line):
            for after in _steps(m, data):
                draft.splices.append(splice_of(path, data, after))
                data = after
        draft.write(path, data)


def _steps(m: Mend, data: bytes) -> Iterator[bytes]:
    """Yield the file after each edit; an element may be there repeatedly."""
    data = _without(m, data)
    yield data
    while m.kind == Mend.ELEMENT and m.expected in JsonText.of(
        m.path, data
    ).elements(m.keys):
        data = _without(m, data)
        yield data


def _without(m: Mend, data: bytes) -> bytes:
    if m.kind == Mend.LINE:
        lines = data.split(b"\n")
        # Decoded as it was when the line was found.
        found = [line.decode("utf-8", "replace") for line in lines]
        if m.line > len(lines) or found[m.line - 1] != m.expected:
            raise _changed(m.path)
        del lines[m.line - 1]
        return b"\n".join(lines)
    text = Edited.of(m.path, data)
    if m.kind == Mend.MEMBER:
        if text.raw(m.keys) != m.expected:
            raise _changed(m.path)
        text.remove(m.keys)
        return text.text.encode()
    elements = text.elements(m.keys)
    if m.expected not in elements:
        raise _changed(m.path)
    text.remove_element(m.keys, elements.index(m.expected))
    return text.text.encode()


def _changed(path: str) -> KeyswitchError:
    return FileStateError(f"{path} changed after it was checked", _AGAIN)


def _gone(path: str) -> KeyswitchError:
    return FileStateError(f"{path} is gone", _AGAIN)


def _mode_before(m: Mend) -> Rights:
    path = resolve_target(m.path)
    rewriting.check_owner(m.path, path)
    try:
        present = stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        raise _gone(m.path) from None
    if m.expected and m.expected != f"{present:04o}":
        raise _changed(m.path)
    return Rights(path, present, present & m.mode)
