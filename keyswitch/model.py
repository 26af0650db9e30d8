"""Frozen nouns that every layer shares. Their words: docs/README.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self, dataclass_transform

LOGIN_PROVIDER = "claude-login"  # of the profiles that are logins
FILE_LIMIT = 128 * 1024 * 1024  # bytes of any file that a change rewrites

# A change of an item of the macOS keychain is planned like one of a file whose
# path is this and the item's name.
ITEM_PREFIX = "keychain:"


@dataclass_transform(frozen_default=True)
class Frozen(tuple[Any, ...]):
    """A value with named fields, as `typing.NamedTuple` makes them.

    A class costs a fifteenth of one of those. Most commands make fifty of
    them before they do anything.
    """

    __slots__ = ()
    # Without annotations, which would be fields.
    _fields = tuple[str, ...]()
    _defaults = MappingProxyType[str, Any]({})
    _hidden = tuple[str, ...]()  # that `repr` leaves out: secrets

    def __init_subclass__(cls) -> None:
        """Make each annotation of the class body a field, in that order."""
        cls._fields = tuple(cls.__annotations__)
        own = vars(cls)
        cls._defaults = MappingProxyType(
            {name: own[name] for name in cls._fields if name in own}
        )
        for index, name in enumerate(cls._fields):
            setattr(cls, name, property(itemgetter(index)))

    def __new__(cls, *values: Any, **named: Any) -> Self:
        """Take the fields in their order, or by name."""
        if named or len(values) != len(cls._fields):
            given = dict(zip(cls._fields, values, strict=False))
            twice = len(values) > len(given) or given.keys() & named.keys()
            given = {**cls._defaults, **given, **named}
            if twice or given.keys() != {*cls._fields}:
                raise TypeError(f"{cls.__name__} has the fields {cls._fields}")
            values = tuple(given[name] for name in cls._fields)
        return tuple.__new__(cls, values)

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def _replace(self, **named: Any) -> Self:
        fields = zip(self._fields, self, strict=True)
        values = [named.pop(name, value) for name, value in fields]
        if named:
            raise TypeError(f"{type(self).__name__} has no {', '.join(named)}")
        return tuple.__new__(type(self), values)

    if TYPE_CHECKING:

        def __bool__(self) -> Literal[True]: ...

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Let copies be made of the fields."""
        return tuple(self)

    def __repr__(self) -> str:
        fields = ", ".join(
            f"{name}={value!r}"
            for name, value in self._asdict().items()
            if name not in self._hidden
        )
        return f"{type(self).__name__}({fields})"


REFERENCE = "reference"  # the store of what a manager outside keeps


class SecretRef(Frozen):
    """Where one secret of a profile lives; holds nothing secret itself.

    `item` is the opaque random id and `generation` counts its values, so that
    the name in a store is `ks1:<item without prefix>:<generation>`. Of what a
    manager outside keeps, `item` is the reference as the person pasted it.
    """

    store: str  # "keychain", "vault" or "reference"
    item: str
    generation: int = 1
    fingerprint: str = ""  # keyed hash, compares and reveals nothing
    hint: str = ""  # masked form for listings
    lifetime: int = 0  # seconds in the unlock cache; 0: as other values

    @property
    def is_reference(self) -> bool:
        """Tell whether a manager outside keeps the secret."""
        return bool(self.store == REFERENCE)


def stored(refs: Iterable[SecretRef]) -> list[SecretRef]:
    """Return those whose secrets lie in keyswitch's own stores."""
    return [ref for ref in refs if not ref.is_reference]


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Profile(Frozen):
    """A named account: provider, plain fields, references to its secrets."""

    name: str
    provider: str
    label: str = ""
    created: date | None = None
    expires: date | None = None
    expires_expected: bool = False  # nobody gave the day: it is the usual one
    expect: str = ""  # "", "api", "subscription" or "cloud"
    isolated: bool = False  # a configuration folder of its own
    # What that folder shares with the usual one; None: what is usual.
    shared: tuple[str, ...] | None = None
    only: tuple[str, ...] = ()  # places of which one has to be here
    never: tuple[str, ...] = ()  # places that may not be here
    team: str = ""  # the team whose file it came from
    fields: Mapping[str, str] = _NOTHING
    secrets: Mapping[str, SecretRef] = _NOTHING


class FileChange(Frozen):
    """One file of a plan, as bytes. None means that the file does not exist.

    `before` is what was read when the plan was made; the transaction compares
    it with the disk again right before it commits. `mode` is used only for a
    file that is created; an existing file keeps its mode (never widened) unless
    `private` forces it to 0600. `anywhere` is for what is handed on to others:
    they may write in its directory. `goes_when_empty`: if keyswitch made it, it
    goes again when it says nothing any more.
    """

    path: str
    before: bytes | None
    after: bytes | None
    mode: int = 0o600
    private: bool = False
    anywhere: bool = False
    goes_when_empty: bool = False


class Rights(Frozen):
    """Permission bits of a file that a plan changes."""

    path: str  # the real one, links resolved
    before: int
    after: int


class LinkChange(Frozen):
    """A symbolic link to `source` that a plan makes (`wanted`) or removes."""

    path: str
    source: str
    wanted: bool


class LoginFolder(Frozen):
    """What keyswitch did to the login of one configuration folder."""

    live: str = ""  # the profile whose login was put there, or found there
    before: str = ""  # as in `login_ledger`: what `off` gives back
    before_name: str = ""  # the profile, or the orphan's item


class MovedLogin(Frozen):
    """What was live before a login was moved, so that `undo` can go back."""

    what: str  # as `before`
    name: str  # as `before_name`
    folder: LoginFolder  # what was known of the configuration folder
