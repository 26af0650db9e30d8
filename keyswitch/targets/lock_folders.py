"""File locks of other programs, so that neither writer loses a change.

A lock is a directory beside the file (`<file>.lock`), made by mkdir; its
modification time is a heartbeat. One that is too old counts as left behind and
is taken over. They are held for well under a second, and never across a
question or a keychain.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import stat
import time
from collections.abc import Callable, Iterator, Sequence

from keyswitch.errors import FileStateError
from keyswitch.model import Frozen
from keyswitch.profiles import clock
from keyswitch.progress import Progress

WAIT = 5.0  # seconds for the other program to finish
_POLL = 0.02

# Our locks are known by their mode, and so is one that a kill left. Nobody
# needs to write in a lock, and no other program makes one like this.
_MODE = 0o500
_LEFT_WITHIN = 60.0  # seconds from a journal to the last lock it speaks of


class LockSpec(Frozen):
    """One lock directory of a program, and when it counts as left behind.

    It lies in or beside something that a person calls `beside`, and that is
    really `real`.
    """

    path: str
    beside: str
    real: str
    program: str  # as messages call it
    stale_after: float  # seconds
    holders: str = ""  # processes of the program, in parentheses


@contextlib.contextmanager
def held(specs: Sequence[LockSpec]) -> Iterator[None]:
    """Hold the locks, taken in the given order, released in reverse."""
    taken: list[str] = []
    try:
        for spec in specs:
            _wait(spec, _is_taken)
            taken.append(spec.path)
        yield
    finally:
        for path in reversed(taken):
            _release(path)


def _release(path: str) -> None:
    for _ in range(2):  # a passing fault must not leave the lock behind
        with contextlib.suppress(OSError):
            os.rmdir(path)
            return


def wait_until_free(specs: Sequence[LockSpec]) -> None:
    """Wait until nobody holds the locks, without taking them.

    Done before a change leaves anything on disk that others have to look at.
    """
    for spec in specs:
        _wait(spec, _is_free)


def require_free(specs: Sequence[LockSpec]) -> None:
    """Raise what `wait_until_free` would, and leave every lock as it is."""
    for spec in specs:
        _wait(spec, _is_free_or_left)


def _is_free_or_left(spec: LockSpec) -> bool:
    """Tell whether a change could have the lock: it would go, if it is old."""
    if _is_free(spec):
        return True
    try:
        return _is_stale(spec) and not os.listdir(spec.path)
    except OSError:
        return False


def _is_free(spec: LockSpec) -> bool:
    return not os.path.lexists(spec.path)


def _is_taken(spec: LockSpec) -> bool:
    """Take a lock, unless it is there."""
    try:
        os.mkdir(spec.path, _MODE)
    except FileExistsError:
        return False
    return True


def _wait(spec: LockSpec, done: Callable[[LockSpec], bool]) -> None:
    """Repeat until `done`; a lock that was left behind is taken away."""
    if done(spec):
        return
    end = time.monotonic() + WAIT
    who = f"{spec.program}{spec.holders}"
    with Progress(f"waiting for {who}, which holds {spec.path}"):
        while not done(spec):
            if _is_stale(spec):
                _remove_stale(spec)
            if time.monotonic() > end:
                raise FileStateError(
                    f"{who} has held {spec.path} for more than {WAIT:.0f} s",
                    f"try again when it has finished writing; if no "
                    f"{spec.program} runs: rmdir {shlex.quote(spec.path)}",
                )
            time.sleep(_POLL)


def _remove_stale(spec: LockSpec) -> None:
    """Remove a lock that was left behind, or say why it will not go."""
    try:
        os.rmdir(spec.path)
    except FileNotFoundError:
        return
    except OSError as e:
        what = "is a file, not a lock" if e.errno == errno.ENOTDIR else ""
        if e.errno == errno.ENOTEMPTY:
            what = "is a lock that is not empty"
        why = what or f"cannot be removed: {(e.strerror or '').lower()}"
        raise FileStateError(
            f"{spec.path} {why}, so {spec.program}'s files were not changed",
            f"check it, then: rm -r {shlex.quote(spec.path)}",
        ) from e


def _is_stale(spec: LockSpec) -> bool:
    """Tell whether a lock's last sign of life is too old, or no time at all.

    A holder renews the time, so a time in the future is nobody's.
    """
    try:
        modified = os.lstat(spec.path).st_mtime
    except FileNotFoundError:
        return False
    return abs(clock.now() - modified) > spec.stale_after


def remove_orphans(paths: Sequence[str], since: float) -> None:
    """Remove locks that a killed command of ours left.

    It made them after its journal was written at `since`. A lock of that
    program may stand there instead: the command was killed before its turn.
    """
    for path in paths:
        with contextlib.suppress(OSError):
            found = os.stat(path)
            ours = stat.S_IMODE(found.st_mode) == _MODE
            if ours and since <= found.st_mtime <= since + _LEFT_WITHIN:
                os.rmdir(path)
