"""What a dry run prints: the plan that the command would carry out.

A line names a file and what becomes of it; of JSON files, each key. A value is
shown only where it is known to hold no secret.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterator
from typing import Any

from keyswitch.changes.draft import Draft
from keyswitch.model import ITEM_PREFIX, FileChange
from keyswitch.profiles import state
from keyswitch.targets import table
from keyswitch.workspace import own_command

_ABSENT = object()


def describe(draft: Draft) -> list[str]:
    """Return one line for each thing that the draft would change.

    Keyswitch's own records of what it did (history, undo, what was there
    before) follow every change and are left out.
    """
    return [
        *_pointer(draft),
        *(
            line
            for change in draft.changes()
            if not change.path.startswith(draft.workspace.paths.state + "/")
            for line in _of_file(change)
        ),
        *(
            f"{link.path}: {'link to' if link.wanted else 'no link to'} "
            f"{link.source}"
            for link in draft.links.values()
        ),
        *(f"{mode.path}: mode {mode.after:04o}" for mode in draft.modes),
        *(f"{one.before}: becomes {one.after}" for one in draft.folders),
        *_of_stores(draft),
    ]


def _pointer(draft: Draft) -> Iterator[str]:
    if draft.pointer is None:
        return
    before = state.read(draft.workspace.paths).active or "(none)"
    after = draft.pointer.active or "(none)"
    if before != after:
        yield f"{draft.workspace.paths.state_file}: active: {before} -> {after}"


def _of_file(change: FileChange) -> Iterator[str]:
    if change.path.startswith(ITEM_PREFIX):
        yield f"{change.path}: changed"
        return
    before, after = _object(change.before), _object(change.after)
    if after is None or before is None:
        done = "made" if change.before is None else "changed"
        yield f"{change.path}: {'removed' if change.after is None else done}"
        return
    for keys, now in _changed(before, after):
        name = f"{change.path}: {'.'.join(keys)}"
        if now is _ABSENT:
            yield f"{name} removed"
        elif _is_shown(keys, now):
            yield f"{name} = {json.dumps(now)}"
        else:
            yield f"{name} changed"


def _object(data: bytes | None) -> dict[str, Any] | None:
    """Return a JSON object; an absent file has no keys."""
    if data is None:
        return {}
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _changed(
    before: dict[str, Any], after: dict[str, Any]
) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield what differs, in `env` and the like one by one: keys, value now."""
    for key in sorted({*before, *after}):
        old, new = before.get(key, _ABSENT), after.get(key, _ABSENT)
        if old == new:
            continue
        inner = [value for value in (old, new) if isinstance(value, dict)]
        if len(inner) == 2 or (inner and _ABSENT in (old, new)):
            old, new = (v if isinstance(v, dict) else {} for v in (old, new))
            for name in sorted({*old, *new}):
                now = new.get(name, _ABSENT)
                if old.get(name, _ABSENT) != now:
                    yield (key, name), now
        else:
            yield (key,), new


def _is_shown(keys: tuple[str, ...], value: object) -> bool:
    """Tell whether a value may be printed: ours, or harmless by its name."""
    if not isinstance(value, str):
        return False
    own = shlex.join(own_command())
    return (
        not value
        or value.startswith(own)
        or not table.main().tokens.may_be_secret(keys, json.dumps(value))
    )


def _of_stores(draft: Draft) -> Iterator[str]:
    for refs, what in (
        ([item.ref for item in draft.items.values()], "stored"),
        (draft.dropped, "deleted"),
        (draft.discarded, "kept only for undo"),
    ):
        for store, count in sorted(Counter(r.store for r in refs).items()):
            yield f"{store}: {count} secret{'s'[: count > 1]} {what}"
