"""The key of this machine, with which fingerprints of secrets are made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.disk.atomic import (
    make_durable,
    read_regular,
    unusable,
    write_once,
)
from keyswitch.disk.private_folders import ensure_private_dir

if TYPE_CHECKING:
    from keyswitch.profiles.paths import Paths

SIZE = 32  # bytes
_LIMIT = 1024  # bytes of a file that should be one


def install_key(paths: Paths, *, keep: bool = True) -> bytes:
    """Return the key; make it the first time, and write it if `keep`."""
    path = paths.install_key_file
    key = read_regular(path, _LIMIT, ours=True)
    if key is not None and len(key) == SIZE:
        return key
    if not keep:
        return os.urandom(SIZE)
    ensure_private_dir(paths.state)
    try:
        if key is not None:
            os.unlink(path)  # half of one, from a command that was killed
        write_once(path, os.urandom(SIZE))
        make_durable(path)  # fingerprints are compared for years
    except FileExistsError:
        pass  # another command was faster
    except OSError as e:
        raise unusable(path, e) from e
    return read_regular(path, _LIMIT) or b""
