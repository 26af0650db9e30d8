"""Read the secrets of one profile from the quickest source that has them.

Part of the express lane: cached values first (one system call each), then the
vault with its cached key, then the keychain. Nothing here asks a person unless
`ask` is given.
"""

from __future__ import annotations

from keyswitch.errors import StoreError
from keyswitch.secrets.session import kernel_keyring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keyswitch.compiled import Compiled
    from keyswitch.profiles.paths import Paths
    from keyswitch.secret import Secret

Ref = tuple[str, str, int]  # store, item, generation

VALUES_PREFIX = "keyswitch:val:"


def read_values(
    paths: Paths,
    profile: Compiled,
    refs: Iterable[Ref],
    *,
    deadline: float | None = None,
    ask: Callable[[str], Secret] | None = None,
) -> dict[Ref, str]:
    """Return the value of each reference of a profile.

    A cached value's name holds the identity of the profile file and the time
    that values may live: any change of either makes old values unreachable.
    `deadline` is in seconds and bounds a keychain that hangs.
    """
    kernel_keyring.close_to_others()
    keeps = profile.cache == "values"
    version = f"{profile.stamp}:{profile.timeout}"
    values: dict[Ref, str] = {}
    missing: list[Ref] = []
    for ref in dict.fromkeys(refs):
        name = _description(ref, version)
        cached = kernel_keyring.read(name) if keeps else None
        if cached is None:
            missing.append(ref)
        else:
            values[ref] = cached.decode()
    if not missing:
        return values
    fresh = _from_stores(paths, missing, deadline, ask)
    for ref, value in fresh.items() if keeps else ():
        kernel_keyring.drop(_description(ref, ""))  # of other versions
        name = _description(ref, version)
        kernel_keyring.write(name, value.encode(), profile.timeout)
    return values | fresh


def _description(ref: Ref, version: str) -> str:
    return f"{VALUES_PREFIX}{ref[1]}:{ref[2]}:{version}"


def _from_stores(
    paths: Paths,
    refs: list[Ref],
    deadline: float | None,
    ask: Callable[[str], Secret] | None,
) -> dict[Ref, str]:
    values: dict[Ref, str] = {}
    in_vault = [ref for ref in refs if ref[0] == "vault"]
    in_keychain = [ref for ref in refs if ref[0] == "keychain"]
    if len(in_vault) + len(in_keychain) < len(refs):
        raise StoreError(
            "the profile names a secret store that this version does not know",
            "look at its 'store' lines with 'keyswitch edit'",
        )
    if in_vault:
        from keyswitch.secrets.vault.reading import Vault

        vault = Vault(paths, ask=ask)
        for ref in in_vault:
            values[ref] = vault.get(ref[1], ref[2]).reveal()
    if in_keychain:
        found = _from_keychain(paths, in_keychain, deadline)
        values.update(
            {ref: found[ref[1], ref[2]].reveal() for ref in in_keychain}
        )
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
