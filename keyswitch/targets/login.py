"""What keyswitch has to know of a program's login, wherever it lies.

A login is more than its tokens: who it is, a key beside them, answers that
were given. These move together, or a request speaks for two accounts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Self

    from keyswitch.targets.lock_folders import LockSpec
    from keyswitch.targets.parts import PlannedFile, Read


class Identity(NamedTuple):
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


class Login(Protocol):
    """The parts of a login, by name; their texts are secret."""

    @property
    def raw(self) -> Mapping[str, str]:
        """Every part as it is written."""

    @property
    def access_token(self) -> str:
        """The access token, "" if there is none."""

    @property
    def refresh_token(self) -> str:
        """The refresh token, "" if there is none."""

    @property
    def managed_key(self) -> str:
        """The key of a Console login, "" if there is none."""

    @property
    def expires_at(self) -> float:
        """When the access token ends, in milliseconds; 0: not known."""

    @property
    def usable(self) -> bool:
        """Tell whether there is anything worth keeping."""

    @property
    def has_tokens(self) -> bool:
        """Tell whether it is a login with tokens, which come before a key."""

    @property
    def is_blanked(self) -> bool:
        """Tell whether a login stands there, usable or not."""

    @property
    def token_identity(self) -> Identity:
        """Whose tokens they are, as they say themselves."""

    @property
    def named_identity(self) -> Identity:
        """Whose name the program shows."""

    @property
    def identity(self) -> Identity:
        """Whose login it is, by the tokens' own word before the shown name."""

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

    @property
    def tokens(self) -> Self:
        """What a login is traced back by, whatever is shown beside it."""

    @property
    def key(self) -> Self:
        """The key of a Console login alone."""

    @property
    def without_key(self) -> Self:
        """All but that key."""

    @property
    def beside_tokens(self) -> Self:
        """Key, shown name and answers, which may be another account's."""

    @property
    def without_login(self) -> Self:
        """What may stand there though nobody is logged in."""


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
