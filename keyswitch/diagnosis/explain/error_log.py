"""The newest API error that Claude Code wrote into its own transcripts.

Observed, Claude Code 2.1.330: each turn is a line of JSON below `projects`; an
error that was shown to the person has `isApiErrorMessage`. Only the ends of
the newest files are read, and nothing is changed.
"""

from __future__ import annotations

import heapq
import json
import os
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from keyswitch.disk.opening import open_flags
from keyswitch.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER = "projects"
FILES = 64  # newest transcripts that are looked into
TAIL = 1 << 20  # bytes of each
DEPTH = 6  # folders below `projects`
ENTRIES = 100_000  # names that are looked at

_MARK = b'"isApiErrorMessage"'


class Logged(Frozen):
    """One error: what was shown, when, and in which file it stands."""

    text: str
    at: float  # seconds since 1970
    path: str
    _hidden = ("text",)

    @property
    def time(self) -> str:
        """The local time, as a person writes it."""
        try:
            moment = datetime.fromtimestamp(self.at, UTC).astimezone()
        except (ValueError, OverflowError, OSError):
            return f"at {self.at:.0f} s"  # no year that a calendar has
        return moment.strftime("%Y-%m-%d %H:%M:%S")


def newest_error(config_dirs: Iterable[str]) -> Logged | None:
    """Return the newest error of these configuration directories."""
    folders = dict.fromkeys(os.path.join(d, FOLDER) for d in config_dirs)
    best: Logged | None = None
    for written, path in heapq.nlargest(FILES, _transcripts(*folders)):
        # No line of a file is newer than the file.
        if best is not None and best.at >= written:
            break
        found = _last_error(path, written)
        if found is not None and (best is None or found.at > best.at):
            best = found
    return best


def _transcripts(*folders: str) -> Iterator[tuple[float, str]]:
    """Yield (time, path) of transcripts; symbolic links are passed over."""
    left = ENTRIES
    waiting = [(folder, 0) for folder in folders]
    while waiting:
        folder, depth = waiting.pop()
        try:
            entries = list(os.scandir(folder))[:left]
        except (OSError, ValueError):
            continue
        left -= len(entries)
        for entry in entries:
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISDIR(found.st_mode) and depth < DEPTH:
                waiting.append((entry.path, depth + 1))
            elif stat.S_ISREG(found.st_mode) and entry.name.endswith(".jsonl"):
                yield found.st_mtime, entry.path


def _last_error(path: str, written: float) -> Logged | None:
    best: Logged | None = None
    for line in _tail(path).split(b"\n"):
        if _MARK not in line:
            continue
        text, at = _error_in(line)
        at = written if at is None else min(at, written)
        if text and (best is None or at >= best.at):
            best = Logged(text, at, path)
    return best


def _tail(path: str) -> bytes:
    """Return the end of a file, from the beginning of a line."""
    try:
        descriptor = os.open(path, os.O_RDONLY | open_flags())
    except (OSError, ValueError):
        return b""
    try:
        with open(descriptor, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = max(0, size - TAIL)
            file.seek(start)
            data = file.read(TAIL)
    except OSError:
        return b""
    return data.partition(b"\n")[2] if start else data


def _error_in(line: bytes) -> tuple[str, float | None]:
    """Return the text and time of a line, "" if it is no error."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return "", None
    known = isinstance(entry, dict) and entry.get("isApiErrorMessage") is True
    if not known:
        return "", None
    message = entry.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = [p.get("text") for p in parts if isinstance(p, dict)]
    text = "\n".join(t for t in texts if isinstance(t, str))
    return text, _time(entry.get("timestamp"))


def _time(value: Any) -> float | None:
    try:
        return datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
