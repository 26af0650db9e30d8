"""Who holds a lock that somebody waits for, as far as Linux tells.

The kernel's table of locks has the process, and /proc its command line.
Elsewhere, and of processes of other containers, nothing is known.
"""

from __future__ import annotations

import os

from keyswitch.display import printable, without_secrets

_LONGEST = 60  # characters of a command line
_NAMES = ("keyswitch", "keyswitch.pyz")


def holder_of(descriptor: int, what: str, place: int | None = None) -> str:
    """Return who has a lock of an open file, as far as it is known.

    `what` is a word for it; `place` is the byte that is locked, None: all.
    """
    pid = _holder(descriptor, place)
    if not pid:
        return what
    command = _command(pid)
    return f"'{command}' (pid {pid})" if command else f"{what} (pid {pid})"


def _holder(descriptor: int, place: int | None) -> int:
    """Return the process that has a lock of a file; 0: not known.

    A line of /proc/locks, proc(5): number, kind, mode, access, pid,
    device:inode, first byte, last byte. Those that wait have an arrow.
    """
    first = str(place or 0)
    try:
        inode = str(os.fstat(descriptor).st_ino)
        with open("/proc/locks", encoding="ascii") as table:
            rows = [line.split() for line in table if "->" not in line]
    except (OSError, UnicodeError):
        return 0
    kind = "FLOCK" if place is None else "POSIX"
    for row in rows:
        if len(row) < 8 or row[1] != kind or row[6] != first:
            continue
        if row[5].rpartition(":")[2] == inode and row[4].isdecimal():
            return int(row[4])
    return 0


def _command(pid: int) -> str:
    """Return the keyswitch command line of a process, or ""."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = os.fsdecode(file.read()).split("\0")[:-1]
    except OSError:
        return ""
    for at, word in enumerate(words):
        if os.path.basename(word) in _NAMES:
            own = " ".join(["keyswitch", *words[at + 1 :]])
            return printable(without_secrets(own))[:_LONGEST]
    return ""
