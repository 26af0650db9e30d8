"""The providers, built-in and a person's own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.errors import NotFoundError
from keyswitch.profiles.names import nearest
from keyswitch.providers.catalogue_file import read_provider
from keyswitch.providers.schema import BUILT_IN

if TYPE_CHECKING:
    from keyswitch.profiles.paths import Paths
    from keyswitch.providers.schema import Provider


class Catalogue:
    """The providers, read one by one when they are asked for.

    `own` is the person's folder.
    """

    def __init__(self, own: str) -> None:
        self.own = own
        self._read: dict[str, Provider] = {}

    def ids(self) -> list[str]:
        """Return the names of all providers."""
        found = set()
        for folder in (BUILT_IN, self.own):
            try:
                names = os.listdir(folder)
            except OSError:
                continue
            found |= {
                name[:-5]
                for name in names
                if name.endswith(".toml") and not name.startswith(("_", "."))
            }
        return sorted(found)

    def get(self, provider_id: str) -> Provider:
        """Return a provider, or say which one was probably meant."""
        if provider_id not in self._read:
            ids = self.ids()
            if provider_id not in ids:
                near = nearest(provider_id, ids)
                raise NotFoundError(
                    f"there is no provider '{provider_id}'",
                    f"did you mean '{near}'?"
                    if near
                    else f"the providers are {', '.join(ids)}",
                )
            self._read[provider_id] = read_provider(self.own, provider_id)
        return self._read[provider_id]

    def issuer_of(self, secret: str) -> Provider | None:
        """Return the provider whose keys begin most like this one."""
        fitting = [
            (len(start), name)
            for name in self.ids()
            for field in self.get(name).fields
            for start in (
                *field.prefixes,
                *(one.prefix for one in field.lengths),
            )
            if start and secret.startswith(start)
        ]
        longest = max(fitting, key=lambda found: found[0], default=None)
        return self.get(longest[1]) if longest else None


def built_in() -> Catalogue:
    """Return the catalogue without a person's own providers."""
    return Catalogue(os.path.join(BUILT_IN, "none"))


def load_catalogue(paths: Paths) -> Catalogue:
    """Return the catalogue; no file is read before a provider is wanted."""
    return Catalogue(paths.providers_dir)
