"""What keyswitch asks of a program whose files a switch changes.

`table.py` lists the programs; each is a module that has the names of `Target`.
Its plan is pure: it reads through the function that it is given, and returns
what the files are to be. `switching/planning` adds that to the draft of a
change, which reaches the disk all or not at all.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from keyswitch.disk.digests import sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import Self

    from keyswitch.model import SecretRef
    from keyswitch.profiles.paths import Paths
    from keyswitch.targets.lock_folders import LockSpec
    from keyswitch.targets.login import Logins
    from keyswitch.targets.parts import (
        Account,
        Folders,
        Launch,
        PlannedFile,
        Read,
        Sessions,
        Tokens,
    )

    KeyOf = Callable[[Account], SecretRef | None]
    Keys = Callable[[KeyOf, Collection[str]], Iterable[tuple[str, str]]]

MAIN = "claude-code"  # whose folders a profile may have, and whose logins


class Places(Protocol):
    """Where one configuration folder of the main program has its files.

    Absolute paths; the files need not exist. Its own type knows more of them.
    """

    @property
    def config_dir(self) -> str:
        """The folder itself."""

    @property
    def login_dir(self) -> str:
        """The folder that has the login, mostly the same."""

    @property
    def settings(self) -> str:
        """The file that says which account is used."""

    @property
    def credentials(self) -> str:
        """The file that has the login."""

    @property
    def global_config(self) -> str:
        """The file that says who is logged in."""

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that a switch may write."""

    def with_login_in(self, folder: str) -> Self:
        """Return the same with the login in another folder."""


def _no_keys(_: KeyOf, __: Collection[str]) -> list[tuple[str, str]]:
    return []


class Request(NamedTuple):
    """What a program is set up for, and what its plan may use of keyswitch."""

    paths: Paths
    program: tuple[str, ...]  # the words that start this keyswitch
    account: Account | None = None  # None: what was there before comes back
    # The folder whose settings change: a link may lead to another one's. None:
    # the settings stay.
    settings_of: Any = None
    cancels_shell_keys: bool = True
    keep_changed: bool = False  # what somebody else changed stays as it is
    # Only what the program was told of keys, and only where it was told.
    keys_only: bool = False
    without: frozenset[str] = frozenset()  # items that the change takes away
    # The key of the digests by which keyswitch's own text is known again.
    key: Callable[[], bytes] = bytes
    # (item, value) of profiles' keys that are not known yet. The program says
    # which secret of a profile is one.
    keys: Keys = _no_keys
    # Texts of others that a plan takes away are kept in a secret store: a
    # token's text, and a token for a new one.
    displaced_text: Callable[[str], str] = str
    new_token: Callable[[], str] = str


@dataclass(slots=True)
class TargetPlan:
    """What becomes of a program's files, and what there is to say of it."""

    files: list[PlannedFile] = field(default_factory=list)
    # For the person: what somebody else changed and stays, and what was done.
    conflicts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    # Texts to keep in a secret store, by token; tokens that are over.
    displaced: dict[str, str] = field(default_factory=dict)
    put_back: list[str] = field(default_factory=list)


class Target(Protocol):
    """A program. A part is None where it has no such thing."""

    id: str  # as its records and options name it
    folder_variable: str  # the variable that moves its configuration folder
    folders: Folders | None
    launch: Launch | None
    logins: Logins | None
    sessions: Sessions | None
    tokens: Tokens | None

    def places(self, environ: Mapping[str, str], home: str, cwd: str) -> Any:
        """Return where its files are for this environment, as its own type."""

    def plan(self, request: Request, places: Any, read: Read) -> TargetPlan:
        """Return what its files are to be, for a profile or for none.

        What it has to remember, to give back what was there, it plans as a
        file too: `record_path` says which.
        """

    def locks(self, changed: Iterable[str]) -> list[LockSpec]:
        """Return the locks to hold while these files are replaced, in order.

        Files of other programs may be among them.
        """

    def recorded(self, path: str, data: bytes | None) -> Collection[str]:
        """Return the files that a record is about; raises if it is damaged."""


class MainTarget(Target, Protocol):
    """The program that profiles have folders and logins of."""

    folders: Folders
    launch: Launch
    logins: Logins
    sessions: Sessions
    tokens: Tokens

    def places(self, environ: Mapping[str, str], home: str, cwd: str) -> Places:
        """Return where its files are for this environment."""


def record_path(paths: Paths, target_id: str, config_dir: str) -> str:
    """Return the file in which a program's plan remembers what was there."""
    digest = sha256(os.fsencode(config_dir))[:16]
    prefix = "" if target_id == MAIN else f"{target_id}-"
    return os.path.join(paths.baseline_dir, f"{prefix}{digest}.json")


def id_of_record(path: str) -> str:
    """Return whose record a file is, by its name."""
    return os.path.basename(path).rpartition("-")[0] or MAIN
