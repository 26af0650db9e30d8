"""What keyswitch asks of a program whose files a switch changes.

`table.py` lists the programs; each is a module that has the names of `Target`.
Its plan is pure: it reads through the function that it is given, and returns
what the files are to be. `switching/planning` adds that to the draft of a
change, which reaches the disk all or not at all. Only a program that has
folders, logins or sessions has the parts for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

from keyswitch.model import FileChange, Frozen, LinkChange

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Iterable,
        Mapping,
        Sequence,
    )

    from keyswitch.compiled import Compiled
    from keyswitch.profiles.paths import Paths
    from keyswitch.targets.lock_folders import LockSpec
    from keyswitch.targets.values import (
        Account,
        Follows,
        Identity,
        PlannedFile,
        PlanRequest,
        Read,
        RunningSession,
        TargetPlan,
    )


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

    def plan(self, request: PlanRequest, places: Any, read: Read) -> TargetPlan:
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


class Places(Protocol):
    """Where one configuration folder of the main program has its files.

    Absolute paths; the files need not exist. Its own type knows more.
    """

    config_dir: str  # the folder itself
    login_dir: str  # the folder that has the login, mostly the same
    settings: str  # the file that says which account is used
    credentials: str  # the file that has the login
    global_config: str  # the file that says who is logged in
    files: tuple[str, ...]  # every file that a switch may write

    def with_login_in(self, folder: str) -> Self:
        """Return the same with the login in another folder."""


class MainTarget(Target, Protocol):
    """The program that profiles have folders and logins of."""

    folders: Folders
    launch: Launch
    logins: Logins
    sessions: Sessions
    tokens: Tokens

    def places(self, environ: Mapping[str, str], home: str, cwd: str) -> Places:
        """Return where its files are for this environment."""


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

    def present(self, folder: str, usual: str) -> list[LinkChange]:
        """Return the links that are there."""

    def first_files(
        self, own: Any, usual: Any, read: Read
    ) -> list[PlannedFile]:
        """Return what spares the person questions that were answered."""


class Token(Frozen):
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


class Look(Frozen):
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

    def headers_at_stake(self, settings: bytes | None) -> list[str]:
        """Return the names of headers in settings that may be credentials."""

    def without(self, path: str, data: bytes, found: Sequence[Token]) -> bytes:
        """Return a file without these credentials; other bytes stay."""


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


class Run(Frozen):
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

    def overriding(
        self,
        cwd: str,
        command: list[str],
        env: Mapping[str, str],
        keep: Callable[[str], str] | None = None,
    ) -> list[str]:
        """Return a command whose variables its files cannot replace."""


class Login(Protocol):
    """The parts of a login, by name; their texts are secret."""

    raw: Mapping[str, str]  # every part as it is written

    access_token: str  # "" if there is none, as of the next two
    refresh_token: str
    managed_key: str  # of a Console login
    expires_at: float  # of the access token, in milliseconds; 0: not known

    usable: bool  # there is anything worth keeping
    has_tokens: bool  # it is a login with tokens, which come before a key
    is_blanked: bool  # a login stands there, usable or not

    token_identity: Identity  # whose tokens they are, as they say themselves
    named_identity: Identity  # whose name the program shows
    identity: Identity  # the tokens' own word before the shown name

    tokens: Self  # what it is traced back by, whatever is shown beside it
    key: Self  # the key of a Console login alone
    without_key: Self
    beside_tokens: Self  # key, name and answers, maybe another account's
    without_login: Self  # what may stand there though nobody is logged in

    def is_over(self, now_ms: float) -> bool:
        """Tell whether its access token is, or is about to be renewed."""

    def described(self) -> dict[str, str]:
        """Return what may stand in a profile file: nothing secret."""

    def only(self, names: Collection[str]) -> Self:
        """Return some of the parts."""

    def without(self, names: Collection[str]) -> Self:
        """Return all parts but some."""

    def beside(self, other: Any) -> Self:
        """Return these parts, and of another login those that are missing."""

    def with_device_of(self, other: Any) -> Self:
        """Return these parts with another login's device."""


class Keychain(Protocol):
    """A program's items of the macOS keychain, of one configuration folder."""

    login: str  # name of the item with the tokens
    console: str  # name of the item with a key

    def for_folder(self, folder: str) -> Keychain:
        """Return the items of a session that is started in another folder."""

    def read(self, service: str, deadline: float = ...) -> bytes | None:
        """Return an item's content; None: there is no such item."""

    def require_room(self, service: str, value: bytes) -> None:
        """Raise where an item cannot hold so much."""

    def write(self, service: str, value: bytes, deadline: float = ...) -> None:
        """Make or replace an item."""

    def delete(self, service: str, deadline: float = ...) -> None:
        """Remove an item; one that is gone already is fine."""


class LoginPlace(Protocol):
    """Where a folder's login is: in files, or in items of a keychain."""

    where: str  # as a message calls it
    # What items hold, by the names under which a change plans them.
    items: Mapping[str, bytes | None]

    def live(self, config: bytes | None) -> Login:
        """Return the login; `config` is the file that says who it is."""

    def replaced(self, login: Any, config: bytes | None) -> list[PlannedFile]:
        """Return what puts a login in place."""

    def as_files(self, config: bytes | None) -> dict[str, bytes | None]:
        """Return the files that would say the same as the items."""


class Logins(Protocol):
    """The logins of a program, which lie in its own files."""

    nothing: Login  # nobody is logged in

    def keychain(self, environ: Mapping[str, str]) -> Keychain:
        """Return its items of the macOS keychain."""

    def place(
        self, places: Any, read: Read, keychain: Keychain | None
    ) -> LoginPlace:
        """Return where a folder's login is."""

    def item_locks(self, folder: str) -> list[LockSpec]:
        """Return the locks to hold while a folder's items are written."""

    def item_content(
        self, service: str, present: bytes | None, login: Any
    ) -> bytes | None:
        """Return what an item is to hold for a login."""

    def pack(self, login: Any) -> str:
        """Return a login as the text that a secret store keeps."""

    def unpack(self, text: str) -> Login:
        """Return what `pack` made; raises ValueError for anything else."""
