"""The pointer: which profile is active, which was before, and a stamp.

Part of the express lane. The file is JSON in one fixed form, so that the lane
can read it without importing `json`; anything else is parsed properly.
"""

from __future__ import annotations

import errno
import os

from keyswitch.disk.opening import is_planted, read_opened
from keyswitch.errors import DamagedFileError, FileStateError, InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyswitch.profiles.paths import Paths

# What reading a folder, a FIFO, a socket and a loop of links comes to. A disk
# that fails, or too many open files, say nothing of the file.
_NO_FILE = (errno.EISDIR, errno.EAGAIN, errno.ENXIO, errno.ELOOP)
STATE_LIMIT = 4096  # bytes; the file holds two names and a stamp


class State:
    """Active and previous profile names ("" for none), and a change stamp."""

    def __init__(
        self, active: str = "", previous: str = "", stamp: str = ""
    ) -> None:
        self.active = active
        self.previous = previous
        self.stamp = stamp


def new_stamp() -> str:
    """Return a stamp that no earlier state of this machine had.

    By chance, since a clock may stand still, go back, or be beyond 2262.
    """
    return os.urandom(8).hex()


def to_bytes(state: State) -> bytes:
    """Write the one form that `read` understands without a JSON parser."""
    return (
        "{\n"
        '  "version": 1,\n'
        f'  "active": "{state.active}",\n'
        f'  "previous": "{state.previous}",\n'
        f'  "stamp": "{state.stamp}"\n'
        "}\n"
    ).encode("ascii")


def read(paths: Paths) -> State:
    """Return the present state; an absent file means nothing is active."""
    try:
        data, found = read_opened(paths.state_file, STATE_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(paths.state_file):
            raise _damaged(paths.state_file) from None
        return State()
    except OSError as e:
        if e.errno in _NO_FILE:
            raise _damaged(paths.state_file) from e
        raise FileStateError(
            f"cannot read {paths.state_file}: {e.strerror}",
            "it must be a regular file that you can read",
        ) from e
    if is_planted(found):
        raise FileStateError(
            f"{paths.state_file} belongs to another user",
            "delete it, then run 'keyswitch use NAME' again",
        )
    return parse(data, paths.state_file)


def parse(data: bytes, path: str) -> State:
    """Parse the bytes of a state file that came from `path`."""
    from keyswitch.profiles.names import check_name

    found = _in_our_form(data) or _in_any_json(data, path)
    stamp = found.stamp
    if stamp and not (stamp.isascii() and stamp.isalnum()):
        raise _damaged(path)  # it goes into a variable of every shell
    for name in filter(None, (found.active, found.previous)):
        try:
            check_name(name)
        except InputError as e:
            raise _damaged(path) from e
    return found


def _in_our_form(data: bytes) -> State | None:
    """Return the state of a text that `to_bytes` wrote."""
    values = data.decode("ascii", "replace").split('"')[5:14:4]
    if len(values) < 3 or b"\\" in data or not data.isascii():
        return None
    found = State(*values)
    return found if to_bytes(found) == data else None


def _in_any_json(data: bytes, path: str) -> State:
    from keyswitch.profiles import own_json

    document = own_json.document(path, data, _LOST)
    try:
        values = [document[k] or "" for k in ("active", "previous", "stamp")]
    except KeyError as e:
        raise _damaged(path) from e
    if not all(isinstance(value, str) for value in values):
        raise _damaged(path)
    return State(*values)


_LOST = "set the active profile again: keyswitch use NAME"


def _damaged(path: str) -> DamagedFileError:
    return DamagedFileError(path, _LOST)
