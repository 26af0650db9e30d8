"""Frozen nouns that every layer shares. See the words table in the README."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

FILE_LIMIT = 128 * 1024 * 1024  # bytes of any file that a change rewrites

# A change of an item of the macOS keychain is planned like one of a file whose
# path is this and the item's name.
ITEM_PREFIX = "keychain:"


class SecretRef(NamedTuple):
    """Where one secret of a profile lives; holds nothing secret itself.

    `item` is the opaque random id and `generation` counts its values, so that
    the name in a store is `ks1:<item without prefix>:<generation>`.
    """

    store: str  # "keychain" or "vault"
    item: str
    generation: int = 1
    fingerprint: str = ""  # keyed hash, compares and reveals nothing
    hint: str = ""  # masked form for listings


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Profile(NamedTuple):
    """A named account: provider, plain fields, references to its secrets."""

    name: str
    provider: str
    label: str = ""
    created: date | None = None
    expires: date | None = None
    expect: str = ""  # "", "api", "subscription" or "cloud"
    isolated: bool = False  # a configuration folder of its own
    # What that folder shares with the usual one; None: what is usual.
    shared: tuple[str, ...] | None = None
    only: tuple[str, ...] = ()  # places of which one has to be here
    never: tuple[str, ...] = ()  # places that may not be here
    fields: Mapping[str, str] = _NOTHING
    secrets: Mapping[str, SecretRef] = _NOTHING


class FileChange(NamedTuple):
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


class LinkChange(NamedTuple):
    """A symbolic link to `source` that a plan makes (`wanted`) or removes."""

    path: str
    source: str
    wanted: bool
