"""Where Claude Code's files are, by its own rules, and which locks they have.

Observed, Claude Code 2.1.330. `CLAUDE_CONFIG_DIR` moves everything; set but
empty it means the current directory for credentials while `.claude.json` stays
in the home directory. A `~` in it is not expanded. Set to `~/.claude` it still
moves `.claude.json` into that directory. A login service of its own gives that
file another name.

A lock that is older than ten seconds counts as left behind; a writer that
finds a fresh one tries for about 1.4 s and then writes all the same.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from keyswitch.model import Frozen
from keyswitch.targets.claude_code.repository import root_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keyswitch.targets.lock_folders import LockSpec

CONFIG_VARIABLE = "CLAUDE_CONFIG_DIR"
STORAGE_VARIABLE = "CLAUDE_SECURESTORAGE_CONFIG_DIR"
MANAGED_DIR = "/etc/claude-code"

_OAUTH_SERVICE = "CLAUDE_CODE_CUSTOM_OAUTH_URL"
# `.claude.json`, what it was called before, and what it is beside a service.
CONFIG_NAMES = (".claude.json", ".config.json", ".claude-custom-oauth.json")
CREDENTIALS_NAME = ".credentials.json"


class Locations(Frozen):
    """Absolute paths; the files need not exist."""

    config_dir: str
    settings: str
    global_config: str  # .claude.json, or the older .config.json
    credentials: str
    backups: str
    project_settings: str
    local_here: str  # counts less than `local_settings`
    local_settings: str  # of the repository

    @property
    def login_dir(self) -> str:
        """The folder that has the login, mostly the configuration folder."""
        return os.path.dirname(self.credentials)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that a switch may write."""
        return self.settings, self.global_config, self.credentials

    def with_login_in(self, folder: str) -> Self:
        """Return the same with the login in another folder."""
        path = os.path.join(folder, os.path.basename(self.credentials))
        return self._replace(credentials=path)


def config_dir_of(environ: Mapping[str, str], home: str, cwd: str) -> str:
    """Return the configuration folder alone."""
    given = environ.get(CONFIG_VARIABLE)
    if given is None:
        return os.path.join(home, ".claude")
    return os.path.normpath(os.path.join(cwd, given))


def locations(environ: Mapping[str, str], home: str, cwd: str) -> Locations:
    """Return the places for this environment and working directory."""
    config_dir = config_dir_of(environ, home, cwd)
    beside = config_dir if environ.get(CONFIG_VARIABLE) else home
    usual, _, beside_service = CONFIG_NAMES
    name = beside_service if environ.get(_OAUTH_SERVICE) else usual
    global_config = os.path.join(beside, name)
    legacy = os.path.join(config_dir, ".config.json")
    if os.path.exists(legacy):
        global_config = legacy
    storage = environ.get(STORAGE_VARIABLE)
    storage_dir = os.path.join(cwd, storage) if storage else config_dir
    return Locations(
        config_dir=config_dir,
        settings=os.path.join(config_dir, "settings.json"),
        global_config=global_config,
        credentials=os.path.join(storage_dir, CREDENTIALS_NAME),
        backups=os.path.join(config_dir, "backups"),
        project_settings=os.path.join(cwd, ".claude", "settings.json"),
        local_here=os.path.join(cwd, ".claude", "settings.local.json"),
        local_settings=os.path.join(
            root_of(cwd, home), ".claude", "settings.local.json"
        ),
    )


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
    # Loaded here, since most commands hold no lock.
    from keyswitch.targets.lock_folders import LockSpec

    return LockSpec(path, beside, real, "Claude Code", _STALE_AFTER)
