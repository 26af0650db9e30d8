"""The lock that lets one keyswitch command at a time change files."""

from __future__ import annotations

import os
import time

from keyswitch.disk import atomic
from keyswitch.disk.file_systems import cannot_lock
from keyswitch.errors import FileStateError

LOCK_WAIT = 10.0  # seconds to wait for another keyswitch command
_LOCK_POLL = 0.02  # seconds


def take(path: str, wait: float = LOCK_WAIT) -> int:
    """Take keyswitch's lock. The kernel drops it when the process ends.

    Raises FileStateError after `wait` seconds.
    """
    try:
        descriptor = atomic.open_own(path)
    except OSError as e:
        raise atomic.unusable(path, e) from e
    if os.name != "posix":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
        return descriptor
    import fcntl

    begun = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = time.monotonic() - begun
            if waited > wait:
                os.close(descriptor)
                raise FileStateError(
                    f"another keyswitch command is at work since {wait:.0f} s",
                    "wait for it, or answer what it asks",
                ) from None
            # Who has waited longer asks more often, and so is sooner served.
            time.sleep(_LOCK_POLL if waited < 1 else _LOCK_POLL / 10)
        except OSError as e:
            os.close(descriptor)
            raise cannot_lock(path, e) from e
        else:
            return descriptor
