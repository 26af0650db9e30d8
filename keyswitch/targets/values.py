"""The values of a plan: what a program is asked for, and what it answers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from keyswitch.disk.digests import sha256
from keyswitch.model import Frozen, Profile, SecretRef

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from keyswitch.profiles.paths import Paths
    from keyswitch.providers.schema import Provider

    # A file as the change leaves it so far; None: there is none.
    Read = Callable[[str], bytes | None]
    KeyOf = Callable[["Account"], SecretRef | None]
    Keys = Callable[[KeyOf, Collection[str]], Iterable[tuple[str, str]]]

MAIN = "claude-code"  # whose folders a profile may have, and whose logins


class Account(Frozen):
    """A profile, and the provider that it names."""

    profile: Profile
    provider: Provider


class Identity(Frozen):
    """An account in one of its organisations; "" where it is not known."""

    account: str
    organization: str

    def fits(self, other: Identity) -> bool:
        """Tell whether two may be the same: nothing known says otherwise."""
        return (
            not (self.account and other.account)
            or self.account == other.account
        ) and (
            not (self.organization and other.organization)
            or self.organization == other.organization
        )


class PlannedFile(Frozen):
    """A file's next bytes; None: it goes."""

    path: str
    after: bytes | None
    is_last: bool = False  # put in place after the others
    goes_when_empty: bool = False  # if keyswitch made it, and it says nothing
    private: bool = False  # nobody else may read it


def _no_keys(_: KeyOf, __: Collection[str]) -> list[tuple[str, str]]:
    return []


class PlanRequest(Frozen):
    """What a program is set up for, and what its plan may use of keyswitch."""

    paths: Paths
    program: tuple[str, ...]  # the words that start this keyswitch
    account: Account | None = None  # None: what was there before comes back
    # The folder whose settings change: a link may lead to another one's. None:
    # the settings stay.
    settings_of: Any = None
    cancels_shell_keys: bool = True
    keep_changed: bool = False  # what somebody else changed stays as it is
    keep_headers: bool = False  # a person's, credentials or not
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


class TargetPlan:
    """What becomes of a program's files, and what there is to say of it."""

    def __init__(self) -> None:
        self.files: list[PlannedFile] = []
        # For the person: what somebody else changed and stays, what was done.
        self.conflicts: list[str] = []
        self.notes: list[str] = []
        # Texts to keep in a secret store, by token; tokens that are over.
        self.displaced: dict[str, str] = {}
        self.put_back: list[str] = []


# When a session uses the new account.
NEXT_TURN = "next turn"
MINUTES = "minutes"
RESTART = "restart"


class RunningSession(Frozen):
    """One running session of a program; texts are foreign ones."""

    pid: int
    cwd: str
    status: str = ""  # "": not known
    in_turn: bool = True  # it is, or may be, in the middle of a turn


class Follows(Frozen):
    """What a switch means for the running sessions."""

    when: str  # "": nothing of theirs was moved
    login_moved: bool


def record_path(paths: Paths, target_id: str, config_dir: str) -> str:
    """Return the file in which a program's plan remembers what was there."""
    digest = sha256(os.fsencode(config_dir))[:16]
    prefix = "" if target_id == MAIN else f"{target_id}-"
    return os.path.join(paths.baseline_dir, f"{prefix}{digest}.json")


def id_of_record(path: str) -> str:
    """Return whose record a file is, by its name."""
    return os.path.basename(path).rpartition("-")[0] or MAIN
