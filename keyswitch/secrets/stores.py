"""The secret stores, and reading a profile's secrets from them.

The vault comes first, which may have its key cached, then the keychain. Nothing
here asks a person unless `ask` is given.
"""

from __future__ import annotations

import os

from keyswitch import kernel_keyring
from keyswitch.errors import StoreError
from keyswitch.secret import Secret, forbid_cores

REFERENCE = "reference"  # as in `model`, which this has no need of
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Protocol

    from keyswitch.compiled import Compiled
    from keyswitch.kernel_keyring import Ref
    from keyswitch.model import SecretRef
    from keyswitch.profiles.paths import Paths

    Ask = Callable[[str], Secret] | None

    class SecretStore(Protocol):
        """A place for secret values; an item is written once, never changed."""

        def get(self, item: str, generation: int) -> Secret:
            """Return a value; StoreError: absent; LockedError: locked."""

        def put(self, item: str, generation: int, value: Secret) -> None:
            """Write a new item, read it back and compare."""

        def delete(self, item: str, generation: int) -> None:
            """Remove an item; one that is gone already is fine."""


STORES = ("keychain", "vault")


def new_item() -> str:
    """Return a new opaque name for an item: 128 random bits."""
    return f"ks1-{os.urandom(16).hex()}"


def open_store(name: str, paths: Paths, ask: Ask) -> SecretStore:
    """Return the store with this name, not yet unlocked."""
    if name == "keychain":
        from keyswitch.secrets.keychain.store import open_keychain

        return open_keychain(paths)
    if name == "vault":
        from keyswitch.secrets.vault.writing import VaultStore

        return VaultStore(paths, ask=ask)
    if name == REFERENCE:
        from keyswitch.secrets.outside.reference_store import ReferenceStore

        return ReferenceStore(paths, ask)
    raise StoreError(
        f"unknown secret store '{name}'",
        f"choose one of: {', '.join(STORES)}",
    )


def delete_items(paths: Paths, refs: Sequence[SecretRef], *, ask: Ask) -> None:
    """Delete items from whatever stores they lie in."""
    from keyswitch.progress import Progress  # start-up has nothing to delete

    with Progress("deleting old secrets", len(refs)) as step:
        for name in sorted({ref.store for ref in refs}):
            store = open_store(name, paths, ask)
            for ref in (ref for ref in refs if ref.store == name):
                store.delete(ref.item, ref.generation)
                step.done += 1


def read_values(
    paths: Paths,
    profile: Compiled,
    refs: Iterable[Ref],
    *,
    deadline: float | None,
    ask: Ask,
) -> dict[Ref, str]:
    """Return the value of each reference of a profile; keep what may be kept.

    `deadline` is in seconds and bounds a keychain that hangs.
    """
    forbid_cores()
    refs = list(refs)
    here = [ref for ref in refs if ref[0] != REFERENCE]
    values = _from_stores(paths, here, deadline, ask)
    for ref, value in values.items() if profile.cache == "values" else ():
        version = profile.version()
        kernel_keyring.write_value(ref, version, value, profile.timeout)
    outside = [ref for ref in refs if ref[0] == REFERENCE]
    if outside:
        from keyswitch.secrets.outside.cache import read_through

        values |= read_through(paths, profile, outside, ask)
    return values


def _from_stores(
    paths: Paths,
    refs: list[Ref],
    deadline: float | None,
    ask: Ask,
) -> dict[Ref, str]:
    values: dict[Ref, str] = {}
    in_vault = [ref for ref in refs if ref[0] == "vault"]
    in_keychain = [ref for ref in refs if ref[0] == "keychain"]
    if len(in_vault) + len(in_keychain) < len(refs):
        raise StoreError(
            "the profile uses a secret store that this version does not know",
            "correct its 'store' lines: keyswitch edit NAME",
        )
    if in_vault:
        from keyswitch.secrets.vault.reading import Vault

        vault = Vault(paths, ask=ask)
        values |= {ref: vault.get(*ref[1:]).reveal() for ref in in_vault}
    if in_keychain:
        found = _from_keychain(paths, in_keychain, deadline)
        values |= {ref: found[ref[1:]].reveal() for ref in in_keychain}
    return values


def _from_keychain(
    paths: Paths, refs: list[Ref], deadline: float | None
) -> dict[tuple[str, int], Secret]:
    import sys

    names = [(item, generation) for _, item, generation in refs]
    if sys.platform == "linux":
        from keyswitch.secrets.keychain import secret_service

        try:
            return secret_service.fetch(names, deadline)
        except secret_service.NotHandledError:
            # KWallet, an odd service, or something the fast reader leaves to
            # the library; a locked or silent one is a plain error already.
            pass
    from keyswitch.secrets.keychain.store import open_keychain

    keychain = open_keychain(paths, deadline)
    return {name: keychain.get(*name) for name in names}
