"""Which locks Claude Code takes before it writes one of its files.

Observed, Claude Code 2.1.330: a lock that is older than ten seconds counts as
left behind; a writer that finds a fresh one tries for about 1.4 s and then
writes all the same.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.targets.claude_code.files import CONFIG_NAMES, CREDENTIALS_NAME
from keyswitch.targets.lock_folders import LockSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

_STALE_AFTER = 10.0  # seconds


def locks(changed: Iterable[str]) -> list[LockSpec]:
    """Return the locks to hold while these files are replaced, in its order.

    Files that it writes without a lock need none.
    """
    logins, configs = [], []
    for path in sorted(changed):
        folder, name = os.path.split(path)
        if name == CREDENTIALS_NAME:
            logins += login_locks(folder)
        elif name in CONFIG_NAMES:
            configs.append(config_lock(path))
    return [*logins, *configs]


def config_lock(global_config: str) -> LockSpec:
    """Return the lock of `.claude.json`, or of the older `.config.json`."""
    real = os.path.realpath(global_config)
    return _lock(f"{real}.lock", global_config, real)


def login_locks(folder: str) -> list[LockSpec]:
    """Return the locks of a folder's `.credentials.json`, in their order.

    Observed, Claude Code 2.1.330: a renewal takes the first two, every write
    the third. Holding the third for 15 s can cost a login.
    """
    real = os.path.realpath(folder)
    return [
        _lock(path, folder, real)
        for path in (
            os.path.join(real, ".oauth_refresh.lock"),
            f"{real}.lock",
            os.path.join(real, ".storage-write.lock"),
        )
    ]


def _lock(path: str, beside: str, real: str) -> LockSpec:
    return LockSpec(path, beside, real, "Claude Code", _STALE_AFTER)
