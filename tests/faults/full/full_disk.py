"""Commands on a disk that has room for a few pages, or names, and no more.

Run as `unshare -m python -m tests.faults.full.full_disk NAME FOLDER`: it mounts
a file system of its own in memory. Such a disk also gives writes that are
short. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.faults.full.commands import command_case
from tests.faults.full.warm import Warm
from tests.faults.harness import aftermath, prepared

NAMES = (
    "add", "first-use", "install", "link", "off", "remove-active", "rotate",
    "use-bedrock", "vault-passwd", "vault-rotate",
)  # fmt: skip
PAGE = 4096
ENOUGH = 1 << 26  # bytes
DONE = 3  # successes in a row, after which more room changes nothing
MOST = 200  # pages, which no command needs


class Disk:
    """A file system in memory whose free room can be set."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        self._mount(f"size={ENOUGH},nr_inodes=10000", "tmpfs")

    def leave(self, what, count):
        """Leave so many free pages, or free inodes."""
        found = os.statvfs(self.path)
        if what == "pages":
            used = (found.f_blocks - found.f_bfree) * found.f_frsize
            self._mount(f"remount,size={used + count * PAGE}")
        else:
            used = found.f_files - found.f_ffree
            self._mount(f"remount,nr_inodes={used + count}")

    def grow(self):
        """Give it enough room again."""
        self._mount(f"remount,size={ENOUGH},nr_inodes=10000")

    def forbid(self, how):
        """Let nobody write (`ro`), or everybody again (`rw`)."""
        self._mount(f"remount,{how}")

    def end(self):
        """Unmount it."""
        subprocess.run(["umount", str(self.path)], check=True)

    def _mount(self, options, kind=""):
        what = ["-t", kind, kind] if kind else []
        subprocess.run(
            ["mount", "-o", options, *what, str(self.path)], check=True
        )


def fill(name, folder, warm):
    """Try one command with ever more room; return (points, violations)."""
    disk = Disk(folder / name)
    case, environ = command_case(name, "plain", warm, folder / "kit")
    places, clean = prepared(case, environ, disk.path, [warm])
    place, points, found = places.get(), 0, []
    for what in ("pages", "inodes"):
        done = count = failed = 0
        while done < DONE:
            assert count < MOST, f"{name}: never done"
            place.fresh()
            disk.leave(what, count)
            ended = place.run(case.command, place.home, environ)
            disk.grow()
            where = f"{name}: {count} {what} left"
            bad = [
                *_said(ended),
                *aftermath(case, environ, place, ended, clean),
            ]
            found += [f"{where}: {violation}" for violation in bad]
            done = 0 if ended.returncode else done + 1
            failed += ended.returncode == 1
            points += 1
            count += 1
        if not failed:
            found.append(f"{name}: {what} never ran out")
    points += 1
    found += [f"{name}: read-only: {v}" for v in _read_only(
        disk, case, environ, place, clean
    )]  # fmt: skip
    disk.end()
    return points, found


def _read_only(disk, case, environ, place, clean):
    """Yield what is wrong after the command on a disk that is read-only."""
    place.fresh()
    disk.forbid("ro")
    ended = place.run(case.command, place.home, environ)
    disk.forbid("rw")
    if (
        ended.returncode != 1
        or b"read-only file system" not in ended.stderr.lower()
    ):
        yield f"exit {ended.returncode}: {ended.stderr[-300:]}"
    yield from aftermath(case, environ, place, ended, clean)


def _said(ended):
    """Yield what is wrong with the end of a command that had no room."""
    if ended.returncode not in (0, 1, 6):
        yield f"exit {ended.returncode}: {ended.stderr[-300:]}"
    if b"Traceback" in ended.stderr or b"this is a bug" in ended.stderr:
        yield f"a traceback: {ended.stderr[-300:]}"
    if ended.returncode == 1 and b"no space left" not in ended.stderr.lower():
        yield f"another reason: {ended.stderr[-300:]}"


def main(name, folder):
    warm = Warm()
    points, violations = fill(name, folder, warm)
    warm.close()
    print(json.dumps({"points": points, "violations": violations}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
