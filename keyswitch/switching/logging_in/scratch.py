"""Configuration folders that are there for one login only.

Claude Code's own login runs in one, so that the present login stays. It holds
tokens for a moment, so the next command wipes what a killed one left.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from keyswitch.disk.atomic import open_own
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import FileStateError, KeyswitchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.profiles.paths import Paths
    from keyswitch.targets.target import Keychain

_PREFIX = "scratch-"
_LOCK = ".keyswitch-lock"
_TRIES = 10  # folders, should a sweep take each new one for a left one


@contextlib.contextmanager
def scratch(paths: Paths, keychain: Keychain | None = None) -> Iterator[str]:
    """Make a configuration folder that is gone afterwards."""
    ensure_private_dir(paths.state)
    folder, descriptor = _new(paths)
    try:
        yield folder
    finally:
        _remove(folder, keychain)
        os.close(descriptor)


def _new(paths: Paths) -> tuple[str, int]:
    """Return a new folder, and the open lock that says it is in use."""
    for _ in range(_TRIES):
        folder = os.path.join(paths.state, _PREFIX + os.urandom(8).hex())
        ensure_private_dir(folder)
        # A sweep of another command may come before the lock does.
        with contextlib.suppress(FileNotFoundError):
            descriptor = _open_lock(folder)
            if _lock(descriptor) and os.fstat(descriptor).st_nlink:
                return folder, descriptor
            os.close(descriptor)
    raise FileStateError(
        f"no folder can be locked in {paths.state}",
        "try again, or keep that folder on another file system",
    )


def _open_lock(folder: str) -> int:
    return open_own(os.path.join(folder, _LOCK))


def _lock(descriptor: int) -> bool:
    """Take a scratch folder's lock; the kernel drops it with the process."""
    if os.name != "posix":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def sweep(paths: Paths, keychain: Keychain | None = None) -> None:
    """Wipe the scratch folders of commands that were killed."""
    try:
        names = [n for n in os.listdir(paths.state) if n.startswith(_PREFIX)]
    except OSError:
        return
    for name in names:
        with contextlib.suppress(OSError):
            _wipe(os.path.join(paths.state, name), keychain)


def _remove(folder: str, keychain: Keychain | None) -> None:
    import shutil

    if keychain is not None:
        # Their names are made of the folder's, so they go first.
        items = keychain.for_folder(folder)
        try:
            items.delete(items.login)
            items.delete(items.console)
        except KeyswitchError:
            return  # locked: the next command tries again
    shutil.rmtree(folder, ignore_errors=True)


def _wipe(folder: str, keychain: Keychain | None) -> None:
    descriptor = _open_lock(folder)
    try:
        if _lock(descriptor):
            _remove(folder, keychain)
    finally:
        os.close(descriptor)
