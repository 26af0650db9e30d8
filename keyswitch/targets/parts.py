"""Parts of a program that not every one has, and the values they go by.

What a switch itself asks of a program is in `target.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from keyswitch.compiled import Compiled
    from keyswitch.model import FileChange, LinkChange, Profile
    from keyswitch.profiles.paths import Paths
    from keyswitch.providers.schema import Provider

    # A file as the change leaves it so far; None: there is none.
    Read = Callable[[str], bytes | None]


class Account(NamedTuple):
    """A profile, and the provider that it names."""

    profile: Profile
    provider: Provider


class PlannedFile(NamedTuple):
    """A file's next bytes; None: it goes."""

    path: str
    after: bytes | None
    is_last: bool = False  # put in place after the others
    goes_when_empty: bool = False  # if keyswitch made it, and it says nothing
    private: bool = False  # nobody else may read it


class Token(NamedTuple):
    """A credential in one of a program's files, or a command that asks us."""

    path: str
    place: str  # in the file, as a person reads it
    value: str  # "" where there is nothing to know it by
    at: Any = None  # for `without`; None: nobody but a person may remove it
    stale: str = ""  # why it is of no use any more
    login_in: str = ""  # the folder whose login it is
    # Of the mere end of a key: the item that our record names, "" for none.
    end_of: str | None = None
    is_helper: bool = False  # no secret, but a command of keyswitch


class Look(NamedTuple):
    """What a search for credentials goes by."""

    paths: Paths
    environ: Mapping[str, str]
    home: str
    cwd: str
    usual: Any  # the main program's `Places`
    folders: Mapping[str, Any]  # folder -> `Places`, of the main program
    read: Read  # None, too, where a file cannot be read
    key: Callable[[], bytes]


class Tokens(Protocol):
    """Where a program's credentials lie."""

    pages: tuple[str, ...]  # where a person revokes them
    variables: tuple[str, ...]  # of a shell, that hold one

    def find(self, look: Look) -> Iterable[Token]:
        """Return every credential in its files."""

    def may_be_secret(self, keys: tuple[str, ...], raw: str) -> bool:
        """Tell whether the text of a settings key may be one."""

    def without(self, path: str, data: bytes, found: Sequence[Token]) -> bytes:
        """Return a file without these credentials; other bytes stay."""


# When a session uses the new account.
NEXT_TURN = "next turn"
MINUTES = "minutes"
RESTART = "restart"


class RunningSession(NamedTuple):
    """One running session of a program; texts are foreign ones."""

    pid: int
    cwd: str
    kind: str = ""
    version: str = ""
    status: str = ""  # "": not known
    started: float = 0.0  # seconds since the epoch; 0: not known
    in_turn: bool = True  # it is, or may be, in the middle of a turn


class Follows(NamedTuple):
    """What a switch means for the running sessions."""

    when: str  # "": nothing of theirs was moved
    login_moved: bool


class Sessions(Protocol):
    """The running sessions of a program."""

    def find(self, config_dir: str) -> list[RunningSession]:
        """Return those of this person and folder, by pid."""

    def ancestors(self) -> set[int]:
        """Return the processes that this one was started by."""

    def follows(
        self,
        account: Account | None,
        places: Any,
        changed: Mapping[str, FileChange],
    ) -> Follows:
        """Return when sessions follow a switch that changed these files."""


class Folders(Protocol):
    """Several configuration folders, of which a profile may have its own.

    What such a folder shares are links into the person's usual one.
    """

    USUAL: tuple[str, ...]  # shared where nothing else was chosen
    variables: tuple[str, ...]  # that lead to a folder, or to a part of one

    def variables_of(self, places: Any) -> Mapping[str, str]:
        """Return the variables that lead to a folder, with their values."""

    def calls_us(self, places: Any, read: Read) -> bool:
        """Tell whether a folder's settings have some keyswitch answer."""

    def record_moved(
        self, path: str, data: bytes | None, before: str, after: str
    ) -> bytes | None:
        """Return a record for a folder that gets another name."""

    def check(self, shared: Iterable[str]) -> None:
        """Raise InputError for a name that cannot be shared."""

    def planned(
        self, folder: str, usual: str, shared: Iterable[str]
    ) -> tuple[list[LinkChange], list[str]]:
        """Return which links come and go, and what stands in the way."""

    def present(self, folder: str, usual: str) -> list[Any]:
        """Return the links that are there, each with `path` and `source`."""

    def first_files(
        self, own: Any, usual: Any, read: Read
    ) -> list[PlannedFile]:
        """Return what spares the person questions that were answered."""


class Run(NamedTuple):
    """What a start of a program with a profile goes by."""

    compiled: Compiled
    account: Account
    program: tuple[str, ...]  # the words that start this keyswitch
    paths: Paths
    home: str
    cwd: str


class Launch(Protocol):
    """How a program is started with a profile, whatever its files say."""

    def is_it(self, program: str) -> bool:
        """Tell whether this is the program, by its name."""

    def loses_secret(self, places: Any, profile: Compiled) -> bool:
        """Tell whether its settings keep an exported secret from it."""

    def prepare(
        self, run: Run, command: list[str], child: dict[str, str]
    ) -> tuple[list[str], dict[str, str]]:
        """Return command and variables that its files cannot override."""
