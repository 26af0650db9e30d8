"""What was changed: a line each, and what takes the last changes back.

The history says what each command changed and when. An undo record holds the
text that keyswitch's own files had before (none of them ever holds a secret),
the pointer before and after, and which store items the change made or left.
Items stay in their store while a record needs them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from keyswitch.changes.draft import Draft, Splice
from keyswitch.disk.digests import digest
from keyswitch.errors import DamagedFileError
from keyswitch.model import Frozen, MovedLogin, Profile, Rights, SecretRef
from keyswitch.profiles import own_json, state

LIMIT = 1 << 24  # bytes of undo file and history, both kept short
MAX_LINES = 1000  # of the history
MAX_RECORDS = 10  # that can be taken back
MAX_WITH_SECRETS = 3  # generations of old secrets that stay in a store


class Entry(Frozen):
    """One line of the history."""

    at: str  # ISO 8601, UTC, seconds
    command: str
    profile: str
    fingerprint: str


def now() -> str:
    """Return the present time as the history writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def main_fingerprint(profile: Profile) -> str:
    """Return the fingerprint that the history shows for a profile."""
    return ",".join(ref.fingerprint for ref in profile.secrets.values())


def appended(
    before: bytes | None, command: str, profile: str, fingerprint: str
) -> bytes:
    """Return the history's bytes with one more line; old ones fall off."""
    lines = (before or b"").splitlines()[-(MAX_LINES - 1) :]
    line = json.dumps(Entry(now(), command, profile, fingerprint)._asdict())
    return b"".join(part + b"\n" for part in [*lines, line.encode()])


def parse(data: bytes | None) -> list[Entry]:
    """Return the entries, oldest first; damaged lines are left out."""
    entries = []
    for line in (data or b"").splitlines():
        try:
            found = json.loads(line)
            entries.append(Entry(*(str(found[key]) for key in Entry._fields)))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return entries


class OwnFile(Frozen):
    """One of keyswitch's own files: its text before, a digest of it after."""

    path: str
    before: str | None
    after: str | None  # sha256, hex


class Record(Frozen):
    """One change that can be taken back."""

    at: str
    command: str
    profile: str
    files: tuple[OwnFile, ...] = ()
    pointer_before: tuple[str, str] | None = None  # active, previous
    pointer_after: tuple[str, str] | None = None
    created: tuple[SecretRef, ...] = ()
    discarded: tuple[SecretRef, ...] = ()
    splices: tuple[Splice, ...] = ()  # in the order in which they were made
    modes: tuple[Rights, ...] = ()
    moved: MovedLogin | None = None  # the login, if it was
    elsewhere: tuple[str, ...] = ()  # other configuration folders
    moved_in: str = ""  # the login's folder; 0.1.0 did not say

    @property
    def what(self) -> str:
        """What was done, as a person would type it."""
        return f"{self.command} {self.profile}".strip()

    @property
    def paths(self) -> Iterator[str]:
        """Every path that it names."""
        for part in (self.files, self.splices, self.modes):
            yield from (one.path for one in part)
        yield from (*self.elsewhere, self.moved_in)


def splice_of(path: str, before: bytes, after: bytes) -> Splice:
    """Return the edit that leads from one text to another."""
    start = 0
    shortest = min(len(before), len(after))
    while start < shortest and before[start] == after[start]:
        start += 1
    end = 0
    while end < shortest - start and before[-1 - end] == after[-1 - end]:
        end += 1
    removed = before[start : len(before) - end]
    return Splice(
        path,
        start,
        len(after) - end - start,
        removed.decode("utf-8", "surrogateescape"),
        digest(after),
    )


def spliced_back(splice: Splice, data: bytes | None) -> bytes | None:
    """Return the text before an edit; None: the file was changed since."""
    if data is None or digest(data) != splice.after:
        return None
    removed = splice.removed.encode("utf-8", "surrogateescape")
    return (
        data[: splice.offset] + removed + data[splice.offset + splice.length :]
    )


def _record_of(draft: Draft) -> Record:
    before = after = None
    if draft.pointer is not None:
        present = state.read(draft.workspace.paths)
        before = (present.active, present.previous)
        after = (draft.pointer.active, draft.pointer.previous)
    ends = {change.path: change.after for change in draft.changes()}
    moved_in = draft.workspace.places.login_dir if draft.moved else ""
    return Record(
        at=now(),
        command=draft.command,
        profile=draft.profile,
        files=tuple(
            OwnFile(
                path,
                None if text is None else text.decode(),
                digest(ends[path]),
            )
            for path, text in draft.own.items()
            if path in ends
        ),
        pointer_before=before,
        pointer_after=after,
        created=tuple(draft.created),
        discarded=tuple(draft.discarded),
        splices=tuple(draft.splices),
        modes=tuple(draft.modes),
        moved=draft.moved,
        elsewhere=tuple(draft.elsewhere),
        moved_in=moved_in,
    )


def after(
    records: list[Record], draft: Draft
) -> tuple[list[Record], list[SecretRef]]:
    """Return the records after a change, and the items nobody needs then."""
    if draft.is_undo:
        return records[:-1], draft.discarded
    if draft.beside:
        return records, []
    gone: list[SecretRef] = []
    if draft.undoable:
        records = [*records, _record_of(draft)]
        kept = _few(records)
    else:
        gone += draft.discarded
        kept = _still_true(records, draft)
    for record in records[: len(records) - len(kept)]:
        gone += record.discarded
    return kept, gone


def _few(records: list[Record]) -> list[Record]:
    """Return the newest records, of which few need old secrets."""
    kept = records[-MAX_RECORDS:]
    holders = [record for record in kept if record.discarded]
    if len(holders) > MAX_WITH_SECRETS:
        # An older record cannot be undone without the newer ones, and never
        # without its secret, so everything up to it goes.
        kept = kept[kept.index(holders[-MAX_WITH_SECRETS - 1]) + 1 :]
    return kept


def _still_true(records: list[Record], draft: Draft) -> list[Record]:
    """Return the records that a change without a way back leaves true."""
    if draft.forget_undo or draft.pointer is not None:
        return []
    touched = set(draft.own)
    keep_from = 0
    for index, record in enumerate(records):
        if record.profile == draft.profile or touched & {
            file.path for file in record.files
        }:
            keep_from = index + 1
    return records[keep_from:]


def to_bytes(records: list[Record]) -> bytes | None:
    """Return the undo file; None: there is nothing to undo, and no file."""
    if not records:
        return None
    return own_json.encode(records=[_document(r) for r in records])


def needed(data: bytes | None, path: str) -> bytes:
    """Return an undo file without what its records only made.

    Such an item has another owner, or none any more: to take the change back
    needs what it discarded, not what it created.
    """
    records = [record._replace(created=()) for record in parse_undo(data, path)]
    return to_bytes(records) or data or b""


def _document(record: Record) -> dict[str, Any]:
    found = record._asdict()
    for key in ("files", "created", "discarded", "splices", "modes"):
        found[key] = [one._asdict() for one in found[key]]
    return found


def parse_undo(data: bytes | None, path: str) -> list[Record]:
    """Read the undo file."""
    if data is None:
        return []
    kind = tuple[Record, ...]
    records = own_json.read(kind, path, data, _LOST, key="records")
    if not own_json.are_paths(p for record in records for p in record.paths):
        raise DamagedFileError(path, _LOST)
    return list(records)


_LOST = "earlier changes can no longer be undone"
