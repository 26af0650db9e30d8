"""Whether what a command renames is on disk, by the order of its calls.

A kill does not show it: the page cache survives one. So the trace of a clean
run is read: what a command has written is synced before it is renamed over a
name, and the folder of that name after it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_CALL = re.compile(r"^(?:\d+\s+)?(\w+)\((.*)\)\s+= (-?\d+)")
_NAMES = re.compile(r'"([^"]*)"')
_OPEN_AS = re.compile(r"^\d+<([^>]*)>")


def undurable(log):
    """Yield what a trace leaves to chance."""
    written, synced, waiting = set(), set(), {}
    for line in Path(log).read_text(errors="replace").splitlines():
        match = _CALL.match(line)
        if not match or match[3].startswith("-"):
            continue
        call, arguments = match[1], match[2]
        on = _OPEN_AS.match(arguments)
        if call in ("write", "pwrite64", "ftruncate") and on:
            written.add(on[1])
            synced.discard(on[1])
        elif call in ("fsync", "fdatasync") and on:
            synced.add(on[1])
            waiting = {k: v for k, v in waiting.items() if v != on[1]}
        elif call.startswith("rename"):
            before, after = _NAMES.findall(arguments)[:2]
            if before in written and before not in synced:
                yield f"{_brief(after)} was renamed before it was synced"
            for known in (written, synced):
                if before in known:
                    known.discard(before)
                    known.add(after)
            waiting[after] = os.path.dirname(after)
    for name in waiting:
        yield f"the folder of {_brief(name)} was not synced after a rename"


def _brief(path):
    return os.path.join(*Path(path).parts[-2:])
