"""What a change sets the programs up for, as one value."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.changes.login_ledger import Moved
    from keyswitch.model import Profile, SecretRef

_NONE: Mapping[str, Profile] = MappingProxyType({})


class Switch(NamedTuple):
    """A profile, or none: what was there before keyswitch comes back."""

    profile: Profile | None
    without: Sequence[SecretRef] = ()  # items that the same change takes away
    moves_login: bool = True  # False: the login that is there stays
    # The login becomes what it was before this move.
    back: Moved | None = None
    keep_changed: bool = False  # what somebody else changed stays as it is
    altered: Mapping[str, Profile] = _NONE  # profiles that the change writes
