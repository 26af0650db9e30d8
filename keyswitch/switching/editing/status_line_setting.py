"""The command behind Claude Code's status line: set, and given back.

Only its key of the settings is edited. What stood there is in a record of
keyswitch's own, so that its command can be called and put back. Observed,
Claude Code 2.1.330: it is run by `/bin/sh -c`, in the project's folder.
"""

from __future__ import annotations

import json
import os
import shlex
from typing import Any

from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft
from keyswitch.changes.history import splice_of
from keyswitch.disk.atomic import is_link_to_file, read_regular
from keyswitch.display import secrets_in
from keyswitch.errors import FileStateError, KeyswitchError
from keyswitch.model import FILE_LIMIT, FileChange, Frozen
from keyswitch.profiles import own_json
from keyswitch.targets.splice import Edited
from keyswitch.workspace import Workspace, is_status_line, own_command

NAME = "claude-statusline"
LIMIT = 1 << 20  # bytes of the record

_KEYS = ("statusLine",)
_LOST = "the previous status line is lost"


class StatusLineSet(Frozen):
    """One settings file whose status line is ours, and what was there."""

    path: str  # without links
    ours: str  # the text that was written
    before: str | None = None  # the text that was there; None: none
    gap: str | None = None  # white space of an object that was empty
    created: bool = False  # the file did not exist
    blank: str | None = None  # the file's text, where it said nothing


def recorded(workspace: Workspace) -> list[StatusLineSet]:
    """Return the settings files whose status line we set."""
    path = workspace.paths.status_lines_file
    return parse(path, read_regular(path, LIMIT, ours=True))


def former_command(workspace: Workspace) -> str:
    """Return the command that the status line had here before, or ""."""
    path = os.path.realpath(workspace.places_here.settings)
    for entry in recorded(workspace):
        if entry.path == path and entry.before:
            command = json.loads(entry.before).get("command")
            return command if isinstance(command, str) else ""
    return ""


def install(workspace: Workspace) -> bool:
    """Set the status line; tell whether anything had to change."""

    def make(draft: Draft) -> bool:
        path = workspace.places_here.settings
        before = draft.settled(path)
        text, former = _text(path, before)
        raw = text.raw(_KEYS)
        _require_kept(path, raw)
        known = {entry.path: entry for entry in _records(draft)}
        real = os.path.realpath(path)
        entry = known.get(real)
        if entry is not None and raw == entry.ours and _calls_this(former):
            return False
        ours = json.dumps({**former, "type": "command", "command": _command()})
        kept = StatusLineSet(real, ours, raw, None, before is None)
        if is_status_line(former.get("command")):  # an older one of our own
            kept = kept._replace(before=None)
            if entry is not None:
                kept = entry._replace(ours=ours)
        if before is not None and _is_blank(before):
            kept = kept._replace(blank=before.decode(), created=True)
        if raw is None:
            kept = kept._replace(gap=text.insert(_KEYS, ours))
        elif raw != ours:
            text.replace(_KEYS, ours)
        _plan(draft, path, before, _ended(text, before))
        _record(draft, [*({**known, real: kept}.values())])
        draft.command = f"install {NAME}"
        return True

    changed, _ = commit(workspace, make)
    return changed


def uninstall(workspace: Workspace) -> list[str]:
    """Give every settings file its former status line; return their paths."""

    def make(draft: Draft) -> list[str]:
        files = []
        entries = {entry.path: entry for entry in _records(draft)}
        here = os.path.realpath(workspace.places_here.settings)
        entries.setdefault(here, StatusLineSet(here, ""))
        for entry in entries.values():
            before = draft.read(entry.path)
            if before is None:
                continue
            after = _without(entry, before)
            if after != before:
                _plan(draft, entry.path, before, after)
                files.append(entry.path)
        _record(draft, [])
        if not draft.is_empty:
            draft.command = f"uninstall {NAME}"
        return files

    files, _ = commit(workspace, make)
    return files


def present_in(workspace: Workspace) -> list[str]:
    """Return the settings files that `uninstall` would change or forget."""
    paths = [entry.path for entry in recorded(workspace)]
    here = os.path.realpath(workspace.places_here.settings)
    if here not in paths:
        try:
            data = read_regular(here, FILE_LIMIT)
            if data and is_status_line(_text(here, data)[1].get("command")):
                paths.append(here)
        except KeyswitchError:
            pass  # it is not edited as it is
    return paths


def _without(entry: StatusLineSet, before: bytes) -> bytes | None:
    """Return a settings file with what was there before our status line.

    A status line that somebody else wrote since stays as it is.
    """
    text, present = _text(entry.path, before)
    raw = text.raw(_KEYS)
    if raw is None or not (
        raw == entry.ours or is_status_line(present.get("command"))
    ):
        return before
    if entry.before is not None:
        text.replace(_KEYS, entry.before)
    else:
        text.remove(_KEYS, entry.gap)
    if entry.created and text.is_empty():
        return None if entry.blank is None else entry.blank.encode()
    return text.text.encode()


def _text(path: str, data: bytes | None) -> tuple[Edited, dict[str, Any]]:
    """Return a settings file to edit, and its status line as it is read."""
    text = Edited.of(path, b"{}" if _is_blank(data) else data or b"")
    text.checked(edits=True)
    raw = text.raw(_KEYS)
    if raw is None:
        return text, {}
    found = json.loads(raw)
    return text, found if isinstance(found, dict) else {}


def _require_kept(path: str, raw: str | None) -> None:
    """Raise for a status line that cannot be called or kept."""
    if raw is not None and not isinstance(json.loads(raw), dict):
        raise FileStateError(
            f"statusLine in {path} is not an object, so Claude Code ignores "
            "the whole file",
            "correct or remove it",
        )
    if raw is not None and secrets_in(raw):
        raise FileStateError(
            f"statusLine in {path} contains a secret",
            "move it to where only the command reads it",
        )


def _is_blank(data: bytes | None) -> bool:
    return data is None or not data.strip(b" \t\r\n")


def _ended(text: Edited, before: bytes | None) -> bytes:
    return (text.text + "\n" * (before is None)).encode()


def _command() -> str:
    return shlex.join([*own_command(), "statusline"])


def _calls_this(former: dict[str, Any]) -> bool:
    return former.get("command") == _command()


def _plan(
    draft: Draft, path: str, before: bytes | None, after: bytes | None
) -> None:
    """Plan the settings file; `undo` takes the edit back, and no other."""
    if after is None and is_link_to_file(path):
        after = b"{}\n"  # the link is a person's
    if after == before:
        return
    change = FileChange(path, before, after, 0o600)
    if before is None or after is None:
        draft.edit(change, own=True)
    else:
        draft.edit(change)
        draft.splices.append(splice_of(path, before, after))


def parse(path: str, data: bytes | None) -> list[StatusLineSet]:
    """Read the record."""
    if data is None:
        return []
    kind = tuple[StatusLineSet, ...]
    return list(own_json.read(kind, path, data, _LOST, key="files"))


def _records(draft: Draft) -> list[StatusLineSet]:
    path = draft.workspace.paths.status_lines_file
    return parse(path, draft.read(path, LIMIT))


def _record(draft: Draft, entries: list[StatusLineSet]) -> None:
    if entries == _records(draft):
        return
    path = draft.workspace.paths.status_lines_file
    files = [entry._asdict() for entry in sorted(entries)]
    after = own_json.encode(files=files) if entries else None
    draft.write(path, after, limit=LIMIT, own=True, private=True)
