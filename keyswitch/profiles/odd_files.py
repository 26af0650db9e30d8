"""Files in keyswitch's own folders that are not what they should be.

A damaged one is renamed, so that nothing of it is lost and no one reads it. A
kill leaves stages beside what they were going to replace; a change of other
programs' files has a journal that names its stages.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from keyswitch.disk.atomic import (
    STAGE_PREFIX,
    forget,
    is_stage_of,
    names_in,
    unusable,
)
from keyswitch.errors import DamagedFileError, OddFileError
from keyswitch.profiles.paths import Paths

MARK = ".damaged-"

# Each entry of these folders counts, so what is set aside leaves them.
_LISTED = ("bound", "compiled", "intents", "journal", "trust")


def refuse_links(paths: Paths) -> None:
    """Raise if a folder of the state is a link: what it leads to is not ours.

    Files there come and go by name, and are set aside. A person may link the
    folder of profiles, or all of the state, to another disk.
    """
    for folder in paths.state_folders:
        if os.path.islink(folder):
            raise OddFileError(
                folder,
                f"{folder} is a link, and keyswitch follows no links there",
                "move it out of the way",
            )


def set_aside(path: str) -> str:
    """Rename what has this name; return where it is now.

    Raises OSError, and where a link leads to the file: it may be anybody's.
    """
    folder, name = os.path.split(path)
    if os.path.islink(folder):
        raise OSError(errno.ELOOP, "a link points there", path)
    parent, last = os.path.split(folder)
    if last in _LISTED:
        folder, name = parent, f"{last}-{name}"
    base = os.path.join(folder, name[:200] + MARK)
    number = 1
    while os.path.lexists(place := f"{base}{number}"):
        number += 1
    os.rename(path, place)
    return place


def may_go(paths: Paths, error: OddFileError) -> bool:
    """Tell whether keyswitch can do without the file that an error names.

    It can do without anything in its state folder.
    """
    if is_link_to_key(paths, error.path):
        return False
    in_state = error.path.startswith(paths.state + os.sep)
    return in_state or isinstance(error, DamagedFileError)


def is_link_to_key(paths: Paths, path: str) -> bool:
    """Tell whether this is a person's link to the machine key.

    It may lead to a disk that is not there now and comes back.
    """
    return path == paths.machine_key_file and os.path.islink(path)


def baseline_files(paths: Paths) -> list[str]:
    """Return the files that record what was there before keyswitch."""
    folder = paths.baseline_dir
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as e:
        raise unusable(folder, e) from e
    found = [os.path.join(folder, name) for name in names]
    # What was set aside counts as long as it can be read.
    return [f for f in found if MARK not in f or os.path.isfile(f)]


def of_the_vault(paths: Paths) -> Iterator[str]:
    """Yield stages of the vault, which has a lock of its own."""
    for path in _under_its_lock(paths):
        folder, last = os.path.split(os.path.realpath(path))
        for name in names_in(folder):
            if is_stage_of(name, last):
                yield os.path.join(folder, name)


def of_the_rest(paths: Paths) -> Iterator[str]:
    """Yield stages of all else, which keyswitch's lock guards."""
    others = [
        os.path.basename(os.path.realpath(path))
        for path in _under_its_lock(paths)
    ]
    for folder in paths.own_folders:
        # A file a secret: none is staged by itself, and a list takes long.
        names = [] if folder == paths.bound_dir else names_in(folder)
        for name in names:
            if name.startswith(STAGE_PREFIX) and not any(
                is_stage_of(name, other) for other in others
            ):
                yield os.path.join(folder, name)


def sweep(paths: Paths) -> None:
    """Remove stages of single-file writes that a kill left; under the lock."""
    for path in of_the_rest(paths):
        forget(path)


def _under_its_lock(paths: Paths) -> tuple[str, ...]:
    return paths.vault_file, paths.vault_seen_file, paths.machine_key_file
